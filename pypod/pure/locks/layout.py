"""The bytes of a shared lock segment: libpod's ``lock/shm/shm_lock.h`` as the C compiler lays it out.

A header (magic, a segment mutex, the number of bitmaps, the number of locks), then one group for every 32 locks: a
bitmap (bit *k* set: lock *k* of the group is allocated) and 32 mutexes.  Everything follows from the size and the
alignment of ``pthread_mutex_t``, which differ by architecture (glibc).
"""

from __future__ import annotations

import struct
from typing import Final

from msgspec import Struct

from pypod.pure.facts import LockSegment, Mutex

MAGIC: Final = 0x87D1
LOCKS_PER_BITMAP: Final = 32
THREAD: Final = 0x3FFFFFFF
"""The bits of a mutex's futex word that are the thread which holds it (``FUTEX_TID_MASK``)."""
SHARED_AND_ROBUST: Final = 0x90
"""The bits in the kind of a mutex (glibc); one of normal type, as libpod 4.6 makes it, has one more."""

_DEFAULT_MUTEX: Final = (40, 8)
_MUTEX: Final = {"aarch64": (48, 8), "i386": (24, 4), "i686": (24, 4), "armv7l": (24, 4), "armv6l": (24, 4)}
"""``sizeof`` and ``alignof`` of ``pthread_mutex_t`` by the kernel's machine name, where it is not 64-bit glibc's."""

_BIG_ENDIAN: Final = frozenset(("s390x", "ppc64"))


class Layout(Struct, frozen=True):
    """Where things are in a segment, in bytes; ``order`` is the byte order as :mod:`struct` writes it."""

    mutex: int
    mutex_offset: int
    header: int
    group: int
    order: str = "<"

    @property
    def kind_offset(self) -> int:
        """Where in a mutex its kind stands: after four words, or after three where words are short (glibc)."""
        return 16 if self.mutex >= 40 else 12

    @property
    def counts_offset(self) -> int:
        """Where the number of bitmaps stands; the number of locks follows it."""
        return self.mutex_offset + self.mutex

    @property
    def free_mutex(self) -> bytes:
        """The bytes of a mutex that was just made."""
        kind = struct.pack(f"{self.order}I", SHARED_AND_ROBUST)
        return (bytes(self.kind_offset) + kind).ljust(self.mutex, b"\0")

    def size(self, locks: int) -> int:
        """The size of a segment for so many locks, rounded up to whole bitmaps."""
        return self.header + -(-locks // LOCKS_PER_BITMAP) * self.group

    def groups_in(self, size: int) -> int:
        """How many whole lock groups a segment of ``size`` bytes has."""
        return max(size - self.header, 0) // self.group

    def bitmap_offset(self, index: int) -> int:
        """Where the bitmap of a group stands."""
        return self.header + index * self.group

    def mutex_of(self, number: int) -> int:
        """Where the mutex of a lock stands."""
        index, within = divmod(number, LOCKS_PER_BITMAP)
        return self.bitmap_offset(index) + self.mutex_offset + within * self.mutex


def layout_of(architecture: str) -> Layout:
    """The layout on a machine, named as the kernel names it (``x86_64``)."""
    mutex, alignment = _MUTEX.get(architecture, _DEFAULT_MUTEX)
    offset = _rounded(4, alignment)
    order = ">" if architecture in _BIG_ENDIAN else "<"
    header = _rounded(offset + mutex + 8, alignment)
    return Layout(mutex, offset, header, offset + LOCKS_PER_BITMAP * mutex, order)


def read_segment(content: bytes, layout: Layout) -> LockSegment:
    """What a segment says, whatever it holds: no check of the magic, and bitmaps only as far as the content goes.

    What is missing of a header reads as zeroes, as in the page that maps it; the size tells.
    """
    header = content[: layout.header].ljust(layout.header, b"\0")
    magic, unused = struct.unpack_from(layout.order + "HH", header)
    bitmaps, locks = struct.unpack_from(layout.order + "II", header, layout.counts_offset)
    present = min(bitmaps, layout.groups_in(len(content)))
    allocated = tuple(number for index in range(present) for number in _set_bits(content, layout, index))
    return LockSegment(magic, unused, bitmaps, locks, len(content), allocated)


def read_mutexes(content: bytes, layout: Layout) -> tuple[Mutex, ...]:
    """The mutexes of a segment that are not as a free one is, the segment's own first; as far as the content goes."""
    form = struct.Struct(f"{layout.order}I4xI{layout.kind_offset - 12}xI{layout.mutex - layout.kind_offset - 4}x")
    own = content[layout.mutex_offset : layout.counts_offset]
    found = [Mutex(-1, *form.unpack(own))] if len(own) == form.size else []
    for index in range(layout.groups_in(len(content))):
        start = layout.mutex_of(index * LOCKS_PER_BITMAP)
        group = content[start : start + LOCKS_PER_BITMAP * layout.mutex]
        found += (Mutex(index * LOCKS_PER_BITMAP + at, *one) for at, one in enumerate(form.iter_unpack(group)))
    return tuple(one for one in found if not is_free(one))


def is_free(mutex: Mutex) -> bool:
    """Whether nobody holds a mutex, and it is robust and shared by processes, as libpod makes it."""
    return not (mutex.word or mutex.owner) and mutex.kind & SHARED_AND_ROBUST == SHARED_AND_ROBUST


def lock_subject(name: str, number: int) -> str:
    """What a lock of a segment is called."""
    return f"lock {number} of {name}"


def _set_bits(content: bytes, layout: Layout, index: int) -> tuple[int, ...]:
    (bits,) = struct.unpack_from(layout.order + "I", content, layout.bitmap_offset(index))
    if not bits:
        return ()
    return tuple(index * LOCKS_PER_BITMAP + bit for bit in range(LOCKS_PER_BITMAP) if bits >> bit & 1)


def _rounded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
