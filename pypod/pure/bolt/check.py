"""What is wrong inside a file: all that bbolt's ``Tx.Check`` reports, in its words, and what it does not look at.

1. From bbolt: ``already freed``, ``out of bounds: H``, ``multiple references``, ``reachable freed``, ``invalid type: T``,
   ``unreachable unfreed``.
2. Besides: the order of keys and their range below a branch, counts and elements that do not fit, the id in a page's
   header, inline buckets, pages beyond the end of the file.

Damaged files are answered like others: every page is looked at once, whatever refers to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from pypod.pure.bolt import branch, freelist, leaf
from pypod.pure.bolt.bucket import DEEPEST, HEADER
from pypod.pure.bolt.errors import BoltError, DamagedError
from pypod.pure.bolt.leaf import BUCKET_FLAG, ELEMENT
from pypod.pure.bolt.meta import NO_FREELIST
from pypod.pure.bolt.page import BRANCH, ELEMENT_SIZE, HEADER_SIZE, LEAF, Page, Pages, type_name
from pypod.pure.bolt.page import HEADER as PAGE_HEADER
from pypod.pure.bolt.snapshot import Snapshot

Keys: TypeAlias = tuple[bytes | None, bytes | None]
"""The keys that may be below a branch's element: from the first on, and less than the second."""

_ANY: Keys = (None, None)


def check(snapshot: Snapshot) -> tuple[BoltError, ...]:
    """What is wrong; empty for a sound file.  Each says which page, and where in the file."""
    return tuple(_Check(snapshot).findings())


class _Visit(Struct, frozen=True):
    """A page that something refers to.  ``depth`` counts the pages and buckets above it."""

    page: int
    keys: Keys
    depth: int = 0


