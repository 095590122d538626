"""A lock segment as a value: its header, and its bitmaps as one number."""

from __future__ import annotations

import struct

from msgspec import Struct

from pypod.pure.facts import LockSegment
from pypod.pure.locks.layout import LOCKS_PER_BITMAP, MAGIC, Layout, layout_of, read_segment


class Segment(Struct, frozen=True):
    """A lock segment: its header, its size in bytes, and the bitmaps as one number (bit *n* is lock *n*).

    ``layout`` is the machine's.
    """

    magic: int
    unused: int
    bitmaps: int
    locks: int
    size: int
    layout: Layout
    allocated: int = 0

    @property
    def groups(self) -> int:
        """The lock groups that are there, whatever number the header gives."""
        return min(self.bitmaps, self.layout.groups_in(self.size))

    def to_bytes(self) -> bytes:
        """The segment as a file; no mutex is held in it."""
        layout = self.layout
        room = layout.mutex_offset
        mutexes = layout.free_mutex * LOCKS_PER_BITMAP
        header = struct.pack(f"{layout.order}HH", self.magic, self.unused).ljust(room, b"\0") + layout.free_mutex
        parts = [(header + struct.pack(f"{layout.order}II", self.bitmaps, self.locks)).ljust(layout.header, b"\0")]
        for index in range(self.groups):
            bits = self.allocated >> index * LOCKS_PER_BITMAP & 0xFFFFFFFF
            parts.append(struct.pack(f"{layout.order}I", bits).ljust(room, b"\0") + mutexes)
        return b"".join(parts)[: self.size].ljust(self.size, b"\0")

    def seen(self) -> LockSegment:
        """What looking at it tells."""
        bits = self.allocated
        numbers = tuple(number for number in range(bits.bit_length()) if bits >> number & 1)
        return LockSegment(self.magic, self.unused, self.bitmaps, self.locks, self.size, numbers)


def fresh_segment(locks: int, architecture: str) -> Segment:
    """A segment for ``locks`` locks, rounded up to whole bitmaps, as libpod makes it."""
    layout = layout_of(architecture)
    bitmaps = -(-locks // LOCKS_PER_BITMAP)
    return Segment(MAGIC, 0, bitmaps, bitmaps * LOCKS_PER_BITMAP, layout.size(locks), layout)


def segment_seen(seen: LockSegment, architecture: str) -> Segment:
    """The segment that a look told of."""
    layout = layout_of(architecture)
    bits = sum(1 << number for number in seen.allocated)
    return Segment(seen.magic, seen.unused, seen.bitmaps, seen.locks, seen.size, layout, bits)


def segment_of(content: bytes, architecture: str) -> Segment:
    """The segment that a file holds, as its first page maps it."""
    return segment_seen(read_segment(content, layout_of(architecture)), architecture)
