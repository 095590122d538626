"""Branch pages: which child holds a key.

An element is ``u32 pos, u32 ksize, u64 child``; the key is ``pos`` bytes after the element's own beginning.  An
element's key is the first key of its child when the child was written.
"""

from __future__ import annotations

import struct
from typing import Final

from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.node import Branch
from pypod.pure.bolt.page import BRANCH, ELEMENT_SIZE, HEADER, HEADER_SIZE, Page, Pages

ELEMENT: Final = struct.Struct("<IIQ")


def child(pages: Pages, page: Page, index: int) -> int:
    """The page id of a child."""
    number: int = ELEMENT.unpack_from(pages.buffer, page.start + HEADER_SIZE + index * ELEMENT_SIZE)[2]
    return number


def child_index(pages: Pages, page: Page, key: bytes) -> int:
    """The last child whose key is not above the wanted one, or the first."""
    low, high = 0, page.count
    while low < high:
        middle = (low + high) // 2
        if key_at(pages, page, middle) <= key:
            low = middle + 1
        else:
            high = middle
    return max(low - 1, 0)


def key_at(pages: Pages, page: Page, index: int) -> bytes:
    """The key of an element."""
    element = page.start + HEADER_SIZE + index * ELEMENT_SIZE
    position, size, _ = ELEMENT.unpack_from(pages.buffer, element)
    start = element + position
    if start + size > page.end:
        raise DamagedError(f"page {page.id}: key of element {index} lies outside", page.id, element)
    return bytes(pages.buffer[start : start + size])


def node(pages: Pages, page: Page) -> Branch:
    """All elements of a page, to be changed."""
    if not page.count:
        raise DamagedError(f"page {page.id}: branch without children", page.id, page.start)
    pages.spend(page.count, page.id, page.start)
    indices = range(page.count)
    keys = [key_at(pages, page, index) for index in indices]
    return Branch(keys, [child(pages, page, index) for index in indices], page.id)


def encoded(branch: Branch, number: int, overflow: int = 0) -> bytes:
    """A branch as a page, without the zeroes that fill the last one.  Its children are page ids by now."""
    count = len(branch.keys)
    parts = [HEADER.pack(number, BRANCH, count, overflow)]
    position = count * ELEMENT_SIZE
    for key, held in zip(branch.keys, branch.children, strict=True):
        parts.append(ELEMENT.pack(position, len(key), held))
        position += len(key) - ELEMENT_SIZE
    return b"".join((*parts, *branch.keys))
