"""Pages: the header that all kinds share, and the reading of pages with bounds.

A header is 16 bytes: ``u64 id, u16 flags, u16 count, u32 overflow``, little-endian.  The pages that follow one with an
overflow have no header, so a page is only ever read where something led to it.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

from pypod.pure.bolt.errors import DamagedError

Buffer: TypeAlias = bytes | bytearray | memoryview

HEADER: Final = struct.Struct("<QHHI")
HEADER_SIZE: Final = HEADER.size
ELEMENT_SIZE: Final = 16
"""Elements of branch and leaf pages have the same size."""

BRANCH: Final = 0x01
LEAF: Final = 0x02
META: Final = 0x04
FREELIST: Final = 0x10

_TYPES: Final = ((BRANCH, "branch"), (LEAF, "leaf"), (META, "meta"), (FREELIST, "freelist"))


def type_name(flags: int) -> str:
    """A page's type as bbolt prints it: ``leaf``, ``unknown<20>``."""
    return next((name for flag, name in _TYPES if flags & flag), f"unknown<{flags:02x}>")


class Page:
    """A page that was found: where its header is, where it ends (bytes of the buffer), its id, flags and count.

    The page of an inline bucket carries the id of the page that it lies in.
    """

    __slots__ = ("count", "end", "flags", "id", "start")

    def __init__(self, number: int, start: int, end: int, flags: int, count: int) -> None:
        self.id = number
        self.start = start
        self.end = end
        self.flags = flags
        self.count = count


class Pages:
    """The pages of a file below its high-water mark, with a budget that ends any circle.

    A sound file is read within the budget however it is read; a file whose pages or values refer to each other in
    circles, or many times over, uses it up.
    """

    __slots__ = ("budget", "buffer", "high_water", "page_size")

    def __init__(self, buffer: memoryview, page_size: int, high_water: int) -> None:
        self.buffer = buffer
        self.page_size = page_size
        self.high_water = high_water
        self.budget = len(buffer) // 4 + 4096

    def spend(self, cost: int, page: int, offset: int) -> None:
        """Count what was read; damage when no sound file could ask for so much."""
        self.budget -= cost
        if self.budget < 0:
            raise DamagedError(f"page {page}: multiple references", page, offset)

    def page(self, number: int) -> Page:
        """The page with this id, which must lie in the file."""
        start = number * self.page_size
        if not 1 < number < self.high_water:
            raise DamagedError(f"page {number}: out of bounds: {self.high_water}", number, start)
        if start + HEADER_SIZE > len(self.buffer):
            raise DamagedError(f"page {number}: beyond the end of the file", number, start)
        self.spend(1, number, start)
        _, flags, count, overflow = HEADER.unpack_from(self.buffer, start)
        end = min(start + (overflow + 1) * self.page_size, len(self.buffer))
        return Page(number, start, end, flags, count)

    def tree_page(self, number: int) -> Page:
        """A page of a bucket's tree: branch or leaf."""
        return self._of_tree(self.page(number))

    def inline_page(self, holder: int, start: int, end: int) -> Page:
        """The page inside the value of an inline bucket."""
        if end - start < HEADER_SIZE:
            raise DamagedError("inline bucket without a page", holder, start)
        self.spend(1, holder, start)
        _, flags, count, _ = HEADER.unpack_from(self.buffer, start)
        return self._of_tree(Page(holder, start, end, flags, count))

    def _of_tree(self, page: Page) -> Page:
        if not page.flags & (BRANCH | LEAF):
            raise DamagedError(f"invalid page type: {page.id}: {page.flags:x}", page.id, page.start)
        if page.start + HEADER_SIZE + page.count * ELEMENT_SIZE > page.end:
            raise DamagedError(f"page {page.id}: {page.count} elements do not fit", page.id, page.start)
        return page
