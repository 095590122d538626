"""Looking at the locks of a user without taking one and without constructing a runtime."""

from __future__ import annotations

from returns.result import Failure

from pypod.pure.configuration.keys import LOCK_TYPE, NUM_LOCKS, TMP_DIR
from pypod.pure.database.decide import unopened
from pypod.pure.draft import Draft
from pypod.pure.lifecycle.decide import alive_file
from pypod.pure.locks.decide import LockKind, lock_file, lock_kind, locks_directory, segment_name, segment_path
from pypod.pure.locks.holders import RECORD_LOCKS, Held, record_locks
from pypod.pure.locks.layout import layout_of
from pypod.pure.locks.looking import called, is_missing, lock_numbers, of_file, of_segment, unreadable
from pypod.pure.locks.report import Database, Place, Report, report_of
from pypod.pure.program import Program, attempt, settle
from pypod.pure.vocabulary.files import ListDirectory, ReadFile, Stat
from pypod.pure.vocabulary.locks import ReadLocks
from pypod.pure.vocabulary.state import ReadReferences
from pypod.runtime.state import TO_THE_STATE, Wanted, located


def look(wanted: Wanted) -> Program[Report]:
    """The locks, their owners in the database that is asked for, their holders."""
    draft = yield from TO_THE_STATE(Draft(wanted.request))
    kind = settle(lock_kind(draft.setting(LOCK_TYPE)))
    database = yield from _database(draft, wanted)
    configured = dict((database.held.config if database.held else None) or ())
    tmp_dir = configured.get("tmp-dir") or draft.setting(TMP_DIR)
    alive = yield from attempt(Stat(alive_file(tmp_dir)))
    if kind is LockKind.FILE:
        place = yield from _lock_files(locks_directory(tmp_dir))
    else:
        place = yield from _segment(draft)
    return report_of(place, database, refresh=is_missing(alive))


def _database(draft: Draft, wanted: Wanted) -> Program[Database]:
    where = yield from located(draft, wanted)
    if not where.is_there:
        return Database(where.path)
    read = yield from attempt(ReadReferences(where.path))
    unread = read.alt(unopened(where.path))
    if isinstance(unread, Failure):
        return Database(where.path, unread=unread.failure().message)
    return Database(where.path, unread.unwrap())


def _segment(draft: Draft) -> Program[Place]:
    name, wanted = segment_name(draft.surroundings), draft.setting(NUM_LOCKS)
    seen = yield from attempt(ReadLocks(name))
    if is_missing(seen):
        return Place(LockKind.SHM, segment_path(name), there=False, wanted=wanted)
    layout = layout_of(draft.surroundings.host.architecture)
    return of_segment(name, wanted, settle(seen.alt(unreadable(segment_path(name)))), layout)


def _lock_files(directory: str) -> Program[Place]:
    """A lock file is held by who has the record lock on it; the kernel lists these by device and inode."""
    listed = yield from attempt(ListDirectory(directory))
    if is_missing(listed):
        return Place(LockKind.FILE, directory, there=False)
    numbers = lock_numbers(settle(listed.alt(unreadable(directory))))
    content = (yield from attempt(ReadFile(RECORD_LOCKS))).value_or(b"")
    locked = tuple(one for one in record_locks(content) if one.kind == "POSIX")
    held: list[Held] = []
    for number in numbers if locked else ():
        status = yield from attempt(Stat(lock_file(directory, number)))
        held += of_file(number, status, locked)
    return Place(LockKind.FILE, directory, allocated=numbers, held=(yield from _called(held)))


def _called(held: list[Held]) -> Program[tuple[Held, ...]]:
    named: list[Held] = []
    for one in held:
        status = yield from attempt(ReadFile(f"/proc/{one.process}/status"))
        named.append(called(one, status))
    return tuple(named)
