"""The content of a database as a value: nested, persistent maps; what changes mean on it, and in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import Struct
from pyrsistent import PMap, pmap
from returns.result import Failure, Result, Success

from pypod.pure.bolt import changes
from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.changes import BoltChange
from pypod.pure.bolt.snapshot import USUAL_PAGE_SIZE, Snapshot, open_snapshot, view
from pypod.pure.database.buckets import damage, key_of, name_of
from pypod.pure.database.facts import (
    At,
    Delete,
    DeleteBucket,
    EditJson,
    EmptyBucket,
    MakeBucket,
    Put,
    SetSequence,
    StateChange,
)
from pypod.pure.failure import HostError
from pypod.pure.table import Table


class Tree(Struct, frozen=True):
    """A bucket as a value: plain keys hold bytes, buckets hold trees."""

    entries: PMap[str, bytes | Tree] | Table[str, bytes | Tree] = pmap()
    """A table where the bucket is small and not kept for long."""

    def get(self, name: str, /) -> bytes | None:
        held = self.entries.get(name)
        return held if isinstance(held, bytes) else None

    def bucket(self, name: str, /) -> Tree | None:
        held = self.entries.get(name)
        return held if isinstance(held, Tree) else None

    def names(self) -> Iterator[tuple[str, bool]]:
        for name in sorted(self.entries, key=key_of):
            yield name, isinstance(self.entries[name], Tree)

    def plain(self) -> Iterator[tuple[str, bytes]]:
        for name in sorted(self.entries, key=key_of):
            held = self.entries[name]
            if isinstance(held, bytes):
                yield name, held

    def at(self, where: At) -> Tree | None:
        """The bucket at a place."""
        found: Tree | None = self
        for name in where:
            found = found.bucket(name) if found else None
        return found

    def holding(self, name: str, held: bytes | Tree) -> Tree:
        """With a key or bucket set."""
        return Tree(self.entries.set(name, held))

    def without(self, name: str) -> Tree:
        """Without a key."""
        return Tree(self.entries.discard(name))

    def placed(self, where: At, tree: Tree) -> Tree:
        """With another bucket at a place whose parent is there."""
        if not where:
            return tree
        return self.holding(where[0], (self.bucket(where[0]) or Tree()).placed(where[1:], tree))


def empty_tree() -> Tree:
    """What a new file holds: nothing."""
    return Tree()


def tree_from_plain(plain: Mapping[str, Any]) -> Tree:
    """The tree that a described host writes as nested mappings: buckets are mappings, everything else is text."""
    return Tree(pmap({name: _from_plain(held) for name, held in plain.items()}))


def _from_plain(held: Any) -> bytes | Tree:
    return tree_from_plain(cast("Mapping[str, Any]", held)) if isinstance(held, Mapping) else key_of(str(held))


def tree_of(
    buffer: bytes | bytearray | memoryview, page_size: int = USUAL_PAGE_SIZE, path: str = ""
) -> Result[tuple[Tree, int, int], HostError]:
    """The whole content of a file, its transaction id and its page size.  ``page_size`` is the operating system's."""
    snapshot = open_snapshot(buffer, page_size)
    if isinstance(snapshot, Failure):
        return Failure(damage(snapshot.failure(), path))
    opened = snapshot.unwrap()
    return tree_of_snapshot(opened, path).map(lambda tree: (tree, opened.txid, opened.page_size))


def tree_of_snapshot(snapshot: Snapshot, path: str = "") -> Result[Tree, HostError]:
    """The whole content of a file that was opened."""
    return view(snapshot, _copied).alt(lambda error: damage(error, path))


def _copied(bucket: Bucket) -> Tree:
    held: dict[str, bytes | Tree] = {}
    for key, value in bucket.entries():
        held[name_of(key)] = value if isinstance(value, bytes) else _copied(value)
    return Tree(pmap(held))


class Transaction(Struct, frozen=True):
    """One transaction: the content after it, what really changed (``runtime-config/os``), and what is asked of the file.

    The file is written also for what is so already: bbolt does not compare.
    """

    tree: Tree
    details: tuple[str, ...]
    changes: tuple[BoltChange, ...]


def applied(tree: Tree, wanted: Iterable[StateChange]) -> Result[tuple[Tree, tuple[str, ...]], HostError]:
    """The content after one transaction, and what really changed."""
    return transaction(tree, wanted).map(lambda done: (done.tree, done.details))


def transaction(tree: Tree, wanted: Iterable[StateChange]) -> Result[Transaction, HostError]:
    """One transaction.

    Failures in bbolt's words: ``bucket not found``, ``incompatible value``; or why a value is not a JSON object.
    """
    details: list[str] = []
    asked: list[BoltChange] = []
    for change in wanted:
        result = _changed(tree, change)
        if isinstance(result, Failure):
            return result
        after = result.unwrap()
        if after is not tree:
            details.append(
                "/".join(
                    change.at
                    if isinstance(change, MakeBucket | EmptyBucket | DeleteBucket | SetSequence)
                    else (*change.at, change.key)
                )
            )
        asked += _asked(change, tree, after)
        tree = after
    return Success(Transaction(tree, tuple(dict.fromkeys(details)), tuple(asked)))


