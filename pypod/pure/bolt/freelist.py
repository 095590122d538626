"""The freelist page: which pages the next transactions may use.

``count`` page ids of 8 bytes follow the header; a count of 0xFFFF means that the first of them is the true number.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.meta import NO_FREELIST, Meta
from pypod.pure.bolt.page import FREELIST, HEADER, HEADER_SIZE, Page, Pages, type_name

MANY: Final = 0xFFFF
ID: Final = struct.Struct("<Q")


def freelist_page(pages: Pages, meta: Meta) -> Page | None:
    """The freelist's page, ``None`` where the file stores none.  bbolt panics where it is of another type."""
    if meta.freelist == NO_FREELIST:
        return None
    page = pages.page(meta.freelist)
    if not page.flags & FREELIST:
        text = f"invalid freelist page: {page.id}, page type is {type_name(page.flags)}"
        raise DamagedError(text, page.id, page.start)
    return page


def free_pages(pages: Pages, page: Page | None) -> tuple[int, ...]:
    """The ids of the free pages, ascending; none where the file stores no freelist."""
    if page is None:
        return ()
    start, count = HEADER_SIZE, page.count
    if count == MANY and start + ID.size <= len(page.data):
        (count,) = ID.unpack_from(page.data, start)
        start += ID.size
    if start + count * ID.size > len(page.data) or count > pages.most:
        raise DamagedError(f"invalid freelist page: {page.id}, {count} ids do not fit", page.id, page.start)
    return tuple(sorted(struct.unpack_from(f"<{count}Q", page.data, start)))


def pages_for(count: int, page_size: int) -> int:
    """The pages that the library takes for a list of so many ids, counted before they are taken: never too few."""
    return (HEADER_SIZE + ID.size * (count + (count >= MANY))) // page_size + 1


def packed(ids: Sequence[int]) -> bytes:
    """The ids as they are stored; ``ids`` ascend."""
    return struct.pack(f"<{len(ids)}Q", *ids)


def encoded(ids: Sequence[int], number: int, overflow: int) -> bytes:
    """A freelist as a page, without the zeroes that fill the last one.  ``ids`` ascend."""
    return page_of(packed(ids), number, overflow)


def page_of(ids: bytes, number: int, overflow: int) -> bytes:
    """The same of ids that are packed."""
    count = len(ids) // ID.size
    header = HEADER.pack(number, FREELIST, min(count, MANY), overflow)
    return b"".join((header, ID.pack(count) if count >= MANY else b"", ids))
