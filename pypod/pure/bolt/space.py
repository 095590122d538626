"""The pages of a file as room: which are free, which become free with this transaction, and how the file grows.

A page that this transaction frees is *pending*: the former snapshot may still need it, so it is not given out again
before the next transaction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import eq
from typing import Final

from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.freelist import ID, packed

_SMALLEST_MAP: Final = 1 << 15
_DOUBLED_UP_TO: Final = 1 << 30
_LARGEST_MAP: Final = 0xFFFFFFFFFFFF
_FEW: Final = 64
"""So many pages are put among the free ones one by one."""
_GROWTH: Final = 1 << 24
"""From this size of its map on, a file grows by as much at a time (``DefaultAllocSize``)."""


def map_size(size: int) -> int:
    """The bytes that the library maps for a file of a size: a power of two from 32 KiB, above 1 GiB whole GiB."""
    if size <= _DOUBLED_UP_TO:
        return max(_SMALLEST_MAP, 1 << (size - 1).bit_length())
    return min(-(-size // _DOUBLED_UP_TO) * _DOUBLED_UP_TO, _LARGEST_MAP)


def sound_free(free: Sequence[int], high_water: int) -> Sequence[int]:
    """The free pages of a file, ascending; damage where one is there twice, or where there is no such page."""
    if any(map(eq, free, free[1:])):
        raise DamagedError("the freelist has a page twice", -1, -1)
    if free and not (free[0] > 1 and free[-1] < high_water):
        raise DamagedError(f"the freelist has a page that is out of bounds: {high_water}", -1, -1)
    return free


class Space:
    """The room of one write transaction.  ``free`` ascends; ``file_size`` is in bytes."""

    __slots__ = (
        "_packed", "_released", "_were_free", "file_size", "free", "high_water", "mapped", "page_size", "pending"
    )  # fmt: skip

    def __init__(
        self, free: Sequence[int], high_water: int, page_size: int, file_size: int, stored: bytes | None = None
    ) -> None:
        """``free`` ascends and was looked over by :func:`sound_free`; ``stored`` is the same as it is stored, if known."""
        self._were_free = free
        self._packed = bytearray(packed(free) if stored is None else stored)
        self._released: set[int] = set()
        self.free = list(free)
        self.pending: list[int] = []
        self.high_water = high_water
        self.page_size = page_size
        self.file_size = file_size
        self.mapped = map_size(file_size)

    def allocate(self, count: int) -> int:
        """The first of so many pages in a row: the first run of free ones that is long enough, else at the high-water mark."""
        run = 0
        for index, page in enumerate(self.free):
            run = run + 1 if run and page == self.free[index - 1] + 1 else 1
            if run == count:
                del self.free[index + 1 - count : index + 1]
                del self._packed[(index + 1 - count) * ID.size : (index + 1) * ID.size]
                return page + 1 - count
        return self._above(count)

    def _above(self, count: int) -> int:
        first = self.high_water
        needed = (first + count + 1) * self.page_size
        if needed > _LARGEST_MAP:
            raise DamagedError("mmap allocate error: mmap too large", first, -1)
        if needed >= self.mapped:
            self.mapped = map_size(max(self.file_size, needed))
        self.high_water += count
        return first

    def release(self, first: int, count: int) -> None:
        """Pages that the new snapshot does not have."""
        for page in range(first, first + count):
            if page in self._released or page < 2 or self._was_free(page):
                raise DamagedError(f"page {page} already freed", page, page * self.page_size)
            self._released.add(page)
            self.pending.append(page)

    def _was_free(self, page: int) -> bool:
        index = bisect_left(self._were_free, page)
        return index < len(self._were_free) and self._were_free[index] == page

    def free_next(self) -> tuple[Sequence[int], bytes]:
        """What the next transaction may use, ascending, and the same as it is stored; nothing is taken after this."""
        if len(self.pending) > _FEW:
            ids = sorted((*self.free, *self.pending))
            return ids, packed(ids)
        for page in self.pending:
            index = bisect_left(self.free, page)
            self.free.insert(index, page)
            self._packed[index * ID.size : index * ID.size] = ID.pack(page)
        return self.free, bytes(self._packed)

    def grown(self) -> int:
        """The size to which the file is made when the freelist was put above the high-water mark (``DB.grow``)."""
        return self.mapped if self.mapped < _GROWTH else (self.high_water + 1) * self.page_size + _GROWTH
