"""What is wrong inside a file: all that bbolt's ``Tx.Check`` reports, in its words, and what it does not look at.

1. From bbolt: ``already freed``, ``out of bounds: H``, ``multiple references``, ``reachable freed``, ``invalid type: T``,
   ``unreachable unfreed``.
2. Besides: the order of keys and their range below a branch, counts and elements that do not fit, the id in a page's
   header, inline buckets, pages beyond the end of the file.

Damaged files are answered like others: every page is looked at once, whatever refers to it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from pypod.pure.bolt import branch, freelist, leaf
from pypod.pure.bolt.bucket import DEEPEST, HEADER
from pypod.pure.bolt.errors import BoltError, DamagedError
from pypod.pure.bolt.leaf import BUCKET_FLAG, Element
from pypod.pure.bolt.meta import NO_FREELIST
from pypod.pure.bolt.node import Leaf
from pypod.pure.bolt.page import BRANCH, ELEMENT_SIZE, HEADER_SIZE, LEAF, Page, Pages, inline_page, of_tree, type_name
from pypod.pure.bolt.snapshot import Snapshot

_Visit: TypeAlias = tuple[int, bytes | None, bytes | None, int]
"""A page that something refers to; its keys are from the first on and less than the second; how many pages and buckets
are above it.
"""

_FREED: Final = 1
_REACHED: Final = 2
_KNOWN_FLAGS: Final = {0, BUCKET_FLAG}
_EMPTY: Final = leaf.encoded(Leaf([], [], []))
"""The page of an inline bucket with nothing in it: most are such."""


def check(snapshot: Snapshot) -> tuple[BoltError, ...]:
    """What is wrong; empty for a sound file.  Each says which page, and where in the file."""
    return tuple(_Check(snapshot).findings())


class _Check:
    """Every test has a short form for what is sound, which is nearly all; only what fails it is looked at singly."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._meta = snapshot.meta
        self._size = snapshot.page_size
        self._pages = Pages(snapshot.content, self._size, self._meta.high_water)
        self._end = min(self._meta.high_water, -(-snapshot.size // self._size))
        self._uses = bytearray(self._end)
        self._waiting: list[_Visit] = [(self._meta.root, None, None, 0)]
        self._found: list[BoltError] = []

    def findings(self) -> list[BoltError]:
        if self._end < self._meta.high_water:
            self._report(self._end, f"beyond the end of the file, which has {self._meta.high_water}")
        self._freelist()
        while self._waiting:
            try:
                self._visit(*self._waiting.pop())
            except DamagedError as damaged:
                self._found.append(damaged.error)
        if self._meta.freelist != NO_FREELIST:
            number = self._uses.find(0, 2)
            while number >= 0:
                self._report(number, "unreachable unfreed")
                number = self._uses.find(0, number + 1)
        return self._found

    def _report(self, page: int, text: str) -> None:
        self._found.append(BoltError(f"page {page}: {text}", page, page * self._size))

    def _report_outside(self, number: int) -> None:
        high_water = self._meta.high_water
        inside = 1 < number < high_water
        self._report(number, "beyond the end of the file" if inside else f"out of bounds: {high_water}")

    def _freelist(self) -> None:
        try:
            page = freelist.freelist_page(self._pages, self._meta)
            ids = freelist.free_pages(self._pages, page)
        except DamagedError as damaged:
            self._found.append(damaged.error)
            return
        freed = set[int]()
        for number in ids:
            if number in freed:
                self._report(number, "already freed")
            elif not 1 < number < self._meta.high_water:
                self._report(number, f"out of bounds: {self._meta.high_water}")
            freed.add(number)
            if number < self._end:
                self._uses[number] = _FREED
        if page is not None:
            self._reach(page)

    def _reach(self, page: Page) -> None:
        """A page with those that belong to it."""
        number, after = page.id, page.id + page.overflow + 1
        if page.stored != number:
            self._report(number, f"is called page {page.stored} in its header")
        if after <= self._end and not any(self._uses[number:after]):
            self._uses[number:after] = bytes((_REACHED,)) * (after - number)
            return
        for one in range(number, after):
            if one >= self._end:
                self._report_outside(one)
                break
            if self._uses[one] & _REACHED:
                self._report(one, "multiple references")
            if self._uses[one] & _FREED:
                self._report(one, "reachable freed")
            self._uses[one] |= _REACHED

    def _visit(self, number: int, low: bytes | None, high: bytes | None, depth: int) -> None:
        if not 1 < number < self._end:
            self._report_outside(number)
            return
        if self._uses[number] & _REACHED:
            self._report(number, "multiple references")
            return
        page = self._pages.page(number)
        self._reach(page)
        if page.flags not in (BRANCH, LEAF):
            self._report(number, f"invalid type: {type_name(page.flags)}")
        if not page.flags & (BRANCH | LEAF):
            return
        if depth == DEEPEST:
            self._report(number, "is too deep")
            return
        of_tree(page)
        if page.flags & BRANCH:
            self._branch(page, low, high, depth + 1)
        else:
            self._leaf(page, low, high, depth + 1)

    def _branch(self, page: Page, low: bytes | None, high: bytes | None, depth: int) -> None:
        if not page.count:
            self._report(page.id, "branch without children")
            return
        keys = branch.keys(page)
        self._order(page, keys, low, high)
        for child, key, after in zip(branch.children(page), keys, (*keys[1:], high), strict=True):
            self._waiting.append((child, key, after, depth))

    def _leaf(self, page: Page, low: bytes | None, high: bytes | None, depth: int) -> None:
        elements = leaf.elements(page)
        self._order(page, [key for _, key, _, _ in elements], low, high)
        if not self._has_buckets(page, elements):
            return
        for flags, _, start, end in elements:
            if not flags & BUCKET_FLAG:
                continue
            if end - start < HEADER.size:
                self._found.append(BoltError(f"page {page.id}: bucket without a header", page.id, page.start + start))
                continue
            root, _ = HEADER.unpack_from(page.data, start)
            if root:
                self._waiting.append((root, None, None, depth))
            elif page.data[start + HEADER.size : end] != _EMPTY:
                self._inline(page, start + HEADER.size, end)

    def _has_buckets(self, page: Page, elements: list[Element]) -> bool:
        """Whether any element is a bucket; flags that nothing is known of are reported."""
        flags = {one for one, _, _, _ in elements}
        if not flags <= _KNOWN_FLAGS:
            for index, (one, *_) in enumerate(elements):
                if one not in _KNOWN_FLAGS:
                    where = page.start + HEADER_SIZE + index * ELEMENT_SIZE
                    text = f"page {page.id}: element {index} has unknown flags {one:x}"
                    self._found.append(BoltError(text, page.id, where))
        return any(one & BUCKET_FLAG for one in flags)

    def _inline(self, holder: Page, start: int, end: int) -> None:
        try:
            page = inline_page(holder.id, holder.start + start, holder.data[start:end])
            if page.flags != LEAF:
                self._found.append(BoltError(f"page {holder.id}: inline bucket that is no leaf", holder.id, page.start))
                return
            elements = leaf.elements(page)
        except DamagedError as damaged:
            self._found.append(damaged.error)
            return
        self._order(page, [key for _, key, _, _ in elements], None, None)
        if self._has_buckets(page, elements):
            self._found.append(BoltError(f"page {holder.id}: bucket in an inline bucket", holder.id, page.start))

    def _order(self, page: Page, keys: list[bytes], low: bytes | None, high: bytes | None) -> None:
        if not keys:
            return
        inside = (low is None or low <= keys[0]) and (high is None or keys[-1] < high)
        if inside and keys[0] and keys == sorted(keys) and len(set(keys)) == len(keys):
            return
        for index, key in enumerate(keys):
            where = page.start + HEADER_SIZE + index * ELEMENT_SIZE
            if not key:
                self._found.append(BoltError(f"page {page.id}: element {index} has no key", page.id, where))
            elif index and key <= keys[index - 1]:
                self._found.append(BoltError(f"page {page.id}: keys out of order at element {index}", page.id, where))
            if (low is not None and key < low) or (high is not None and key >= high):
                text = f"page {page.id}: key of element {index} is not in its parent's range"
                self._found.append(BoltError(text, page.id, where))
