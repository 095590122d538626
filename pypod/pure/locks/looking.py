"""What is to be seen of the locks, before anybody asks whose they are: the segment, or the directory of lock files."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

import msgspec
from returns.result import Failure, Result

from pypod.pure.facts import DirectoryEntry, FileStatus, LockSegment, SegmentLocks
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.locks.decide import LockKind, mapped_beyond_end, rounded, segment_path, unopened
from pypod.pure.locks.holders import Held, Hold, RecordLock, held_of, process_of
from pypod.pure.locks.layout import MAGIC, Layout
from pypod.pure.locks.report import Place


def is_missing(answer: Result[object, HostError]) -> bool:
    """Whether there is nothing to look at."""
    return isinstance(answer, Failure) and answer.failure().errno == errno.ENOENT


def unreadable(path: str) -> Callable[[HostError], Problem]:
    """Locks that may not be looked at."""

    def problem(error: HostError) -> Problem:
        return Refused(f"cannot look at the locks in {path}: {error.reason}", path, cause=error)

    return problem


def of_segment(name: str, wanted: int, seen: SegmentLocks, layout: Layout) -> Place:
    """The segment as it is; ``wanted`` is how many locks the configuration asks for."""
    segment = seen.segment
    return Place(
        kind=LockKind.SHM,
        path=segment_path(name),
        size=segment.size,
        locks=segment.locks,
        wanted=wanted,
        allocated=segment.allocated,
        held=held_of(seen.mutexes) if segment.magic == MAGIC else (),
        damage=_damage(name, wanted, segment, layout),
    )


def _damage(name: str, wanted: int, segment: LockSegment, layout: Layout) -> str:
    """With which words libpod refuses the segment, or dies of it."""
    empty = mapped_beyond_end(name, wanted, segment)
    if empty is not None:
        return empty.hint
    number = errno.EBADF if segment.magic != MAGIC else errno.ERANGE if segment.locks != rounded(wanted) else 0
    if number:
        refused = unopened(name, wanted, HostError(number, "shm_open", name), renumber=False).failure()
        return refused.message + (f" ({refused.hint})" if refused.hint else "")
    if segment.size < layout.size(segment.locks):
        return f"{segment_path(name)} is shorter than its {segment.locks} locks need, and podman would die of SIGBUS"
    return ""


def lock_numbers(entries: tuple[DirectoryEntry, ...]) -> tuple[int, ...]:
    """The numbers of the lock files in a directory; other files are no locks."""
    return tuple(sorted(int(one.name) for one in entries if one.name.isascii() and one.name.isdecimal()))


def of_file(number: int, status: Result[FileStatus, HostError], locked: tuple[RecordLock, ...]) -> Iterator[Held]:
    """Who has the record lock of a lock file."""
    if isinstance(status, Failure):
        return
    ours = [one for one in locked if one.is_of(status.unwrap())]
    awaited = any(one.waits for one in ours)
    for one in ours:
        if not one.waits:
            yield Held(number, Hold.HELD, one.process, one.process, awaited=awaited)


def called(held: Held, status: Result[bytes, HostError]) -> Held:
    """With the command of the process that holds it, from its ``/proc/<process>/status``."""
    _, command = process_of(status.value_or(b""))
    return msgspec.structs.replace(held, command=command)
