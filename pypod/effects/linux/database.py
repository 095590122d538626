"""Reading a state database that podman may be writing at this moment.

Rule 1: no lock is waited for, and none is taken unless podman commits all the time while we read.
Rule 2: what is read is one transaction.  bbolt writes a transaction to pages that its predecessor does not use, and its
        meta page last; so what was read is consistent if the meta pages are the same before and after.
Rule 3: nothing is mapped: a file that is cut while it is read gives fewer bytes, not a signal.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Generator
from typing import Final, TypeVar

from returns.result import Failure, Result

from pypod.effects.linux.content import MOST
from pypod.effects.linux.refusal import asked
from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import Snapshot, open_snapshot
from pypod.pure.database.facts import ContainerFacts, DatabaseFacts, StateObjects
from pypod.pure.database.objects import container_of_snapshot, facts_of_snapshot, objects_of_snapshot
from pypod.pure.database.tree import damage
from pypod.pure.failure import HostError

T = TypeVar("T")

_ATTEMPTS: Final = 8
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def read_database(path: str) -> Result[DatabaseFacts, HostError]:
    """The buckets and the runtime configuration.  Failures: ``open`` with an errno, or bbolt's words."""
    return read_snapshot(path, facts_of_snapshot)


def read_objects(path: str) -> Result[StateObjects, HostError]:
    """The containers, pods and volumes.  Failures as for :func:`read_database`."""
    return read_snapshot(path, objects_of_snapshot)


def read_container(path: str, container: str) -> Result[ContainerFacts | None, HostError]:
    """One container.  Failures as for :func:`read_database`."""
    return read_snapshot(path, lambda snapshot: container_of_snapshot(snapshot, container))


class LinuxDatabase:
    """The observing half of the database for a Linux machine."""

    def read_database(self, path: str, /) -> Result[DatabaseFacts, HostError]:
        return read_database(path)

    def read_objects(self, path: str, /) -> Result[StateObjects, HostError]:
        return read_objects(path)

    def read_container(self, path: str, container: str, /) -> Result[ContainerFacts | None, HostError]:
        return read_container(path, container)


def read_snapshot(path: str, reading: Callable[[Snapshot], Result[T, BoltError]]) -> Result[T, HostError]:
    """What ``reading`` makes of a consistent snapshot.  Failures: ``open`` with an errno, or bbolt's words."""
    opened = asked("open", path, lambda: open_quietly(path))
    if isinstance(opened, Failure):
        return opened
    descriptor = opened.unwrap()
    try:
        answer = asked("read", path, lambda: _snapshot_of(descriptor, path, reading))
        return answer if isinstance(answer, Failure) else answer.unwrap()
    finally:
        os.close(descriptor)


def open_quietly(path: str) -> int:
    """Open for reading, without touching the access time where that is permitted; only a regular file."""
    try:
        descriptor = os.open(path, _READ | os.O_NOATIME)
    except PermissionError:
        descriptor = os.open(path, _READ)
    status = os.fstat(descriptor)
    mode = status.st_mode
    if stat.S_ISREG(mode) and status.st_size <= MOST:
        return descriptor
    os.close(descriptor)
    if stat.S_ISREG(mode):
        raise OSError(errno.EFBIG, "larger than any file that is read whole")
    raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, "not a regular file")


def _snapshot_of(
    descriptor: int, path: str, reading: Callable[[Snapshot], Result[T, BoltError]]
) -> Result[T, HostError]:
    """What ``reading`` makes of a consistent snapshot: tried a few times, at last under a shared lock if it is free."""
    for _ in range(_ATTEMPTS):
        result, consistent = _attempt(descriptor, path, reading)
        if consistent:
            return result
    with _shared_lock(descriptor) as locked:
        result, consistent = _attempt(descriptor, path, reading)
    return result if locked or consistent else Failure(HostError(errno.EAGAIN, "open", path))


def _attempt(
    descriptor: int, path: str, reading: Callable[[Snapshot], Result[T, BoltError]]
) -> tuple[Result[T, HostError], bool]:
    """What one reading gives, and whether the meta pages stayed as they were meanwhile."""
    page_size = os.sysconf("SC_PAGE_SIZE")
    content = _content(descriptor)
    snapshot = open_snapshot(content, page_size)
    if isinstance(snapshot, Failure):
        return Failure(damage(snapshot.failure(), path)), _unchanged(descriptor, content, page_size)
    opened = snapshot.unwrap()
    consistent = _unchanged(descriptor, content, opened.page_size)
    return reading(opened).alt(lambda error: damage(error, path)), consistent


def _content(descriptor: int) -> bytearray:
    """The whole file, as far as it goes while it is read: what is added meanwhile is of a later transaction."""
    content = bytearray(os.fstat(descriptor).st_size)
    read = 0
    with memoryview(content) as view:
        while read < len(view) and (count := os.preadv(descriptor, [view[read:]], read)):
            read += count
    del content[read:]
    return content


def _unchanged(descriptor: int, content: bytearray, page_size: int) -> bool:
    return os.pread(descriptor, 2 * page_size, 0) == bytes(content[: 2 * page_size])


@contextlib.contextmanager
def _shared_lock(descriptor: int) -> Generator[bool, None, None]:
    """The shared lock of bbolt's readers if it is free; it is not waited for."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


__all__ = ["LinuxDatabase", "open_quietly", "read_container", "read_database", "read_objects", "read_snapshot"]