def _asked(change: StateChange, before: Tree, after: Tree) -> Iterable[BoltChange]:
    """What libpod asks of bbolt for a change: an edited object is put, a bucket is emptied key by key."""
    at = tuple(map(key_of, change.at))
    match change:
        case MakeBucket():
            return (changes.MakeBucket(at),)
        case Put(_, key, value):
            return (changes.Put(at, key_of(key), value),)
        case Delete(_, key):
            return (changes.Delete(at, key_of(key)),)
        case EditJson(where, key):
            held = after.at(where)
            edited_value = held.get(key) if held is not None else None
            return (changes.Put(at, key_of(key), edited_value or b""),)
        case EmptyBucket(where):
            held = before.at(where)
            return [_without(at, name, is_bucket) for name, is_bucket in (held.names() if held is not None else ())]
        case DeleteBucket():
            return (changes.DeleteBucket(at),)
        case SetSequence(_, sequence):
            return (changes.SetSequence(at, sequence),)


def _without(at: changes.Place, name: str, is_bucket: bool) -> BoltChange:
    key = key_of(name)
    return changes.DeleteBucket((*at, key)) if is_bucket else changes.Delete(at, key)


def _changed(tree: Tree, change: StateChange) -> Result[Tree, HostError]:
    """The tree after one change; the same tree where nothing had to change."""
    held = tree.at(change.at)
    match change:
        case MakeBucket(at):
            return Success(tree) if held is not None else _with_bucket(tree, at)
        case EmptyBucket(at):
            return Success(tree.placed(at, Tree()) if held is not None and held.entries else tree)
        case Put(at, key, value):
            if held is None:
                return _refused(at, "bucket not found")
            if held.bucket(key) is not None:
                return _refused((*at, key), "incompatible value")
            return Success(tree if held.get(key) == value else tree.placed(at, held.holding(key, value)))
        case Delete(at, key):
            if held is None:
                return _refused(at, "bucket not found")
            if held.bucket(key) is not None:
                return _refused((*at, key), "incompatible value")
            return Success(tree.placed(at, held.without(key)) if key in held.entries else tree)
        case EditJson(at, key):
            before = held.get(key) if held is not None else None
            if held is None or before is None:
                return _refused((*at, key), "key not found")
            edit = edited(before, change)
            if isinstance(edit, Failure):
                return _refused((*at, key), edit.failure())
            return Success(tree if edit.unwrap() == before else tree.placed(at, held.holding(key, edit.unwrap())))
        case DeleteBucket(at):
            parent = tree.at(at[:-1])
            if held is None or parent is None:
                return _refused(at, "bucket not found")
            return Success(tree.placed(at[:-1], parent.without(at[-1])))
        case SetSequence(at):
            # Not part of the content: the file alone has it.
            return Success(tree) if held is not None else _refused(at, "bucket not found")


def _with_bucket(tree: Tree, at: At) -> Result[Tree, HostError]:
    parent = tree.at(at[:-1])
    if parent is None:
        return _refused(at[:-1], "bucket not found")
    if parent.get(at[-1]) is not None:
        return _refused(at, "incompatible value")
    return Success(tree.placed(at, Tree()))


def _refused(at: At, text: str) -> Result[Tree, HostError]:
    return Failure(HostError(0, "", "/".join(at), text))


_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""The fields of an object as they are written: what is not changed is not taken apart."""


def edited(value: bytes, edit: EditJson) -> Result[bytes, str]:
    """A JSON object with fields set and dropped, everything else and the order kept; the same bytes if it is so already."""
    try:
        # As text: a document that is none is refused, in whichever field.
        held = _FIELDS.decode(value.decode())
        wanted = dict(edit.set)
        after = {name: field for name, field in held.items() if name not in edit.drop} | wanted
        same = after.keys() == held.keys() and all(
            msgspec.json.decode(held[name]) == field for name, field in wanted.items()
        )
    except (ValueError, RecursionError) as error:
        return Failure(str(error))
    return Success(value if same else go_json(after))


def go_json(value: object) -> bytes:
    """JSON as Go's ``json.Marshal`` escapes it: compact, with ``<``, ``>``, ``&``, U+2028 and U+2029 escaped."""
    text = msgspec.json.encode(value)
    for raw, escape in _ESCAPES:
        if raw in text:
            text = text.replace(raw, escape)
    return text


_ESCAPES: Final = tuple((character.encode(), f"\\u{ord(character):04x}".encode()) for character in "<>&\u2028\u2029")
