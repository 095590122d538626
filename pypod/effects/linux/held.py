"""What a process holds on this host: record locks on files, mapped lock segments, and the locks in them.

Handles are numbered from 1 in the order of taking, whatever is taken, as in the simulated kernel: so tapes compare.
"""

from __future__ import annotations

import errno
import itertools
import threading
from collections.abc import Callable
from typing import TypeVar

from returns.result import Failure, Result, Success

from pypod.effects.linux import recordlocks
from pypod.effects.linux.locks import path_of
from pypod.effects.linux.mutex import SharedMutex
from pypod.effects.linux.refusal import asked
from pypod.effects.linux.segment import MappedSegment, create_segment, map_segment, unmap_segment
from pypod.pure.facts import NOTHING_CHANGED, Allocated, Change, Changed, Handle
from pypod.pure.failure import HostError
from pypod.pure.locks.decide import rounded
from pypod.pure.locks.layout import lock_subject

T = TypeVar("T")

_RELEASED: Result[None, HostError] = Success(None)


class LinuxLocksHeld:
    """The locks of this host, as they are taken."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._files: dict[int, tuple[recordlocks.Entry, int]] = {}
        self._segments: dict[int, MappedSegment] = {}
        self._locks: dict[int, tuple[SharedMutex, int]] = {}
        """A lock that is held, and the handle of the mapping through which it was taken."""

    def _handle(self, subject: str) -> Handle:
        return Handle(next(self._numbers), subject)

    # -- record locks

    def take_file_lock(self, path: str, exclusive: bool, /) -> Result[Handle, HostError]:
        taken = asked("open", path, lambda: recordlocks.take(path, exclusive=exclusive))
        if isinstance(taken, Failure):
            return taken
        handle = self._handle(path)
        self._files[handle.number] = taken.unwrap(), threading.get_ident()
        return Success(handle)

    def release_file_lock(self, handle: Handle, /) -> Result[None, HostError]:
        held = self._files.pop(handle.number, None)
        if held is None:
            return _refused(errno.EBADF, "close", handle)
        return asked("close", handle.subject, lambda: recordlocks.give_back(*held))

    # -- the segment

    def create_lock_segment(self, name: str, locks: int, /) -> Result[Changed, HostError]:
        path = path_of(name)
        made = asked("shm_open", name, lambda: create_segment(path, locks))
        return made.map(lambda entry: Changed((Change(path, None, entry, f"{rounded(locks)} locks"),)))

    def map_lock_segment(self, name: str, locks: int, /) -> Result[Handle, HostError]:
        mapped = asked("shm_open", name, lambda: map_segment(path_of(name), locks))
        if isinstance(mapped, Failure):
            return mapped
        handle = self._handle(name)
        self._segments[handle.number] = mapped.unwrap()
        return Success(handle)

    def unmap_lock_segment(self, handle: Handle, /) -> Result[None, HostError]:
        segment = self._segments.get(handle.number)
        if segment is None:
            return _refused(errno.EBADF, "munmap", handle)
        if any(mapping == handle.number for _, mapping in self._locks.values()):
            return _refused(errno.EBUSY, "munmap", handle)
        del self._segments[handle.number]
        return asked("munmap", handle.subject, lambda: unmap_segment(segment))

    def allocate_lock(self, handle: Handle, number: int | None, /) -> Result[Allocated, HostError]:
        chosen = self._asked("allocate", handle, lambda segment: segment.allocate(number))
        return chosen.map(lambda one: Allocated(self._altered(handle, f"lock {one}").changes, number=one))

    def free_lock(self, handle: Handle, number: int, /) -> Result[Changed, HostError]:
        freed = self._asked("free", handle, lambda segment: segment.free(number))
        return freed.map(lambda _: self._altered(handle, f"lock {number}"))

    def free_all_locks(self, handle: Handle, /) -> Result[Changed, HostError]:
        freed = self._asked("free", handle, MappedSegment.free_all)
        return freed.map(lambda any_: self._altered(handle, "all locks freed") if any_ else NOTHING_CHANGED)

    def _asked(self, call: str, handle: Handle, run: Callable[[MappedSegment], T]) -> Result[T, HostError]:
        segment = self._segments.get(handle.number)
        if segment is None:
            return _refused(errno.EBADF, call, handle)
        return asked(call, handle.subject, lambda: run(segment))

    def _altered(self, handle: Handle, detail: str) -> Changed:
        """A segment keeps its size, mode and owner."""
        segment = self._segments[handle.number]
        return Changed((Change(segment.path, segment.entry, segment.entry, detail),))

    # -- the locks in it

    def take_lock(self, handle: Handle, number: int, /) -> Result[Handle, HostError]:
        subject = lock_subject(handle.subject, number)
        segment = self._segments.get(handle.number)
        if segment is None:
            return Failure(HostError(errno.EBADF, "lock", subject))
        try:
            mutex = segment.lock(number)
            mutex.acquire()
        except OSError as error:
            return Failure(HostError(error.errno or errno.EIO, "lock", subject))
        taken = self._handle(subject)
        self._locks[taken.number] = mutex, handle.number
        return Success(taken)

    def release_lock(self, handle: Handle, /) -> Result[None, HostError]:
        held = self._locks.get(handle.number)
        if held is None:
            return _refused(errno.EBADF, "unlock", handle)
        try:
            held[0].release()
        except OSError as error:
            return Failure(HostError(error.errno or errno.EIO, "unlock", handle.subject))
        del self._locks[handle.number]
        return _RELEASED


def _refused(number: int, call: str, handle: Handle) -> Failure[HostError]:
    return Failure(HostError(number, call, handle.subject))
