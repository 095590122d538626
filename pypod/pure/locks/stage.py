"""Opening or making the locks, and allocating them."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import LOCK_TYPE, NUM_LOCKS, TMP_DIR
from pypod.pure.draft import Draft, Locks
from pypod.pure.facts import Changed, Diagnostic, Handle, Level
from pypod.pure.failure import HostError
from pypod.pure.locks.decide import (
    DIRECTORY_MODE,
    LOCK_FILE_MODE,
    REMOVING_OLD,
    LockKind,
    Opening,
    checked_number,
    file_uncreated,
    freeable,
    initialized,
    is_taken,
    lock_file,
    lock_file_refused,
    lock_kind,
    locks_directory,
    mapped_beyond_end,
    may_be_empty,
    rounded,
    segment_name,
    segment_path,
    takeable,
    unallocated,
    uncreated,
    unfreed,
    unfreed_file,
    unopened,
    unremoved,
    untaken,
    within,
)
from pypod.pure.program import (
    Program,
    Stage,
    attempt,
    bracket,
    debug,
    keeping,
    need,
    note,
    notes,
    refused,
    settle,
    stage,
)
from pypod.pure.store.lockfile_stage import make_lock_file
from pypod.pure.store.locks import unopened as unopened_file
from pypod.pure.vocabulary.changes import CreateFile, MakeDirectories, RemoveFile
from pypod.pure.vocabulary.files import ListDirectory, Stat
from pypod.pure.vocabulary.locks import (
    AllocateLock,
    CreateLockSegment,
    FreeAllLocks,
    FreeLock,
    MapLockSegment,
    ReadLockSegment,
    ReleaseFileLock,
    ReleaseLock,
    TakeFileLock,
    TakeLock,
    UnmapLockSegment,
)

T = TypeVar("T")


def with_lock_manager(inner: Stage[Draft]) -> Stage[Draft]:
    """The stage in which the locks are opened; what needs them runs inside it.  A mapping outlives it, unless it fails."""

    def run(draft: Draft) -> Program[Draft]:
        if settle(lock_kind(draft.setting(LOCK_TYPE))) is LockKind.FILE:
            files = yield from _lock_files(draft)
            return (yield from inner(msgspec.structs.replace(draft, locks=files)))
        name = segment_name(draft.surroundings)
        number = settle(checked_number(draft.setting(NUM_LOCKS)))
        mapped = yield from attempt(MapLockSegment(name, number))
        maximum, said = number, tuple[Diagnostic, ...]()
        if isinstance(mapped, Failure):
            handle = yield from _make_segment(draft, name, number, mapped.failure())
            maximum, said = rounded(number), (Diagnostic(Level.DEBUG, initialized(name)),)
        else:
            handle = mapped.unwrap()

        def use(held: Handle) -> Program[Draft]:
            yield from notes(said)
            locks = Locks(LockKind.SHM.value, name, held, maximum)
            return (yield from inner(msgspec.structs.replace(draft, locks=locks)))

        return (yield from keeping(handle, UnmapLockSegment, use))

    return stage("locks", run)


def _make_segment(draft: Draft, name: str, number: int, error: HostError) -> Program[Handle]:
    """A new segment where the present one cannot be opened."""
    if may_be_empty(error):
        segment = yield from attempt(ReadLockSegment(name))
        dying = segment.map(lambda seen: mapped_beyond_end(name, number, seen)).value_or(None)
        if dying is not None:
            settle(Failure(dying))
    opening = settle(unopened(name, number, error, renumber=draft.configured.renumber))
    if opening is Opening.REPLACE:
        yield from debug(REMOVING_OLD)
        yield from need(RemoveFile(segment_path(name)), unremoved(name))
    yield from need(CreateLockSegment(name, number), uncreated(name, number, opening))
    return (yield from need(MapLockSegment(name, number), uncreated(name, number, opening)))


def _lock_files(draft: Draft) -> Program[Locks]:
    """The directory of the lock files, made where it is missing."""
    directory = locks_directory(draft.setting(TMP_DIR))
    there = yield from attempt(Stat(directory))
    if isinstance(there, Failure):
        if there.failure().errno != errno.ENOENT:
            settle(there.alt(refused("")))
        wrapping = refused("failed to get new file lock manager")
        yield from need(MakeDirectories(directory, DIRECTORY_MODE), wrapping)
    return Locks(LockKind.FILE.value, directory)


def retrievable(locks: Locks, number: int) -> str:
    """Why an object with that lock cannot be loaded; empty where it can.  A lock file is not looked at."""
    return within(number, locks.maximum) if locks.handle is not None else ""


def allocate(locks: Locks, number: int | None = None) -> Program[Result[int, str]]:
    """Allocate a lock, the given one or the lowest free one; the failure is libpod's text."""
    if locks.handle is None:
        return (yield from _allocate_file(locks, number))
    refusal = "" if number is None else within(number, locks.maximum)
    if refusal:
        return Failure(refusal)
    answer = yield from attempt(AllocateLock(locks.handle, number))
    return answer.map(lambda taken: taken.number).alt(lambda error: unallocated(error, locks.maximum))


def _allocate_file(locks: Locks, number: int | None) -> Program[Result[int, str]]:
    """A lock file of one's own: it must not have been there."""
    candidate = number or 0
    while True:
        made = yield from attempt(CreateFile(lock_file(locks.subject, candidate), LOCK_FILE_MODE, exclusive=True))
        if isinstance(made, Success):
            return Success(candidate)
        if number is not None or not is_taken(made.failure()):
            return Failure(file_uncreated(made.failure(), number))
        candidate += 1


def free(locks: Locks, number: int) -> Program[Result[Changed, str]]:
    """Free one lock; the failure is libpod's text."""
    if locks.handle is None:
        removed = yield from attempt(RemoveFile(lock_file(locks.subject, number)))
        return removed.alt(lambda error: unfreed_file(error, number))
    refusal = freeable(number, locks.maximum)
    if refusal:
        return Failure(refusal)
    freed = yield from attempt(FreeLock(locks.handle, number))
    return freed.alt(lambda error: error.reason)


def under_lock(locks: Locks, number: int, use: Callable[[Handle], Program[T]]) -> Program[T]:
    """Do something under the lock of an object, as whoever looks at its state does.  A missing lock file is made."""
    if locks.handle is not None:
        settle(takeable(number, locks.maximum))
        return (yield from bracket(TakeLock(locks.handle, number), ReleaseLock, use, untaken))
    path = lock_file(locks.subject, number)
    settle((yield from make_lock_file(path)).alt(lock_file_refused))
    opening = unopened_file(path)
    return (
        yield from bracket(TakeFileLock(path), ReleaseFileLock, use, lambda error: lock_file_refused(opening(error)))
    )


def free_all(locks: Locks) -> Program[None]:
    """Free every lock; mutexes that are held stay held.  The last lock file that stays ends the program."""
    if locks.handle is not None:
        yield from need(FreeAllLocks(locks.handle), unfreed(locks.subject))
        return
    entries = yield from need(ListDirectory(locks.subject), refused(f"error reading directory {locks.subject}"))
    last: Result[object, HostError] = Success(None)
    for entry in entries:
        path = f"{locks.subject}/{entry.name}"
        removed = yield from attempt(RemoveFile(path))
        if isinstance(removed, Failure):
            last = removed
            yield from note(Level.ERROR, f"deallocating lock {path}")
    settle(last.alt(refused("")))
