"""Leaf pages: keys with values, and keys of nested buckets.

An element is ``u32 flags, u32 pos, u32 ksize, u32 vsize``; the key is ``pos`` bytes after the element's own beginning
and the value follows it.  Flag 1 marks the value of a bucket.
"""

from __future__ import annotations

import struct
from typing import Final

from pypod.pure.bolt.errors import DamagedError
from pypod.pure.bolt.node import Leaf
from pypod.pure.bolt.page import ELEMENT_SIZE, HEADER, HEADER_SIZE, LEAF, Page, Pages

ELEMENT: Final = struct.Struct("<IIII")
BUCKET_FLAG: Final = 0x01


class Item:
    """An element of a leaf: its key, and where its value lies in the buffer."""

    __slots__ = ("end", "is_bucket", "key", "page", "start")

    def __init__(self, key: bytes, start: int, end: int, page: int, is_bucket: bool) -> None:
        self.key = key
        self.start = start
        self.end = end
        self.page = page
        self.is_bucket = is_bucket


def item(pages: Pages, page: Page, index: int) -> Item:
    """One element."""
    element = page.start + HEADER_SIZE + index * ELEMENT_SIZE
    flags, position, key_size, value_size = ELEMENT.unpack_from(pages.buffer, element)
    key = element + position
    value = key + key_size
    end = value + value_size
    if end > page.end:
        raise DamagedError(f"page {page.id}: element {index} lies outside", page.id, element)
    pages.spend(1 + (end - key) // ELEMENT_SIZE, page.id, element)
    return Item(bytes(pages.buffer[key:value]), value, end, page.id, bool(flags & BUCKET_FLAG))


def find(pages: Pages, page: Page, key: bytes) -> Item | None:
    """The element with this key."""
    low, high = 0, page.count
    while low < high:
        middle = (low + high) // 2
        if _key(pages, page, middle) < key:
            low = middle + 1
        else:
            high = middle
    if low == page.count or _key(pages, page, low) != key:
        return None
    return item(pages, page, low)


def _key(pages: Pages, page: Page, index: int) -> bytes:
    element = page.start + HEADER_SIZE + index * ELEMENT_SIZE
    _, position, size, _ = ELEMENT.unpack_from(pages.buffer, element)
    start = element + position
    if start + size > page.end:
        raise DamagedError(f"page {page.id}: key of element {index} lies outside", page.id, element)
    return bytes(pages.buffer[start : start + size])


def node(pages: Pages, page: Page) -> Leaf:
    """All elements of a page, to be changed."""
    image = bytes(pages.buffer[page.start : page.end])
    keys: list[bytes] = []
    values: list[bytes] = []
    flags: list[int] = []
    element = HEADER_SIZE
    for flag, position, key_size, value_size in ELEMENT.iter_unpack(
        image[element : element + page.count * ELEMENT_SIZE]
    ):
        key = element + position
        value = key + key_size
        if not key_size or value + value_size > len(image):
            where = page.start + element
            raise DamagedError(f"page {page.id}: element {len(keys)} lies outside or has no key", page.id, where)
        keys.append(image[key:value])
        values.append(image[value : value + value_size])
        flags.append(flag)
        element += ELEMENT_SIZE
    pages.spend(page.count, page.id, page.start)
    return Leaf(keys, values, flags, page.id)


def encoded(leaf: Leaf, number: int = 0, overflow: int = 0) -> bytes:
    """A leaf as a page, without the zeroes that fill the last one: headers of all elements, then keys and values."""
    count = len(leaf.keys)
    fields: list[int] = []
    data: list[bytes] = []
    position = count * ELEMENT_SIZE
    for key, value, flags in zip(leaf.keys, leaf.values, leaf.flags, strict=True):
        key_size, value_size = len(key), len(value)
        fields += (flags, position, key_size, value_size)
        data += (key, value)
        position += key_size + value_size - ELEMENT_SIZE
    return b"".join((HEADER.pack(number, LEAF, count, overflow), struct.pack(f"<{4 * count}I", *fields), *data))
