"""Looking at a lock segment: reads, and nothing held."""

from __future__ import annotations

import os

import msgspec
from returns.result import Result

from pypod.effects.linux.content import content_of
from pypod.effects.linux.refusal import asked
from pypod.pure.facts import LockSegment, Mutex, SegmentLocks
from pypod.pure.failure import HostError
from pypod.pure.locks.layout import THREAD, layout_of, read_mutexes, read_segment

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where the C library keeps segments
_LARGEST = 1 << 28


def path_of(name: str) -> str:
    """The file of a segment: glibc's ``shm_open``."""
    return f"{SHARED_MEMORY}/{name.lstrip('/')}"


def _content(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, min(size, _LARGEST), 0)
    finally:
        os.close(descriptor)


def _segment(name: str) -> LockSegment:
    return read_segment(_content(path_of(name)), layout_of(os.uname().machine))


def _locks(name: str) -> SegmentLocks:
    """The segment of one moment, and who the threads are that held mutexes then.

    A thread that is not there any more may have given its mutex back meanwhile: that is looked at once more.
    """
    layout = layout_of(os.uname().machine)
    content = _content(path_of(name))
    mutexes = tuple(map(_with_process, read_mutexes(content, layout)))
    if not all(one.process for one in mutexes if one.word & THREAD):
        again = {one.number: one.word for one in read_mutexes(_content(path_of(name)), layout)}
        mutexes = tuple(one for one in mutexes if one.process or again.get(one.number) == one.word)
    return SegmentLocks(read_segment(content, layout), mutexes)


def _with_process(mutex: Mutex) -> Mutex:
    thread = mutex.word & THREAD
    if not thread:
        return mutex
    from pypod.pure.locks.holders import process_of

    try:
        process, command = process_of(content_of(f"/proc/{thread}/status"))
    except OSError:
        return mutex
    return msgspec.structs.replace(mutex, process=process, command=command)


class LinuxLocks:
    """The lock segments of this host, as they are seen."""

    def read_lock_segment(self, name: str, /) -> Result[LockSegment, HostError]:
        return asked("shm_open", name, lambda: _segment(name))

    def read_locks(self, name: str, /) -> Result[SegmentLocks, HostError]:
        return asked("shm_open", name, lambda: _locks(name))