class _Check:
    def __init__(self, snapshot: Snapshot) -> None:
        self._meta = snapshot.meta
        self._size = snapshot.page_size
        self._pages = Pages(snapshot.buffer, self._size, self._meta.high_water)
        self._end = min(self._meta.high_water, -(-snapshot.size // self._size))
        self._freed: set[int] = set()
        self._reached = {0, 1}

    def findings(self) -> Iterator[BoltError]:
        if self._end < self._meta.high_water:
            yield self._at(self._end, f"beyond the end of the file, which has {self._meta.high_water}")
        yield from self._freelist()
        waiting = [_Visit(self._meta.root, _ANY)]
        while waiting:
            try:
                yield from self._visit(waiting.pop(), waiting)
            except DamagedError as damaged:
                yield damaged.error
        if self._meta.freelist != NO_FREELIST:
            for number in range(2, self._end):
                if number not in self._reached and number not in self._freed:
                    yield self._at(number, "unreachable unfreed")

    def _at(self, page: int, text: str) -> BoltError:
        return BoltError(f"page {page}: {text}", page, page * self._size)

    def _outside(self, number: int) -> BoltError:
        high_water = self._meta.high_water
        inside = 1 < number < high_water
        return self._at(number, "beyond the end of the file" if inside else f"out of bounds: {high_water}")

    def _freelist(self) -> Iterator[BoltError]:
        try:
            ids = freelist.free_pages(self._pages, self._meta)
        except DamagedError as damaged:
            yield damaged.error
            return
        for number in ids:
            if number in self._freed:
                yield self._at(number, "already freed")
            elif not 1 < number < self._meta.high_water:
                yield self._at(number, f"out of bounds: {self._meta.high_water}")
            self._freed.add(number)
        if self._meta.freelist != NO_FREELIST:
            yield from self._reach(self._meta.freelist)

    def _reach(self, number: int) -> Iterator[BoltError]:
        """A page with those that belong to it."""
        stored, _, _, overflow = PAGE_HEADER.unpack_from(self._pages.buffer, number * self._size)
        if stored != number:
            yield self._at(number, f"is called page {stored} in its header")
        for one in range(number, number + overflow + 1):
            if one >= self._end:
                yield self._outside(one)
                break
            if one in self._reached:
                yield self._at(one, "multiple references")
            if one in self._freed:
                yield self._at(one, "reachable freed")
            self._reached.add(one)

    def _visit(self, visit: _Visit, waiting: list[_Visit]) -> Iterator[BoltError]:
        number = visit.page
        if not 1 < number < self._end:
            yield self._outside(number)
            return
        if number in self._reached:
            yield self._at(number, "multiple references")
            return
        page = self._pages.page(number)
        yield from self._reach(number)
        if page.flags not in (BRANCH, LEAF):
            yield self._at(number, f"invalid type: {type_name(page.flags)}")
        if not page.flags & (BRANCH | LEAF):
            return
        if visit.depth == DEEPEST:
            yield self._at(number, "is too deep")
            return
        self._pages.tree_page(number)
        below = self._branch(page, visit, waiting) if page.flags & BRANCH else self._leaf(page, visit, waiting)
        yield from below

    def _branch(self, page: Page, visit: _Visit, waiting: list[_Visit]) -> Iterator[BoltError]:
        if not page.count:
            yield self._at(page.id, "branch without children")
            return
        keys = [branch.key_at(self._pages, page, index) for index in range(page.count)]
        yield from self._order(page, keys, visit.keys)
        for index, (key, after) in enumerate(zip(keys, (*keys[1:], visit.keys[1]), strict=True)):
            waiting.append(_Visit(branch.child(self._pages, page, index), (key, after), visit.depth + 1))

    def _leaf(self, page: Page, visit: _Visit, waiting: list[_Visit]) -> Iterator[BoltError]:
        items = [leaf.item(self._pages, page, index) for index in range(page.count)]
        yield from self._order(page, [item.key for item in items], visit.keys)
        yield from self._flags(page)
        for item in items:
            if not item.is_bucket:
                continue
            if item.end - item.start < HEADER.size:
                yield BoltError(f"page {page.id}: bucket without a header", page.id, item.start)
                continue
            root, _ = HEADER.unpack_from(self._pages.buffer, item.start)
            if root:
                waiting.append(_Visit(root, _ANY, visit.depth + 1))
            else:
                yield from self._inline(page, item)

    def _inline(self, holder: Page, item: leaf.Item) -> Iterator[BoltError]:
        try:
            page = self._pages.inline_page(holder.id, item.start + HEADER.size, item.end)
            if page.flags != LEAF:
                yield BoltError(f"page {holder.id}: inline bucket that is no leaf", holder.id, page.start)
                return
            items = [leaf.item(self._pages, page, index) for index in range(page.count)]
        except DamagedError as damaged:
            yield damaged.error
            return
        yield from self._order(page, [inside.key for inside in items], _ANY)
        yield from self._flags(page)
        if any(inside.is_bucket for inside in items):
            yield BoltError(f"page {holder.id}: bucket in an inline bucket", holder.id, page.start)

    def _order(self, page: Page, keys: list[bytes], allowed: Keys) -> Iterator[BoltError]:
        low, high = allowed
        for index, key in enumerate(keys):
            where = page.start + HEADER_SIZE + index * ELEMENT_SIZE
            if not key:
                yield BoltError(f"page {page.id}: element {index} has no key", page.id, where)
            elif index and key <= keys[index - 1]:
                yield BoltError(f"page {page.id}: keys out of order at element {index}", page.id, where)
            if (low is not None and key < low) or (high is not None and key >= high):
                yield BoltError(f"page {page.id}: key of element {index} is not in its parent's range", page.id, where)

    def _flags(self, page: Page) -> Iterator[BoltError]:
        for index in range(page.count):
            where = page.start + HEADER_SIZE + index * ELEMENT_SIZE
            (flags, *_) = ELEMENT.unpack_from(self._pages.buffer, where)
            if flags not in (0, BUCKET_FLAG):
                yield BoltError(f"page {page.id}: element {index} has unknown flags {flags:x}", page.id, where)
