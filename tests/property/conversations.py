"""Strategies for conversations with a host: values of declared types, effects, answers and tapes."""

from __future__ import annotations

from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from pypod.pure.effect import Effect
from pypod.pure.failure import HostError
from pypod.pure.tape import Exchange, Tape
from pypod.pure.vocabulary.catalogue import CATALOGUE

NASTY_TEXTS = ("", "/", "/a b", "\udc80\udcff", "é\n", '"\\', "PASSWORD=hunter2", "a://u:p@h", "TOKEN", "\u2028")
NASTY_BYTES = (b"", b"\0\xff", b"SECRET_KEY = 'x y'\n", b"{}", b"http://user:word@proxy:1/", b"[", b"password: z")


def texts() -> st.SearchStrategy[str]:
    """Texts that can be paths, names or messages: undecodable bytes are surrogate escapes."""
    escapes = st.binary(max_size=6).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
    return st.sampled_from(NASTY_TEXTS) | st.text("abAB/=_:. \n", max_size=8) | escapes


def contents() -> st.SearchStrategy[bytes]:
    """Contents of files and outputs of programs."""
    return st.sampled_from(NASTY_BYTES) | st.binary(max_size=12)


_JSON = st.none() | st.booleans() | st.integers(0, 9) | texts() | st.lists(texts(), max_size=2).map(tuple)


@cache
def values_of(declared: Any) -> st.SearchStrategy[Any]:
    """Values of a declared type, as the spine uses types: records, tuples, unions, enumerations and plain values."""
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: texts(), bytes: contents(), bool: st.booleans(), int: st.integers(-(2**31), 2**63 - 1), Any: _JSON,
        None: st.none(), NoneType: st.none(),
    }  # fmt: skip
    if declared in plain:
        return plain[declared]
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (UnionType, Union):
        return st.one_of([values_of(one) for one in arguments])
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*(values_of(one) for one in arguments))
    if issubclass(declared, Enum):
        return st.sampled_from(list(declared))
    return records(declared)


@cache
def records(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Records of a frozen Struct, every field drawn."""
    hints = get_type_hints(kind)
    names = cast("tuple[str, ...]", kind.__struct_fields__)
    return st.builds(kind, **{name: values_of(hints[name]) for name in names})


_REFUSALS: st.SearchStrategy[HostError] = records(HostError)


def effects() -> st.SearchStrategy[Effect[Any]]:
    """Effects of every class."""
    return st.sampled_from(sorted(CATALOGUE)).flatmap(lambda tag: records(CATALOGUE[tag]))


def answers_to(effect: Effect[Any]) -> st.SearchStrategy[Result[Any, HostError]]:
    """Answers and refusals of an effect."""
    given: st.SearchStrategy[Any] = values_of(type(effect).answer)
    return given.map(_success) | _REFUSALS.map(_failure)


def _success(value: Any) -> Result[Any, HostError]:
    return Success(value)


def _failure(error: HostError) -> Result[Any, HostError]:
    return Failure(error)


def exchanges() -> st.SearchStrategy[Exchange]:
    """An effect and an answer to it."""
    return effects().flatmap(lambda effect: st.tuples(st.just(effect), answers_to(effect)))


def tapes() -> st.SearchStrategy[Tape]:
    """Conversations of any effects."""
    return st.lists(exchanges(), max_size=6).map(lambda said: Tape(tuple(said)))
