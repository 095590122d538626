"""The content of a database as a value: nested, persistent maps; what changes mean on it, and how big its file is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol, cast

import msgspec
from msgspec import Struct
from pyrsistent import PMap, pmap
from returns.result import Failure, Result, Success

from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import USUAL_PAGE_SIZE, open_snapshot, view
from pypod.pure.database.facts import At, Delete, EditJson, EmptyBucket, MakeBucket, Put, StateChange
from pypod.pure.failure import HostError

_INLINE_SHARE: Final = 4
"""A bucket is written inline where it takes no more than this part of a page."""
_PAGE_HEADER: Final = 16
_ELEMENT: Final = 16
_BUCKET_HEADER: Final = 16
_SMALLEST_MAP: Final = 1 << 15
_GROWTH: Final = 1 << 24


class Buckets(Protocol):
    """A bucket that can be looked into, whatever holds it."""

    def get(self, name: str, /) -> bytes | None:
        """The value of a plain key."""
        ...

    def bucket(self, name: str, /) -> Buckets | None:
        """A nested bucket."""
        ...

    def names(self) -> Iterator[tuple[str, bool]]:
        """The keys in byte order, and whether each is a bucket's."""
        ...


def name_of(key: bytes) -> str:
    """A key as text; bytes that are not UTF-8 become surrogate escapes."""
    return key.decode("utf-8", "surrogateescape")


def key_of(name: str) -> bytes:
    """The bytes of a name."""
    return name.encode("utf-8", "surrogateescape")


class Tree(Struct, frozen=True):
    """A bucket as a value: plain keys hold bytes, buckets hold trees."""

    entries: PMap[str, bytes | Tree] = pmap()

    def get(self, name: str, /) -> bytes | None:
        held = self.entries.get(name)
        return held if isinstance(held, bytes) else None

    def bucket(self, name: str, /) -> Tree | None:
        held = self.entries.get(name)
        return held if isinstance(held, Tree) else None

    def names(self) -> Iterator[tuple[str, bool]]:
        for name in sorted(self.entries, key=key_of):
            yield name, isinstance(self.entries[name], Tree)

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


class BoltBuckets:
    """A bucket of a file, by text names."""

    __slots__ = ("_bucket",)

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def get(self, name: str, /) -> bytes | None:
        return self._bucket.get(key_of(name))

    def bucket(self, name: str, /) -> BoltBuckets | None:
        found = self._bucket.bucket(key_of(name))
        return BoltBuckets(found) if found else None

    def names(self) -> Iterator[tuple[str, bool]]:
        for key, is_bucket in self._bucket.names():
            yield name_of(key), is_bucket


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
    content = view(opened, _copied)
    if isinstance(content, Failure):
        return Failure(damage(content.failure(), path))
    return Success((content.unwrap(), opened.txid, opened.page_size))


def damage(error: BoltError, path: str) -> HostError:
    """What is wrong with a file as a machine's failure: its reason is bbolt's words."""
    return HostError(0, "", path, error.message)


def _copied(bucket: Bucket) -> Tree:
    held: dict[str, bytes | Tree] = {}
    for key, value in bucket.entries():
        held[name_of(key)] = value if isinstance(value, bytes) else _copied(value)
    return Tree(pmap(held))


def applied(tree: Tree, changes: Iterable[StateChange]) -> Result[tuple[Tree, tuple[str, ...]], HostError]:
    """One transaction: the tree after it, and what really changed (``runtime-config/os``).

    Failures in bbolt's words: ``bucket not found``, ``incompatible value``; or why a value is not a JSON object.
    """
    details: list[str] = []
    for change in changes:
        result = _changed(tree, change)
        if isinstance(result, Failure):
            return result
        after = result.unwrap()
        if after is not tree:
            details.append(
                "/".join(change.at if isinstance(change, MakeBucket | EmptyBucket) else (*change.at, change.key))
            )
        tree = after
    return Success((tree, tuple(dict.fromkeys(details))))


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


