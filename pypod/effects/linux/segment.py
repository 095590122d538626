"""The lock segment in shared memory: made, mapped, and what is in it.  Each function raises OSError.

Rule 1: nothing is mapped that is not there: the file's size is looked at first, and only whole lock groups are used.  A
        page beyond the end of a file kills whoever touches it.
Rule 2: a segment that is being made has its pages before anything is written into it: a tmpfs that is full kills, too.
Rule 3: a segment in which a lock is held stays mapped, to the end of the process and through it: the kernel finds the
        locks of a dead thread by the addresses at which they were mapped.
Rule 4: bitmaps are looked at and changed under the segment's own mutex.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import struct
from collections.abc import Generator
from typing import Final

from pypod.effects.linux.entries import entry_of
from pypod.effects.linux.mutex import SharedMutex, initialize, interoperable
from pypod.pure.facts import Entry, LockSegment
from pypod.pure.locks.layout import LOCKS_PER_BITMAP, MAGIC, Layout, layout_of, read_segment

MODE: Final = 0o600

_FULL: Final = 0xFFFFFFFF

_mapped: dict[tuple[int, int], MappedSegment] = {}
"""The segments that this process has mapped, by device and inode: each once."""


def own_layout() -> Layout:
    """How a segment is laid out on this machine.  ENOSYS where podman's mutexes are not those of this process."""
    layout = layout_of(os.uname().machine)
    if not interoperable() or (layout.mutex < 32) != (ctypes.sizeof(ctypes.c_void_p) < 8):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return layout


