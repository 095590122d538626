"""Id maps as containers/storage reads them: triples in text, and ranges of /etc/subuid and /etc/subgid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.gotext import listed, quoted
from pypod.pure.storage.facts import SubordinateFiles
from pypod.pure.userns.facts import IdRange

SUBUID: Final = "/etc/subuid"
SUBGID: Final = "/etc/subgid"
USERS: Final = "/etc/passwd"

_DIGITS: Final = frozenset("0123456789")
_UINT32: Final = 1 << 32
_INT64: Final = 1 << 63


def parse_id_map(specifications: tuple[str, ...], setting: str) -> Result[tuple[IdRange, ...], str]:
    """``container:host:size`` triples, any number in a text (``idtools.ParseIDMap``); numbers of 32 bits."""
    ranges: list[IdRange] = []
    for text in filter(None, specifications):
        parts = text.split(":")
        if len(parts) % 3 or not all(_is_uint32(part) for part in parts):
            shape = '["uint32:uint32:uint32"]'
            given = listed(quoted(one) for one in specifications)
            return Failure(f"error initializing ID mappings: {setting} setting is malformed expected {shape}: {given}")
        numbers = [int(part.lstrip("0") or "0") for part in parts]
        ranges.extend(IdRange(*numbers[start : start + 3]) for start in range(0, len(numbers), 3))
    return Success(tuple(ranges))


def subordinate_maps(
    user: str, group: str, files: SubordinateFiles
) -> Result[tuple[tuple[IdRange, ...], tuple[IdRange, ...]], str]:
    """The maps of a user and a group from their subordinate ids (``idtools.NewIDMappings``)."""
    uids = _ranges(files.subuid, files.subuid_refusal, SUBUID, user, files.users)
    if isinstance(uids, Failure):
        return Failure(uids.failure())
    gids = _ranges(files.subgid, files.subgid_refusal, SUBGID, group, files.users)
    if isinstance(gids, Failure):
        return Failure(gids.failure())
    if not uids.unwrap():
        return Failure(f"No subuid ranges found for user {quoted(user)} in {SUBUID}")
    if not gids.unwrap():
        return Failure(f"No subgid ranges found for group {quoted(group)} in {SUBGID}")
    return Success((uids.unwrap(), gids.unwrap()))


def map_texts(ranges: tuple[IdRange, ...]) -> tuple[str, ...]:
    """Ranges as they are written: ``container:host:size``."""
    return tuple(f"{one.inside}:{one.outside}:{one.length}" for one in ranges)


def _is_uint32(text: str) -> bool:
    """``strconv.ParseUint`` of 32 bits: digits alone; leading zeros count for nothing, however many."""
    number = text.lstrip("0")
    return bool(text) and set(text) <= _DIGITS and len(number) <= 10 and int(number or "0") < _UINT32


def _ranges(content: str, refusal: str, path: str, name: str, users: str) -> Result[tuple[IdRange, ...], str]:
    if refusal:
        return Failure(refusal)
    found = list[tuple[int, int]]()
    for line in _lines(content):
        parts = line.split(":")
        if len(parts) != 3:
            return Failure(f"Cannot parse subuid/gid information: Format not correct for {path} file")
        if parts[0] == name or name == "ALL" or (parts[0] and parts[0] == _uid_of(name, users)):
            wrong = next((part for part in parts[1:] if _number(part) is None), None)
            if wrong is not None:
                return Failure(
                    f"String to int conversion failed during subuid/gid parsing of {path}: {_refusal(wrong)}"
                )
            found.append((_number(parts[1]) or 0, _number(parts[2]) or 0))
    return Success(tuple(_stacked(sorted(found, key=lambda one: one[0]))))


def _stacked(ranges: list[tuple[int, int]]) -> Iterator[IdRange]:
    inside = 0
    for start, length in ranges:
        yield IdRange(inside, start, length)
        inside += length


def _lines(content: str) -> Iterator[str]:
    for line in content.split("\n"):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


def _uid_of(name: str, users: str) -> str:
    fields = (line.split(":") for line in _lines(users))
    return next((entry[2] for entry in fields if len(entry) > 2 and entry[0] == name), "")


def _number(text: str) -> int | None:
    """``strconv.Atoi``: a sign and decimal digits, 64 bits."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    significant = digits.lstrip("0")
    if not digits or not set(digits) <= _DIGITS or len(significant) > 19:
        return None
    number = int(significant or "0") * (-1 if text[0] == "-" else 1)
    return number if -_INT64 <= number < _INT64 else None


def _refusal(text: str) -> str:
    digits = text[1:] if text[:1] in ("+", "-") else text
    numeric = bool(digits) and set(digits) <= _DIGITS
    return f"strconv.Atoi: parsing {quoted(text)}: {'value out of range' if numeric else 'invalid syntax'}"