def _with_bucket(tree: Tree, at: At) -> Result[Tree, HostError]:
    parent = tree.at(at[:-1])
    if parent is None:
        return _refused(at[:-1], "bucket not found")
    if parent.get(at[-1]) is not None:
        return _refused(at, "incompatible value")
    return Success(tree.placed(at, Tree()))


def _refused(at: At, text: str) -> Result[Tree, HostError]:
    return Failure(HostError(0, "", "/".join(at), text))


def edited(value: bytes, edit: EditJson) -> Result[bytes, str]:
    """A JSON object with fields set and dropped, everything else and the order kept; the same bytes if it is so already."""
    try:
        held = msgspec.json.decode(value, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        return Failure(str(error))
    after = {name: field for name, field in held.items() if name not in edit.drop}
    after.update(edit.set)
    return Success(value if after == held else go_json(after))


def go_json(value: object) -> bytes:
    """JSON as Go's ``json.Marshal`` escapes it: compact, with ``<``, ``>``, ``&``, U+2028 and U+2029 escaped."""
    text = msgspec.json.encode(value)
    for raw, escape in _ESCAPES:
        if raw in text:
            text = text.replace(raw, escape)
    return text


_ESCAPES: Final = tuple((character.encode(), f"\\u{ord(character):04x}".encode()) for character in "<>&\u2028\u2029")


def bolt_bytes_size(tree: Tree, page_size: int = USUAL_PAGE_SIZE) -> int:
    """The size in bytes of a file into which the library has just written this content (``DB.grow``).

    A new, empty file has four pages.  The first transaction makes it the size of the library's map: a power of two, 32 KiB at least.
    """
    if not tree.entries:
        return 4 * page_size
    used = (5 + _tree_pages(tree, page_size)) * page_size
    if used >= _GROWTH:
        return used + page_size + _GROWTH
    return max(_SMALLEST_MAP, 1 << (used - 1).bit_length())


def _tree_pages(tree: Tree, page_size: int) -> int:
    """The pages of a bucket that is not inline, with those of the buckets in it."""
    buckets = [held for held in tree.entries.values() if isinstance(held, Tree)]
    nested = sum(_tree_pages(held, page_size) for held in buckets if _own_pages(held, page_size))
    sizes = [_ELEMENT + len(key_of(name)) + _stored(tree.entries[name], page_size) for name, _ in tree.names()]
    return nested + _node_pages(sizes, page_size)


def _own_pages(held: Tree, page_size: int) -> bool:
    holds_bucket = any(isinstance(inside, Tree) for inside in held.entries.values())
    return holds_bucket or _inline_size(held) > page_size // _INLINE_SHARE


def _inline_size(tree: Tree) -> int:
    return _PAGE_HEADER + sum(
        _ELEMENT + len(key_of(name)) + (len(held) if isinstance(held, bytes) else 0)
        for name, held in tree.entries.items()
    )


def _stored(held: bytes | Tree, page_size: int) -> int:
    """How many bytes the value of an entry takes in its leaf."""
    if isinstance(held, bytes):
        return len(held)
    return _BUCKET_HEADER if _own_pages(held, page_size) else _BUCKET_HEADER + _inline_size(held)


def _node_pages(sizes: list[int], page_size: int) -> int:
    """The pages of one tree with elements of these sizes: leaves split at half a page, and branches above them."""
    parts: list[int] = []
    size, count = _PAGE_HEADER, 0
    whole = _PAGE_HEADER + sum(sizes)
    splits = len(sizes) > 4 and whole >= page_size
    for index, element in enumerate(sizes):
        if splits and count >= 2 and index < len(sizes) - 2 and size + element > page_size // 2:
            parts.append(size)
            size, count = _PAGE_HEADER, 0
        size, count = size + element, count + 1
    parts.append(size)
    pages = sum(-(-part // page_size) for part in parts)
    return pages if len(parts) == 1 else pages + _node_pages([_ELEMENT + 64] * len(parts), page_size)
