"""Who holds which lock: read from the words of a segment's mutexes, or from the kernel's list of record locks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

from msgspec import Struct

from pypod.pure.facts import FileStatus, Mutex
from pypod.pure.locks.layout import SHARED_AND_ROBUST, THREAD

RECORD_LOCKS: Final = "/proc/locks"

_WAITERS: Final = 1 << 31
_OWNER_DIED: Final = 1 << 30
_NOT_RECOVERABLE: Final = 0x7FFFFFFE


class Hold(Enum):
    """What is the matter with a lock that is not free."""

    HELD = "held"
    ABANDONED = "abandoned"
    """Its holder died; whoever takes it next takes it over."""
    RUINED = "ruined"
    """It was taken over and given back without being made consistent: nobody can take it any more, podman panics."""
    UNMADE = "unmade"
    """Its mutex was never made: whoever made the segment died over it."""


class Held(Struct, frozen=True):
    """A lock that is not free: its number, -1 for the segment's own; the thread that holds it (or held it, when it died),
    the thread's process and command where they are known, and whether somebody waits for it.
    """

    number: int
    hold: Hold
    thread: int = 0
    process: int = 0
    command: str = ""
    awaited: bool = False


def held_of(mutexes: Iterable[Mutex]) -> tuple[Held, ...]:
    """The locks that the mutexes tell of.  One that is just changing hands is none."""
    return tuple(
        Held(one.number, hold, one.word & THREAD or _noted(one), one.process, one.command, bool(one.word & _WAITERS))
        for one in mutexes
        if (hold := _hold(one)) is not None
    )


def _hold(mutex: Mutex) -> Hold | None:
    if mutex.kind & SHARED_AND_ROBUST != SHARED_AND_ROBUST:
        return Hold.UNMADE
    if mutex.word & THREAD:
        return Hold.HELD
    if mutex.word & _OWNER_DIED:
        return Hold.ABANDONED
    return Hold.RUINED if mutex.owner == _NOT_RECOVERABLE else None


def _noted(mutex: Mutex) -> int:
    """The owner that the C library noted, where it is a thread."""
    return mutex.owner if mutex.owner < _NOT_RECOVERABLE else 0


def process_of(status: bytes) -> tuple[int, str]:
    """The process of a thread and its command, from ``/proc/<thread>/status``; 0 and empty where it does not tell."""
    parted = (line.partition(":\t") for line in status.decode("utf-8", "replace").splitlines())
    fields = {name: value for name, _, value in parted}
    process = fields.get("Tgid", "")
    return int(process) if process.isdecimal() else 0, fields.get("Name", "")


class RecordLock(Struct, frozen=True):
    """A line of ``/proc/locks``: the kind (``POSIX``, ``FLOCK``), the process, the file, whether it waits for the lock."""

    kind: str
    process: int
    major: int
    minor: int
    inode: int
    waits: bool = False

    def is_of(self, file: FileStatus) -> bool:
        """Whether it is on that file."""
        return (self.major, self.minor) == _device(file.device) and self.inode == file.inode


def record_locks(content: bytes) -> Iterator[RecordLock]:
    """The locks of a ``/proc/locks``; one of a process in another namespace has no process."""
    for line in content.decode("ascii", "replace").splitlines():
        words = [word for word in line.split() if word != "->"]
        if len(words) < 6 or words[5].count(":") != 2 or not words[4].lstrip("-").isdecimal():
            continue
        major, minor, inode = words[5].split(":")
        yield RecordLock(words[1], max(int(words[4]), 0), int(major, 16), int(minor, 16), int(inode), "->" in line)


def _device(number: int) -> tuple[int, int]:
    """Linux's ``major`` and ``minor`` of a device number."""
    return (number >> 8 & 0xFFF) | (number >> 32 & ~0xFFF), (number & 0xFF) | (number >> 12 & 0xFFFFFF00)
