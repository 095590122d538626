"""Leaf pages: keys with values, and keys of nested buckets.

An element is ``u32 flags, u32 pos, u32 ksize, u32 vsize``; the key is ``pos`` bytes after the element's own beginning
and the value follows it.  Flag 1 marks the value of a bucket.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, TypeAlias

from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.node import Leaf
from pypod.pure.bolt.page import ELEMENT_SIZE, HEADER, HEADER_SIZE, LEAF, Page, Pages

ELEMENT: Final = struct.Struct("<IIII")
BUCKET_FLAG: Final = 0x01


Element: TypeAlias = tuple[int, bytes, int, int]
"""An element's flags and key, and where its value begins and ends in its page."""


class Item:
    """An element of a leaf: its key, and where its value lies in its page."""

    __slots__ = ("end", "is_bucket", "key", "page", "start")

    def __init__(self, key: bytes, page: Page, start: int, end: int, is_bucket: bool) -> None:
        self.key = key
        self.page = page
        self.start = start
        self.end = end
        self.is_bucket = is_bucket

    @property
    def value(self) -> bytes:
        """The value, a bucket's too."""
        return self.page.data[self.start : self.end]

    @property
    def offset(self) -> int:
        """Where the value is in the file."""
        return self.page.start + self.start


def elements(page: Page) -> list[Element]:
    """All elements.  No byte of a page belongs to two of them, so they are never more than the page."""
    data, room = page.data, len(page.data)
    found: list[Element] = []
    element = HEADER_SIZE
    left = room - HEADER_SIZE - page.count * ELEMENT_SIZE
    for flags, position, key_size, value_size in ELEMENT.iter_unpack(
        data[HEADER_SIZE : HEADER_SIZE + page.count * ELEMENT_SIZE]
    ):
        key = element + position
        value = key + key_size
        end = value + value_size
        left -= end - key
        if end > room or left < 0:
            raise _outside(page, element)
        found.append((flags, data[key:value], value, end))
        element += ELEMENT_SIZE
    return found


def items(pages: Pages, page: Page) -> Iterator[Item]:
    """All elements, one after the other."""
    for flags, key, start, end in elements(page):
        pages.spend(1 + (len(key) + end - start) // ELEMENT_SIZE, page.id, page.start)
        yield Item(key, page, start, end, bool(flags & BUCKET_FLAG))


def find(pages: Pages, page: Page, key: bytes) -> Item | None:
    """The element with this key."""
    low, high = 0, page.count
    while low < high:
        middle = (low + high) // 2
        if _key(page, middle) < key:
            low = middle + 1
        else:
            high = middle
    if low == page.count or _key(page, low) != key:
        return None
    element = HEADER_SIZE + low * ELEMENT_SIZE
    flags, position, key_size, value_size = ELEMENT.unpack_from(page.data, element)
    value = element + position + key_size
    if value + value_size > len(page.data):
        raise _outside(page, element)
    pages.spend(1 + (key_size + value_size) // ELEMENT_SIZE, page.id, page.start)
    return Item(key, page, value, value + value_size, bool(flags & BUCKET_FLAG))


def _outside(page: Page, element: int) -> DamagedError:
    index = element // ELEMENT_SIZE - 1
    return DamagedError(f"page {page.id}: element {index} lies outside", page.id, page.start + element)


def _key(page: Page, index: int) -> bytes:
    element = HEADER_SIZE + index * ELEMENT_SIZE
    _, position, size, _ = ELEMENT.unpack_from(page.data, element)
    start = element + position
    if start + size > len(page.data):
        raise DamagedError(f"page {page.id}: key of element {index} lies outside", page.id, page.start + element)
    return page.data[start : start + size]


def node(page: Page) -> Leaf:
    """All elements of a page, to be changed."""
    held = elements(page)
    keys = [key for _, key, _, _ in held]
    if not all(keys):
        raise DamagedError(f"page {page.id}: element {keys.index(b'')} has no key", page.id, page.start)
    return Leaf(keys, [page.data[start:end] for _, _, start, end in held], [flags for flags, *_ in held], page.id)


def encoded(leaf: Leaf, number: int = 0, overflow: int = 0) -> bytes:
    """A leaf as a page, without the zeroes that fill the last one: headers of all elements, then keys and values."""
    count = len(leaf.keys)
    parts = [b""] * (2 * count)
    parts[::2], parts[1::2] = leaf.keys, leaf.values
    sizes = list(map(len, parts))
    # From each element on, what it takes: its own 16 bytes are behind the next one.
    taken = [key + value - ELEMENT_SIZE for key, value in zip(sizes[::2], sizes[1::2], strict=True)]
    fields = [0] * (4 * count)
    fields[::4], fields[2::4], fields[3::4] = leaf.flags, sizes[::2], sizes[1::2]
    fields[1::4] = list(accumulate(taken, initial=count * ELEMENT_SIZE))[:-1]
    return b"".join((HEADER.pack(number, LEAF, count, overflow), struct.pack(f"<{4 * count}I", *fields), *parts))