def create_segment(path: str, locks: int) -> Entry:
    """Make a segment as libpod's ``setup_lock_shm`` makes it; nothing is left where that fails."""
    if locks <= 0:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    layout = own_layout()
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, MODE)
    try:
        size = layout.size(locks)
        os.ftruncate(descriptor, size)
        os.posix_fallocate(descriptor, 0, size)
        with mmap.mmap(descriptor, size) as memory:
            _fill(memory, layout, -(-locks // LOCKS_PER_BITMAP))
        return entry_of(os.fstat(descriptor))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - one function a system call
        raise
    finally:
        os.close(descriptor)


def _fill(memory: mmap.mmap, layout: Layout, bitmaps: int) -> None:
    """The header, then the segment's mutex, then the groups: libpod's order."""
    locks = bitmaps * LOCKS_PER_BITMAP
    struct.pack_into(f"{layout.order}HH", memory, 0, MAGIC, 0)
    struct.pack_into(f"{layout.order}I", memory, layout.counts_offset + 4, locks)
    struct.pack_into(f"{layout.order}I", memory, layout.counts_offset, bitmaps)
    first = ctypes.c_char.from_buffer(memory)
    start = ctypes.addressof(first)
    try:
        initialize((start + layout.mutex_offset, *(start + layout.mutex_of(number) for number in range(locks))))
    finally:
        # What exports the memory must be gone before it is unmapped, also on the way of an exception.
        del first


def map_segment(path: str, locks: int) -> MappedSegment:
    """Map a segment of ``locks`` locks, or share the mapping of it that this process has.

    The failures are those of libpod's ``open_lock_shm``: ENOENT, ELOOP, EACCES, then EBADF (magic), then ERANGE (another
    number of locks).
    """
    if locks <= 0:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    layout = own_layout()
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        header = read_segment(os.pread(descriptor, layout.header, 0), layout)
        if header.magic != MAGIC:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if header.locks != -(-locks // LOCKS_PER_BITMAP) * LOCKS_PER_BITMAP:
            raise OSError(errno.ERANGE, os.strerror(errno.ERANGE))
        place = (status.st_dev, status.st_ino)
        if place not in _mapped:
            memory = mmap.mmap(descriptor, min(status.st_size, layout.size(locks)))
            _mapped[place] = MappedSegment(path, memory, layout, header, entry_of(status))
        _mapped[place].users += 1
        return _mapped[place]
    finally:
        os.close(descriptor)


def unmap_segment(segment: MappedSegment) -> None:
    """Unmap a segment that none of its users needs any more."""
    segment.users -= 1
    if not segment.users:
        for place in [place for place, one in _mapped.items() if one is segment]:
            del _mapped[place]
        segment.unmap()


class MappedSegment:
    """A segment that is mapped: its locks, and which of them are allocated.  Each method raises OSError."""

    def __init__(self, path: str, memory: mmap.mmap, layout: Layout, header: LockSegment, entry: Entry) -> None:
        self.path = path
        self.entry = entry
        self.users = 0
        self.locks = header.locks
        # Not even the end of the interpreter unmaps it (rule 3): this reference is given back by unmap alone.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(memory))
        self._memory = memory
        self._export: ctypes.c_char | None = ctypes.c_char.from_buffer(memory)
        self._start = ctypes.addressof(self._export)
        self._layout = layout
        self._word = struct.Struct(f"{layout.order}I")
        self._bitmaps = header.bitmaps
        self._groups = min(header.bitmaps, layout.groups_in(len(memory)))
        self._mutex = SharedMutex(self._start + layout.mutex_offset)
        self._mutexes: dict[int, SharedMutex] = {}

    def unmap(self) -> None:
        """Unmap it, for good: no lock in it is held."""
        self._export = None
        self._memory.close()
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(self._memory))

    def lock(self, number: int) -> SharedMutex:
        """The lock of a number, allocated or not.  EINVAL; EFAULT where its group is not there."""
        mutex = self._mutexes.get(number)
        if mutex is None:
            self._check(number)
            mutex = self._mutexes[number] = SharedMutex(self._start + self._layout.mutex_of(number))
        return mutex

    def forget(self) -> None:
        """In a child: what its parent holds is not held here."""
        for mutex in (self._mutex, *self._mutexes.values()):
            mutex.thread = 0

    # -- the bitmaps

    def allocate(self, number: int | None) -> int:
        """Set the bit of a lock, or of the lowest that is free.  ENOSPC, EINVAL, EEXIST; EFAULT where its group is not there."""
        with self._alone():
            chosen = self._lowest_free() if number is None else number
            self._check(chosen)
            index, bit = divmod(chosen, LOCKS_PER_BITMAP)
            bits = self._bits(index)
            if bits >> bit & 1:
                raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
            self._set(index, bits | 1 << bit)
            return chosen

    def free(self, number: int) -> None:
        """Clear the bit of a lock.  EINVAL, ENOENT, EFAULT."""
        self._check(number)
        with self._alone():
            index, bit = divmod(number, LOCKS_PER_BITMAP)
            bits = self._bits(index)
            if not bits >> bit & 1:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            self._set(index, bits & ~(1 << bit))

    def free_all(self) -> bool:
        """Clear every bit; whether one was set.  EFAULT where the header tells of groups that are not there."""
        if self._bitmaps > self._groups:
            raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
        with self._alone():
            used = [index for index in range(self._groups) if self._bits(index)]
            for index in used:
                self._set(index, 0)
            return bool(used)

    def _lowest_free(self) -> int:
        for index in range(self._groups):
            free = ~self._bits(index) & _FULL
            if free:
                return index * LOCKS_PER_BITMAP + (free & -free).bit_length() - 1
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _check(self, number: int) -> None:
        if not 0 <= number < self.locks:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if number >= self._groups * LOCKS_PER_BITMAP:
            raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))

    def _bits(self, index: int) -> int:
        (bits,) = self._word.unpack_from(self._memory, self._layout.bitmap_offset(index))
        return int(bits)

    def _set(self, index: int, bits: int) -> None:
        self._word.pack_into(self._memory, self._layout.bitmap_offset(index), bits)

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        """Under the segment's mutex.  What was refused is not given back: a handler of a signal may have interrupted its holder."""
        refused = False
        try:
            try:
                self._mutex.acquire()
            except OSError:
                refused = True
                raise
            yield
        finally:
            if not refused:
                self._mutex.give_up()


def _forget() -> None:
    for segment in _mapped.values():
        segment.forget()


os.register_at_fork(after_in_child=_forget)
