"""Writing a state database that podman may want to write at the same moment.

Rule 1: bbolt's own lock is held from before the file is read until after it is written.
Rule 2: what was decided on an earlier look is looked at again under the lock: the file as a whole, and the expectations.
Rule 3: the former transaction stays whole until the last page of the new one is on the disk.  A failure or the end of
        the process at any step leaves the one or the other; where a failure can still be answered, the former.
Rule 4: no reader is kept waiting: readers take no lock.
Rule 5: a file that is not sound is not written, nor one beside which a newer Podman keeps its state in ``db.sql``.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from returns.result import Failure, Result, Success

from pypod.effects.linux.flock import open_locked
from pypod.effects.linux.known import KnownFile
from pypod.effects.linux.looked_at import FileContent, whole_content
from pypod.effects.linux.refusal import asked
from pypod.effects.linux.steps import performed, sync_directory, write_at
from pypod.pure.bolt.check import check
from pypod.pure.bolt.commit import begin
from pypod.pure.bolt.create import new_database
from pypod.pure.bolt.meta import MAGIC
from pypod.pure.bolt.page import HEADER_SIZE, Content
from pypod.pure.bolt.snapshot import Snapshot, open_snapshot, view
from pypod.pure.bolt.working import Nodes
from pypod.pure.bolt.writes import PageWrites, Step, Sync, Write
from pypod.pure.database.buckets import BoltBuckets, damage
from pypod.pure.database.expectations import unmet
from pypod.pure.database.facts import Expectation, StateChange
from pypod.pure.database.touched import touched
from pypod.pure.database.tree import transaction
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, Entry, FileType
from pypod.pure.failure import HostError

T = TypeVar("T")
Perform: TypeAlias = Callable[[int, Step], None]
"""Does one step on a descriptor; raises OSError."""

LIMIT: Final = 30.0
"""Seconds that a lock is waited for."""

_COMMITTED: Final = "transaction"
_NEWER: Final = "db.sql"


class LinuxDatabaseChanges:
    """The changing half of the database for a Linux machine.

    ``limit``: seconds that a lock is waited for.  ``perform`` does the steps of a commit.
    """

    def __init__(self, limit: float = LIMIT, perform: Perform = performed) -> None:
        self._limit = limit
        self.perform = perform
        self._known: KnownFile | None = None

    def create_database(self, path: str, /) -> Result[Changed, HostError]:
        missing = not os.path.lexists(path)
        return self._locked(
            path, os.O_CREAT, lambda descriptor, place: self._create(descriptor, path, place, missing=missing)
        )

    def update_database(
        self, path: str, changes: tuple[StateChange, ...], expected: tuple[Expectation, ...] = (), /
    ) -> Result[Changed, HostError]:
        return self._locked(path, 0, lambda descriptor, place: self._update(descriptor, path, place, changes, expected))

    def back_up_database(self, path: str, to: str, /) -> Result[Changed, HostError]:
        def copy(descriptor: int, _: str) -> Result[Changed, HostError]:
            content = asked("read", path, lambda: whole_content(descriptor))
            if isinstance(content, Failure):
                return content
            held = content.unwrap()
            return asked("open", to, lambda: _new_file(to, held))

        return self._locked(path, 0, copy)

    def _locked(
        self, path: str, flags: int, use: Callable[[int, str], Result[Changed, HostError]]
    ) -> Result[Changed, HostError]:
        """Use a file that is locked: its descriptor, and where it is without links."""
        place = os.path.realpath(path)
        newer = _newer_places(place)
        refused = _newer_state(path, newer)
        if refused is not None:
            return Failure(refused)
        opened = open_locked(path, os.O_RDWR | flags, self._limit)
        if isinstance(opened, Failure):
            return opened
        descriptor = opened.unwrap()
        try:
            # Once more: it may have come while the lock was waited for.
            refused = _newer_state(path, newer)
            return use(descriptor, place) if refused is None else Failure(refused)
        finally:
            os.close(descriptor)

    def _create(self, descriptor: int, path: str, place: str, *, missing: bool) -> Result[Changed, HostError]:
        found = _entry(descriptor)
        if found.size:
            return Success(NOTHING_CHANGED)
        content = new_database(os.sysconf("SC_PAGE_SIZE"))
        try:
            self.perform(descriptor, Write(0, content))
            self.perform(descriptor, Sync())
            sync_directory(path)
        except OSError as error:
            # Half of a new file is none that anybody could open.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            return Failure(HostError(error.errno or errno.EIO, "write", path))
        before = None if missing else found
        return Success(Changed((Change(place, before, _entry(descriptor), "empty database"),)))

    def _update(
        self,
        descriptor: int,
        path: str,
        place: str,
        changes: tuple[StateChange, ...],
        expected: tuple[Expectation, ...],
    ) -> Result[Changed, HostError]:
        known = self._sound(descriptor, path)
        if isinstance(known, Failure):
            return known
        self._known = known.unwrap()
        snapshot = Snapshot(FileContent(descriptor, self._known.size), self._known.meta)
        nodes = self._known.nodes
        read = asked("read", path, lambda: planned(snapshot, path, changes, expected, nodes))
        decided = read if isinstance(read, Failure) else read.unwrap()
        if isinstance(decided, Failure):
            return decided
        writes, details = decided.unwrap()
        before = _entry(descriptor)
        failed = self._write(descriptor, path, self._known, writes)
        if failed is not None:
            return Failure(failed)
        after = _entry(descriptor)
        return Success(Changed(tuple(Change(place, before, after, detail) for detail in details or (_COMMITTED,))))

    def _sound(self, descriptor: int, path: str) -> Result[KnownFile, HostError]:
        """The file as it is now.  One that nobody but this machine wrote since it was checked is not checked again."""
        if self._known is not None and self._known.holds(descriptor):
            return Success(self._known)
        self._known = None
        read = asked("read", path, lambda: sound_snapshot(FileContent(descriptor), path))
        opened = read if isinstance(read, Failure) else read.unwrap()
        if isinstance(opened, Failure):
            return opened
        snapshot = opened.unwrap()
        return asked("read", path, lambda: KnownFile(descriptor, snapshot))

    def _write(self, descriptor: int, path: str, known: KnownFile, writes: PageWrites) -> HostError | None:
        """Do the steps; why that did not work.  The former transaction is current again then, as it was not answered."""
        self._known = None
        try:
            for step in writes.steps:
                self.perform(descriptor, step)
        except OSError as error:
            with contextlib.suppress(OSError):
                # The meta page that the new transaction was to replace, in case it was written.
                performed(descriptor, known.meta_page(writes.meta.txid % 2))
                performed(descriptor, Sync())
            return HostError(error.errno or errno.EIO, "write", path)
        self._known = known.after(writes)
        return None


def sound_snapshot(content: Content, path: str) -> Result[Snapshot, HostError]:
    """A file that may be written; else why not: bbolt's words, or what is wrong inside."""
    own = os.sysconf("SC_PAGE_SIZE")
    opened = open_snapshot(content, own)
    if isinstance(opened, Failure):
        foreign = content[HEADER_SIZE : HEADER_SIZE + 4] == MAGIC.to_bytes(4, "big")
        text = f"{path} was written by a big-endian machine; it is not written here"
        return Failure(HostError(0, "", path, text) if foreign else damage(opened.failure(), path))
    snapshot = opened.unwrap()
    if snapshot.page_size != own:
        text = f"{path} has pages of {snapshot.page_size} bytes, this machine's have {own}; it is not written here"
        return Failure(HostError(0, "", path, text))
    wrong = "; ".join(error.message for error in check(snapshot)[:3])
    if wrong:
        return Failure(HostError(0, "", path, f"{path} is damaged and is not written: {wrong}"))
    return Success(snapshot)


