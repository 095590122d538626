"""Signatures of D-Bus: texts that say of what types values are.

A basic type is one letter.  ``a`` and a type is an array, types in parentheses are a structure, ``a{kv}`` is an array of
pairs; ``v`` is a value that brings its own signature.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from returns.result import Failure, Result, Success

BASIC: Final = frozenset("ybnqiuxtdsogh")
_CLOSING: Final = {"(": ")", "{": "}"}
_LONGEST: Final = 255
_DEEPEST: Final = 32
"""How deep arrays may be nested, and structures."""


class _NoneError(Exception):
    """It is no signature."""


@lru_cache(maxsize=64)
def types(signature: str) -> Result[tuple[str, ...], str]:
    """The single complete types of a signature; the failure is what is wrong with it."""
    if len(signature) > _LONGEST:
        return Failure("a signature is at most 255 letters")
    found: tuple[str, ...] = ()
    place = 0
    try:
        while place < len(signature):
            after = _end(signature, place, 0, 0)
            found = (*found, signature[place:after])
            place = after
    except _NoneError as wrong:
        return Failure(f"{signature!r}: {wrong}")
    return Success(found)


def _end(signature: str, place: int, arrays: int, structures: int) -> int:
    """Where the type ends that begins at a place."""
    letter = signature[place : place + 1]
    if letter in BASIC or letter == "v":
        return place + 1
    if letter == "a":
        if arrays == _DEEPEST:
            raise _NoneError("arrays are nested too deep")
        pair = signature[place + 1 : place + 2] == "{"
        inner = _end_of_group(signature, place + 1, arrays + 1, structures) if pair else None
        return inner or _end(signature, place + 1, arrays + 1, structures)
    if letter == "(":
        return _end_of_group(signature, place, arrays, structures)
    raise _NoneError(f"no type is {letter!r}" if letter else "it ends where a type is due")


def _end_of_group(signature: str, place: int, arrays: int, structures: int) -> int:
    if structures == _DEEPEST:
        raise _NoneError("structures are nested too deep")
    opening = signature[place]
    after, count = place + 1, 0
    while signature[after : after + 1] != _CLOSING[opening]:
        if opening == "{" and count == 0 and signature[after : after + 1] not in BASIC:
            raise _NoneError("the key of a pair is of a basic type")
        after = _end(signature, after, arrays, structures + 1)
        count += 1
    if (count != 2) if opening == "{" else not count:
        raise _NoneError("a pair has two types" if opening == "{" else "a structure has at least one type")
    return after + 1
