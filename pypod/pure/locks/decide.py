"""Which lock manager a runtime uses, and what its failures are called (``getLockManager``, ``libpod/lock``)."""

from __future__ import annotations

import errno
from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.facts import LockSegment
from pypod.pure.failure import HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import joined
from pypod.pure.locks.layout import LOCKS_PER_BITMAP
from pypod.pure.surroundings.facts import Surroundings

SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - where shm_open puts its files
DIRECTORY_MODE: Final = 0o711
LOCK_FILE_MODE: Final = 0o666
REMOVING_OLD: Final = "Number of locks does not match - removing old locks"


class LockKind(Enum):
    """The two lock managers."""

    SHM = "shm"
    FILE = "file"


class Opening(Enum):
    """What to do about a segment that could not be opened."""

    CREATE = "create"
    REPLACE = "replace"


def lock_kind(lock_type: str) -> Result[LockKind, Problem]:
    """The manager that ``engine.lock_type`` names; empty is ``shm``."""
    kinds = {"": LockKind.SHM, "shm": LockKind.SHM, "file": LockKind.FILE}
    kind = kinds.get(lock_type)
    if kind is None:
        return Failure(InvalidArgument.saying(f"unknown lock type {lock_type}", "engine.lock_type"))
    return Success(kind)


def segment_name(surroundings: Surroundings) -> str:
    """The segment's name: one for root, one for each rootless user, whatever the roots in use."""
    return f"/libpod_rootless_lock_{surroundings.rootless_uid}" if surroundings.rootless else "/libpod_lock"


def segment_path(name: str) -> str:
    """The file of a segment."""
    return SHARED_MEMORY + name


def rounded(locks: int) -> int:
    """How many locks a segment for so many has: whole bitmaps."""
    return -(-locks // LOCKS_PER_BITMAP) * LOCKS_PER_BITMAP


def checked_number(locks: int) -> Result[int, Problem]:
    """The number of locks, which must not be zero."""
    if locks:
        return Success(locks)
    return Failure(InvalidArgument("number of locks must be greater than 0: invalid argument", "engine.num_locks"))


def unopened(name: str, locks: int, error: HostError, *, renumber: bool) -> Result[Opening, Problem]:
    """What to do about a segment that could not be opened.

    A missing one is created.  One with another number of locks is replaced when locks are renumbered.
    """
    if error.errno == errno.ENOENT:
        return Success(Opening.CREATE)
    if error.errno == errno.ERANGE and renumber:
        return Success(Opening.REPLACE)
    problem = Refused(f"failed to open {locks} locks in {name}: {error.reason}", segment_path(name), cause=error)
    if error.errno != errno.ERANGE:
        return Failure(problem)
    advice = (
        f"the segment was made for another number of locks than engine.num_locks ({locks}): stop every podman of this "
        f"user, remove {segment_path(name)}, run any command, then renumber"
    )
    return Failure(problem.hinting(advice, "LK-02"))


def may_be_empty(error: HostError) -> bool:
    """Whether a segment that could not be opened may have no page that libpod could read."""
    return error.errno == errno.EBADF


def mapped_beyond_end(name: str, locks: int, segment: LockSegment) -> Problem | None:
    """An empty segment: libpod maps it unseen and dies of SIGBUS, with Go's exit status 2.

    ``None`` where there is a first page: what is missing of a header reads as zeroes in it.
    """
    if segment.size:
        return None
    problem = Refused(f"failed to open {locks} locks in {name}: bus error", segment_path(name), exit_status=2)
    advice = f"{segment_path(name)} is empty, and podman would die of SIGBUS: remove it while no podman runs"
    return problem.hinting(advice, "LK-07")


def unfreed(name: str) -> Callable[[HostError], Problem]:
    """A segment that claims more bitmaps than are mapped: libpod walks past the end and dies, with Go's exit status 2."""

    def problem(error: HostError) -> Problem:
        failed = Refused(f"failed to free all locks in {name}: {error.reason}", segment_path(name), cause=error)
        return msgspec.structs.replace(failed, exit_status=2) if error.errno == errno.EFAULT else failed

    return problem


def uncreated(name: str, locks: int, opening: Opening) -> Callable[[HostError], Problem]:
    """A segment that could not be created; libpod wraps it only where there was none before."""

    def problem(error: HostError) -> Problem:
        text = f"failed to create {locks} locks in {name}: {error.reason}"
        failed = Refused(text, segment_path(name), cause=error)
        failed = failed.hinting("libpod keeps its locks in /dev/shm: it must be a writable tmpfs", "LK-01")
        return failed if opening is Opening.REPLACE else failed.wrapped("failed to get new shm lock manager")

    return problem


def unremoved(name: str) -> Callable[[HostError], Problem]:
    """An old segment that could not be removed."""

    def problem(error: HostError) -> Problem:
        return Refused(error.message, error.subject, cause=error).wrapped(f"error removing libpod locks file {name}")

    return problem


def initialized(name: str) -> str:
    """What libpod says of a segment that it made."""
    return f"Initialized SHM lock manager at path {name}"


def locks_directory(tmp_dir: str) -> str:
    """Where the lock files are."""
    return joined(tmp_dir, "locks")


def lock_file(directory: str, number: int) -> str:
    """The file of a lock."""
    return joined(directory, str(number))


def lock_file_refused(problem: Problem) -> Problem:
    """A lock file that cannot be opened when its lock is taken: libpod panics, with Go's exit status 2."""
    return _panicked(problem.wrapped("error acquiring lock"))


def within(number: int, maximum: int) -> str:
    """Why a segment's manager does not take a number; empty where it does."""
    if number < maximum:
        return ""
    return f"lock ID {number} is too large - max lock size is {maximum - 1}: invalid argument"


def unallocated(error: HostError, maximum: int) -> str:
    """Why a lock of a segment could not be allocated."""
    return f"allocation failed; exceeded num_locks ({maximum})" if error.errno == errno.ENOSPC else error.reason


def _beyond(number: int, maximum: int) -> str:
    """What libpod says where a lock is used or freed that the segment has not; the maximum itself passes."""
    if number <= maximum:
        return ""
    return f"given semaphore {number} is higher than maximum locks count {maximum}: invalid argument"


def freeable(number: int, maximum: int) -> str:
    """Why a segment's manager does not free a number; empty where it tries."""
    return _beyond(number, maximum)


def takeable(number: int, maximum: int) -> Result[int, Problem]:
    """A lock that can be taken.  Of another one libpod panics, with Go's exit status 2."""
    refusal = _beyond(number, maximum)
    return Failure(_panicked(InvalidArgument(refusal, "engine.num_locks"))) if refusal else Success(number)


def untaken(error: HostError) -> Problem:
    """A lock that could not be taken: libpod panics."""
    return _panicked(Refused(error.reason, error.subject, cause=error))


def _panicked(problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, exit_status=2)


def unfreed_file(error: HostError, number: int) -> str:
    """Why a lock file could not be removed."""
    return f"deallocating lock {number}: {error.message}"


def is_taken(error: HostError) -> bool:
    """Whether a lock file is there already, and so the next number is tried."""
    return error.errno == errno.EEXIST


def file_uncreated(error: HostError, number: int | None) -> str:
    """Why a lock file could not be made."""
    return (
        f"error creating lock {number}: {error.message}"
        if number is not None
        else f"creating lock file: {error.message}"
    )
