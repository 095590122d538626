"""The part of a file's content that changes are about, so that a transaction costs what it touches, not what there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pyrsistent import pmap
from returns.result import Failure, Result, Success

from pypod.pure.bolt.errors import BoltError, DamagedError
from pypod.pure.bolt.leaf import BUCKET_FLAG
from pypod.pure.bolt.working import Working
from pypod.pure.database.buckets import key_of, name_of
from pypod.pure.database.facts import At, DeleteBucket, EmptyBucket, MakeBucket, SetSequence, StateChange
from pypod.pure.database.tree import Tree
from pypod.pure.table import Table

_FEW: Final = 16
"""So many entries of a bucket are copied when one changes."""


class _Part:
    """What is wanted of a bucket: some of its names, or all."""

    __slots__ = ("names", "whole")

    def __init__(self) -> None:
        self.names: dict[str, _Part] = {}
        self.whole = False

    def at(self, where: At) -> _Part:
        part = self
        for name in where:
            part = part.names.setdefault(name, _Part())
        return part


def touched(root: Working, changes: Iterable[StateChange]) -> Result[Tree, BoltError]:
    """The content below a root bucket, as far as :func:`pypod.pure.database.tree.transaction` looks at it for these changes."""
    wanted = _Part()
    for change in changes:
        match change:
            case EmptyBucket(at):
                wanted.at(at).whole = True
            case MakeBucket(at) | DeleteBucket(at) | SetSequence(at):
                wanted.at(at)
            case _:
                wanted.at((*change.at, change.key))
    try:
        return Success(_read(root, wanted))
    except DamagedError as damaged:
        return Failure(damaged.error)


def _read(bucket: Working, part: _Part) -> Tree:
    held = dict(_held(bucket, part))
    # Each change copies a table: for many, a persistent map costs less.
    return Tree(Table(held) if len(held) <= _FEW else pmap(held))


def _held(bucket: Working, part: _Part) -> Iterator[tuple[str, bytes | Tree]]:
    if part.whole:
        for key, flags in bucket.flagged():
            yield name_of(key), Tree() if flags & BUCKET_FLAG else b""
    for name, inside in part.names.items():
        key = key_of(name)
        nested = bucket.bucket(key)
        if nested is not None:
            yield name, _read(nested, inside)
        elif (held := bucket.look(key)) is not None:
            yield name, held[1]
