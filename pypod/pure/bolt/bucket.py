"""Buckets: a tree of pages with sorted keys, some of them buckets again.

A bucket's value begins with ``u64 root page, u64 sequence``.  Root 0 is an inline bucket: its one leaf page follows in
the value.  Damage is raised, for :func:`pypod.pure.bolt.snapshot.view` to catch.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from pypod.pure.bolt import branch, leaf
from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.page import LEAF, Page, Pages, inline_page

HEADER: Final = struct.Struct("<QQ")
DEEPEST: Final = 48
"""No tree of pages and no nesting of buckets is as deep: a branch page halves what is below it at least."""


class Bucket:
    """A bucket of a snapshot.  Keys and values are bytes; nothing is read before it is asked for."""

    __slots__ = ("_depth", "_pages", "_referrer", "_root", "inline", "sequence")

    def __init__(self, pages: Pages, root: int | Page, sequence: int, depth: int = 0, referrer: int = 0) -> None:
        self._pages = pages
        self._referrer = referrer
        self._root = root
        self._depth = depth
        self.sequence = sequence
        self.inline = isinstance(root, Page)

    def get(self, key: bytes) -> bytes | None:
        """The value of a plain key; ``None`` where it is absent or a bucket's."""
        found = self._find(key)
        return None if found is None or found.is_bucket else found.value

    def bucket(self, key: bytes) -> Bucket | None:
        """A nested bucket; ``None`` where it is absent or a plain key."""
        found = self._find(key)
        return self._nested(found) if found is not None and found.is_bucket else None

    def entries(self) -> Iterator[tuple[bytes, bytes | Bucket]]:
        """All keys in their order, with their value or the nested bucket."""
        for item in self._items(self._root_page(), DEEPEST):
            yield item.key, self._nested(item) if item.is_bucket else item.value

    def names(self) -> Iterator[tuple[bytes, bool]]:
        """All keys in their order, and whether each is a nested bucket's."""
        for item in self._items(self._root_page(), DEEPEST):
            yield item.key, item.is_bucket

    def _root_page(self) -> Page:
        return self._root if isinstance(self._root, Page) else self._pages.tree_page(self._root, self._referrer)

    def _find(self, key: bytes) -> leaf.Item | None:
        page = self._root_page()
        for _ in range(DEEPEST):
            if page.flags & LEAF:
                return leaf.find(self._pages, page, key)
            if not page.count:
                return None
            index = branch.child_index(page, key)
            page = self._pages.tree_page(branch.child(page, index), page.start + index)
        raise DamagedError(f"page {page.id}: the tree is too deep", page.id, page.start)

    def _items(self, page: Page, deepest: int) -> Iterator[leaf.Item]:
        if not deepest:
            raise DamagedError(f"page {page.id}: the tree is too deep", page.id, page.start)
        if page.flags & LEAF:
            yield from leaf.items(self._pages, page)
            return
        for index, number in enumerate(branch.children(page)):
            yield from self._items(self._pages.tree_page(number, page.start + index), deepest - 1)

    def _nested(self, item: leaf.Item) -> Bucket:
        holder = item.page.id
        if item.end - item.start < HEADER.size:
            raise DamagedError(f"page {holder}: bucket without a header", holder, item.offset)
        if self._depth == DEEPEST:
            raise DamagedError(f"page {holder}: buckets are nested too deep", holder, item.offset)
        root, sequence = HEADER.unpack_from(item.page.data, item.start)
        if root:
            return Bucket(self._pages, root, sequence, self._depth + 1, item.offset)
        self._pages.spend(1, holder, item.offset)
        inside = inline_page(holder, item.offset + HEADER.size, item.value[HEADER.size :])
        return Bucket(self._pages, inside, sequence, self._depth + 1)
