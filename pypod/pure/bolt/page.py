"""Pages: the header that all kinds share, and the reading of pages with bounds.

A header is 16 bytes: ``u64 id, u16 flags, u16 count, u32 overflow``, little-endian.  The pages that follow one with an
overflow have no header, so a page is only ever read where something led to it.
"""

from __future__ import annotations

import struct
from typing import Final, Protocol, TypeAlias

from pypod.pure.bolt.errors import DamagedError

Buffer: TypeAlias = bytes | bytearray | memoryview


class Content(Protocol):
    """The bytes of a file: a buffer, or a file that is read where it is looked at.  What lies beyond its end is missing."""

    def __len__(self) -> int: ...

    def __getitem__(self, where: slice, /) -> Buffer: ...


HEADER: Final = struct.Struct("<QHHI")
HEADER_SIZE: Final = HEADER.size
ELEMENT_SIZE: Final = 16
"""Elements of branch and leaf pages have the same size."""

BRANCH: Final = 0x01
LEAF: Final = 0x02
META: Final = 0x04
FREELIST: Final = 0x10

_MORE: Final = 16
"""What a page that belongs to another costs: headers that claim the whole file must not make it be read all the time."""

_TYPES: Final = ((BRANCH, "branch"), (LEAF, "leaf"), (META, "meta"), (FREELIST, "freelist"))


def type_name(flags: int) -> str:
    """A page's type as bbolt prints it: ``leaf``, ``unknown<20>``."""
    return next((name for flag, name in _TYPES if flags & flag), f"unknown<{flags:02x}>")


class Page:
    """A page that was read: its id, the byte of the file at which it begins, its flags, count and overflow, and its bytes
    with those of the pages that belong to it, as far as the file has them.

    The page of an inline bucket carries the id of the page that it lies in.
    """

    __slots__ = ("count", "data", "flags", "id", "overflow", "start")

    def __init__(self, number: int, start: int, data: bytes) -> None:
        self.id = number
        self.start = start
        self.data = data
        _, self.flags, self.count, self.overflow = HEADER.unpack_from(data)

    @property
    def stored(self) -> int:
        """The id in its header."""
        number: int = HEADER.unpack_from(self.data)[0]
        return number


class Pages:
    """The pages of a file below its high-water mark.

    Two things keep a damaged file from being read for ever, or from taking more memory than there is of it: a page of a
    tree belongs to the one element that refers to it, and there is a budget, within which a sound file is read however
    it is read.  ``most``: no file of this size has more pages.
    """

    __slots__ = ("_branches", "_last", "_referrers", "budget", "content", "high_water", "most", "page_size")

    def __init__(self, content: Content, page_size: int, high_water: int) -> None:
        self.content = content
        self.page_size = page_size
        self.high_water = high_water
        self.budget = len(content) // 8 + 4096
        self.most = len(content) // page_size + 1
        self._branches: dict[int, Page] = {}
        self._last: Page | None = None
        self._referrers: dict[int, int] = {}

    def spend(self, cost: int, page: int, offset: int) -> None:
        """Count what was read; damage when no sound file could ask for so much."""
        self.budget -= cost
        if self.budget < 0:
            raise DamagedError(f"page {page}: multiple references", page, offset)

    def page(self, number: int) -> Page:
        """The page with this id, which must lie in the file."""
        start, size = number * self.page_size, self.page_size
        if not 1 < number < self.high_water:
            raise DamagedError(f"page {number}: out of bounds: {self.high_water}", number, start)
        data = bytes(self.content[start : start + size])
        if len(data) < HEADER_SIZE:
            raise DamagedError(f"page {number}: beyond the end of the file", number, start)
        page = Page(number, start, data)
        if page.overflow:
            more = min(page.overflow, self.most)
            self.spend(_MORE * more, number, start)
            page.data = bytes(self.content[start : start + (more + 1) * size])
        self.spend(1, number, start)
        return page

    def tree_page(self, number: int, referrer: int) -> Page:
        """A page of a bucket's tree: branch or leaf.  ``referrer`` is the byte of the file where it is referred to.

        Branches are kept, as every look for a key goes through them, and the last page, as one look follows another.
        """
        known = self._branches.get(number, self._last)
        if known is None or known.id != number:
            known = of_tree(self.page(number))
            if known.flags & BRANCH and not known.overflow:
                self._branches[number] = known
            self._last = known
        if self._referrers.setdefault(number, referrer) != referrer:
            raise DamagedError(f"page {number}: multiple references", number, known.start)
        return known


def inline_page(holder: int, start: int, value: bytes) -> Page:
    """The page inside the value of an inline bucket, where it begins in the file and its bytes."""
    if len(value) < HEADER_SIZE:
        raise DamagedError("inline bucket without a page", holder, start)
    return of_tree(Page(holder, start, value))


def of_tree(page: Page) -> Page:
    """The page, which must be a branch or a leaf with room for its elements."""
    if not page.flags & (BRANCH | LEAF):
        raise DamagedError(f"invalid page type: {page.id}: {page.flags:x}", page.id, page.start)
    if HEADER_SIZE + page.count * ELEMENT_SIZE > len(page.data):
        raise DamagedError(f"page {page.id}: {page.count} elements do not fit", page.id, page.start)
    return page
