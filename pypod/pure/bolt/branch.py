"""Branch pages: which child holds a key.

An element is ``u32 pos, u32 ksize, u64 child``; the key is ``pos`` bytes after the element's own beginning.  An
element's key is the first key of its child when the child was written.
"""

from __future__ import annotations

import struct
from itertools import accumulate
from typing import Any, Final

from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.node import Branch, Leaf
from pypod.pure.bolt.page import BRANCH, ELEMENT_SIZE, HEADER, HEADER_SIZE, Page

ELEMENT: Final = struct.Struct("<IIQ")


def child(page: Page, index: int) -> int:
    """The page id of a child."""
    number: int = ELEMENT.unpack_from(page.data, HEADER_SIZE + index * ELEMENT_SIZE)[2]
    return number


def children(page: Page) -> list[int]:
    """The page ids of all children."""
    return [held for _, _, held in ELEMENT.iter_unpack(_elements(page))]


def child_index(page: Page, key: bytes) -> int:
    """The last child whose key is not above the wanted one, or the first."""
    low, high = 0, page.count
    while low < high:
        middle = (low + high) // 2
        if key_at(page, middle) <= key:
            low = middle + 1
        else:
            high = middle
    return max(low - 1, 0)


def key_at(page: Page, index: int) -> bytes:
    """The key of an element."""
    element = HEADER_SIZE + index * ELEMENT_SIZE
    position, size, _ = ELEMENT.unpack_from(page.data, element)
    start = element + position
    if start + size > len(page.data):
        raise DamagedError(f"page {page.id}: key of element {index} lies outside", page.id, page.start + element)
    return page.data[start : start + size]


def keys(page: Page) -> list[bytes]:
    """The keys of all elements.  No byte of a page belongs to two of them."""
    data, room = page.data, len(page.data)
    found: list[bytes] = []
    element = HEADER_SIZE
    left = room - HEADER_SIZE - page.count * ELEMENT_SIZE
    for position, size, _ in ELEMENT.iter_unpack(_elements(page)):
        start = element + position
        left -= size
        if start + size > room or left < 0:
            text = f"page {page.id}: key of element {len(found)} lies outside"
            raise DamagedError(text, page.id, page.start + element)
        found.append(data[start : start + size])
        element += ELEMENT_SIZE
    return found


def _elements(page: Page) -> bytes:
    return page.data[HEADER_SIZE : HEADER_SIZE + page.count * ELEMENT_SIZE]


def node(page: Page) -> Branch:
    """All elements of a page, to be changed."""
    if not page.count:
        raise DamagedError(f"page {page.id}: branch without children", page.id, page.start)
    return Branch(keys(page), list[int | Leaf | Branch](children(page)), page.id)


def encoded(branch: Branch, number: int, overflow: int = 0) -> bytes:
    """A branch as a page, without the zeroes that fill the last one.  Its children are page ids by now."""
    count = len(branch.keys)
    sizes = list(map(len, branch.keys))
    # From each element on, what it takes: its own 16 bytes are behind the next one.
    positions = accumulate([size - ELEMENT_SIZE for size in sizes], initial=count * ELEMENT_SIZE)
    # Position and size of a key are taken as one number: so all elements are packed at once.
    fields: list[Any] = [0] * (2 * count)
    fields[::2] = [size << 32 | position for size, position in zip(sizes, positions)]  # noqa: B905 - the last position is the end
    fields[1::2] = branch.children
    elements = struct.pack(f"<{2 * count}Q", *fields)
    return b"".join((HEADER.pack(number, BRANCH, count, overflow), elements, *branch.keys))