def planned(
    snapshot: Snapshot,
    path: str,
    changes: tuple[StateChange, ...],
    expected: tuple[Expectation, ...],
    nodes: Nodes | None = None,
) -> Result[tuple[PageWrites, tuple[str, ...]], HostError]:
    """What a transaction writes, and what really changes; ESTALE where an expectation is not met.

    ``nodes`` are what is known of the file from transactions before.
    """
    if expected:
        differs = view(snapshot, lambda root: unmet(expected, snapshot.txid, BoltBuckets(root)))
        if isinstance(differs, Failure):
            return Failure(damage(differs.failure(), path))
        if differs.unwrap():
            return Failure(HostError(errno.ESTALE, "update", path, differs.unwrap()))
    begun = begin(snapshot, nodes or Nodes())
    if isinstance(begun, Failure):
        return Failure(damage(begun.failure(), path))
    writing = begun.unwrap()
    part = touched(writing.root, changes)
    if isinstance(part, Failure):
        return Failure(damage(part.failure(), path))
    asked_for = transaction(part.unwrap(), changes)
    if isinstance(asked_for, Failure):
        return asked_for
    done = asked_for.unwrap()
    writes = writing.commit(done.changes)
    return writes.alt(lambda error: damage(error, path)).map(lambda it: (it, done.details))


def _newer_places(path: str) -> tuple[str, str]:
    """Where a newer Podman would keep its state beside a database: in its directory, or in the one above."""
    directory = path.rpartition("/")[0]
    return f"{directory}/{_NEWER}", f"{directory.rpartition('/')[0]}/{_NEWER}"


def _newer_state(path: str, places: tuple[str, str]) -> HostError | None:
    """Why a database is not written beside which a newer Podman keeps its state: what is written would be lost to it."""
    for newer in places:
        if os.path.lexists(newer):
            return HostError(errno.EPERM, "", path, f"a newer Podman keeps its state in {newer}; {path} is not written")
    return None


def _new_file(path: str, content: bytearray) -> Changed:
    """A file of our own, on the disk with its name; none is left where that fails."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_at(descriptor, 0, content)
        os.fsync(descriptor)
        sync_directory(path)
        return Changed((Change(path, None, _entry(descriptor), "backup"),))
    except OSError:
        os.unlink(path)  # noqa: PTH108 - one function a system call
        raise
    finally:
        os.close(descriptor)


def _entry(descriptor: int) -> Entry:
    found = os.fstat(descriptor)
    return Entry(FileType.FILE, found.st_mode & 0o7777, found.st_uid, found.st_gid, found.st_size)


__all__ = ["LIMIT", "LinuxDatabaseChanges", "Perform", "planned", "sound_snapshot"]
