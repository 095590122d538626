"""Reading a state database that podman may be writing at this moment.

Rule 1: no lock is waited for, and none is taken unless podman commits all the time while we read.
Rule 2: what is read is one transaction.  bbolt writes a transaction to pages that its predecessor does not use, and its
        meta page last; so what was read is consistent if the newest meta page is the same before and after.
Rule 3: only the pages that are looked at are read, unless podman is quicker than that: then the file is copied first.
Rule 4: a writer that finds our lock tries again 50 ms later, so it is held for a copy at most.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Generator
from itertools import count
from typing import Final, Generic, TypeVar

from returns.result import Failure, Result

from pypod.effects.linux.content import MOST
from pypod.effects.linux.looked_at import FileContent, whole_content
from pypod.effects.linux.refusal import asked
from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.meta import Meta, current_meta
from pypod.pure.bolt.page import Content
from pypod.pure.bolt.snapshot import Snapshot, open_snapshot
from pypod.pure.database.buckets import damage
from pypod.pure.database.facts import ContainerFacts, DatabaseFacts, StateObjects
from pypod.pure.database.runtime_config import facts_of_snapshot
from pypod.pure.failure import HostError

T = TypeVar("T")

PATIENCE: Final = 5.0
"""Seconds after which no further attempt is made."""

_WITHOUT_LOCK: Final = 3
"""Attempts before the first that looks for the lock; after a long reading the next one does."""
_LOOKS: Final = 500
_PAUSE: Final = 0.0001
"""Seconds between looks for the lock: shorter than bbolt needs to open the file again."""
_COPIED: Final = 1e-9
"""Seconds that a copy takes for each byte; a reading that takes longer is made from a copy."""
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def read_database(path: str) -> Result[DatabaseFacts, HostError]:
    """The buckets and the runtime configuration.  Failures: ``open`` with an errno, or bbolt's words."""
    return read_snapshot(path, facts_of_snapshot)


def read_objects(path: str) -> Result[StateObjects, HostError]:
    """The containers, pods and volumes.  Failures as for :func:`read_database`."""
    from pypod.pure.database.objects import objects_of_snapshot

    return read_snapshot(path, objects_of_snapshot)


def read_container(path: str, container: str) -> Result[ContainerFacts | None, HostError]:
    """One container.  Failures as for :func:`read_database`."""
    from pypod.pure.database.objects import container_of_snapshot

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
        answer = asked("read", path, _Reader(descriptor, path, reading).answer)
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


class _Reader(Generic[T]):
    """Attempts to read one file."""

    def __init__(self, descriptor: int, path: str, reading: Callable[[Snapshot], Result[T, BoltError]]) -> None:
        self._descriptor = descriptor
        self._path = path
        self._reading = reading
        self._page_size = os.sysconf("SC_PAGE_SIZE")
        self._copies = False

    def answer(self) -> Result[T, HostError]:
        """What was read: tried a few times, then also under a shared lock whenever that is free; EAGAIN at last."""
        given_up = time.monotonic() + PATIENCE
        for number in count():
            began = time.monotonic()
            found = self._locked() if self._copies or number >= _WITHOUT_LOCK else None
            if found is None:
                found = self._attempt()
            if found is not None:
                return found
            if began > given_up:
                break
            if not number:
                size = os.fstat(self._descriptor).st_size
                self._copies = time.monotonic() - began > size * _COPIED
        return Failure(HostError(errno.EAGAIN, "open", self._path))

    def _attempt(self) -> Result[T, HostError] | None:
        """What one reading gives; ``None`` where a transaction was committed meanwhile."""
        before = self._newest(FileContent(self._descriptor))
        content = self._content()
        answer = None if self._copies else self._read(content)
        if not self._newest(content) == before == self._newest(FileContent(self._descriptor)):
            return None
        return self._read(content) if answer is None else answer

    def _locked(self) -> Result[T, HostError] | None:
        """What is read while nobody writes; ``None`` where somebody does, each time that it is looked."""
        for _ in range(_LOOKS):
            with _shared_lock(self._descriptor) as locked:
                if locked:
                    content = self._content()
                    answer = None if self._copies else self._read(content)
                    break
            time.sleep(_PAUSE)
        else:
            return None
        return self._read(content) if answer is None else answer

    def _content(self) -> Content:
        return memoryview(whole_content(self._descriptor)) if self._copies else FileContent(self._descriptor)

    def _newest(self, content: Content) -> Result[Meta, BoltError]:
        return current_meta(content, self._page_size)

    def _read(self, content: Content) -> Result[T, HostError]:
        snapshot = open_snapshot(content, self._page_size)
        read = snapshot if isinstance(snapshot, Failure) else self._reading(snapshot.unwrap())
        return read.alt(lambda error: damage(error, self._path))


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
