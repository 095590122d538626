"""The part of a file's content that changes are about, so that a transaction costs what it touches, not what there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyrsistent import pmap
from returns.result import Result

from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import Snapshot, view
from pypod.pure.database.buckets import key_of, name_of
from pypod.pure.database.facts import At, EmptyBucket, MakeBucket, SetSequence, StateChange
from pypod.pure.database.tree import Tree


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


def touched(snapshot: Snapshot, changes: Iterable[StateChange]) -> Result[Tree, BoltError]:
    """The content, as far as :func:`pypod.pure.database.tree.transaction` looks at it for these changes."""
    wanted = _Part()
    for change in changes:
        match change:
            case EmptyBucket(at):
                wanted.at(at).whole = True
            case MakeBucket(at) | SetSequence(at):
                wanted.at(at)
            case _:
                wanted.at((*change.at, change.key))
    return view(snapshot, lambda root: _read(root, wanted))


def _read(bucket: Bucket, part: _Part) -> Tree:
    return Tree(pmap(dict(_held(bucket, part))))


def _held(bucket: Bucket, part: _Part) -> Iterator[tuple[str, bytes | Tree]]:
    if part.whole:
        for key, is_bucket in bucket.names():
            yield name_of(key), Tree() if is_bucket else b""
    for name, inside in part.names.items():
        key = key_of(name)
        value = bucket.get(key)
        if value is not None:
            yield name, value
        elif (nested := bucket.bucket(key)) is not None:
            yield name, _read(nested, inside)
