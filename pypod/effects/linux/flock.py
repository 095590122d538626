"""The lock of a database: ``flock(2)`` on the file itself, as bbolt takes it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from typing import Final

from returns.result import Failure, Result, Success

from pypod.effects.linux.content import content_of
from pypod.effects.linux.refusal import asked
from pypod.pure.failure import HostError

RETRY: Final = 0.05
"""Seconds between attempts, as in bbolt."""


def open_locked(path: str, flags: int, limit: float) -> Result[int, HostError]:
    """A descriptor of the file, locked exclusively; closing it gives the lock back.

    ``flags`` are ``open``'s.  It is waited for ``limit`` seconds; after that EAGAIN tells who holds it, if ``/proc`` does.
    A file that was replaced while it was waited for is opened anew.
    """
    deadline = time.monotonic() + limit
    while True:
        opened = asked("open", path, lambda: _open(path, flags))
        if isinstance(opened, Failure):
            return opened
        descriptor, status = opened.unwrap()
        kept = False
        try:
            locked = asked("flock", path, lambda: _lock(descriptor, deadline))  # noqa: B023 - called at once
            if isinstance(locked, Failure):
                return locked
            if not locked.unwrap():
                return Failure(HostError(errno.EAGAIN, "flock", path, _held(descriptor, limit)))
            if _is_at(status, path):
                kept = True
                return Success(descriptor)
        finally:
            if not kept:
                os.close(descriptor)


def _open(path: str, flags: int) -> tuple[int, os.stat_result]:
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, 0o600)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return descriptor, status
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")


def _lock(descriptor: int, deadline: float) -> bool:
    """Whether the lock was got in time."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(RETRY, left))
        else:
            return True


def _is_at(status: os.stat_result, path: str) -> bool:
    """Whether the file that was opened, of which this was told then, is still what the path leads to."""
    try:
        return os.path.samestat(status, os.stat(path))  # noqa: PTH116 - one function a system call
    except OSError:
        return False


def _held(descriptor: int, limit: float) -> str:
    pid = holder(descriptor)
    by = f" by process {pid} ({_name(pid)})" if pid else ""
    return f"locked for more than {limit:g} seconds{by}"


def holder(descriptor: int) -> int:
    """The process that holds a lock on the file, from ``/proc/locks``; 0 where that does not tell."""
    status = os.fstat(descriptor)
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        lines = content_of("/proc/locks").decode("ascii", "replace").splitlines()
    except OSError:
        return 0
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == place and words[4].isdigit():
            return int(words[4])
    return 0


def _name(pid: int) -> str:
    """The command of a process without its arguments, which can hold secrets."""
    try:
        return content_of(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()
    except OSError:
        return "gone meanwhile"
