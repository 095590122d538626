"""Looking at a lock segment: two reads and nothing held."""

from __future__ import annotations

import os

from returns.result import Result

from pypod.effects.linux.refusal import asked
from pypod.pure.facts import LockSegment
from pypod.pure.failure import HostError
from pypod.pure.locks.layout import layout_of, read_segment

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where the C library keeps segments
_LARGEST = 1 << 28


def _segment(path: str) -> LockSegment:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        size = os.fstat(descriptor).st_size
        return read_segment(os.pread(descriptor, min(size, _LARGEST), 0), layout_of(os.uname().machine))
    finally:
        os.close(descriptor)


class LinuxLocks:
    """The lock segments of this host, as they are seen."""

    def read_lock_segment(self, name: str, /) -> Result[LockSegment, HostError]:
        return asked("shm_open", name, lambda: _segment(f"{SHARED_MEMORY}/{name.lstrip('/')}"))
