"""Restoring the state database from an export: a look that decides, then the writing."""

from __future__ import annotations

from returns.result import Failure, Result

from pypod.pure.database.decide import unopened
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.installed.stage import installed_podman
from pypod.pure.program import Program, attempt, need, settle
from pypod.pure.state.choice import holds_something
from pypod.pure.state.facts import Content
from pypod.pure.state.restore import Restoration, hindrance, restoration
from pypod.pure.vocabulary.database import BackUpDatabase, CreateDatabase, UpdateDatabase
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.state import ReadContent
from pypod.runtime.backup import free_backup_path
from pypod.runtime.state import Wanted, find


def prepare(wanted: Wanted, export: Content, *, any_podman: bool) -> Program[Restoration]:
    """What restoring would do; changes nothing.  Refused where there is anything that could be lost."""
    where = yield from find(wanted)
    present: Content | None = None
    if holds_something((yield from attempt(Stat(where.path)))):
        present = yield from need(ReadContent(where.path), unopened(where.path))
    installed = yield from installed_podman()
    refused = hindrance(export, present, where.path, installed, any_podman=any_podman)
    if refused:
        stop: Result[None, Problem] = Failure(refused)
        settle(stop)
    backup = "" if present is None else (yield from free_backup_path(where.path))
    return restoration(export, present, where.path, backup)


def restore(wanted: Restoration) -> Program[None]:
    """Back up what is there, or make a new database; then the one transaction, if nothing was committed meanwhile."""
    if wanted.backup:
        yield from need(BackUpDatabase(wanted.path, wanted.backup), _unwritten)
    else:
        yield from need(CreateDatabase(wanted.path), _unwritten)
    yield from need(UpdateDatabase(wanted.path, wanted.changes, wanted.expected), _unwritten)


def _unwritten(error: HostError) -> Problem:
    return Refused(error.message, error.subject, cause=error).wrapped("the database was not restored")


__all__ = ["Restoration", "prepare", "restore"]
