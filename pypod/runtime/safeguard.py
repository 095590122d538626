"""What is looked at and put in safety before locks are renumbered or containers migrated for real.

A command runs :func:`safeguarded` before the program that renumbers or migrates;
a plan does neither, for it tells what Podman does.
"""

from __future__ import annotations

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import LOCK_TYPE, RUNTIMES
from pypod.pure.database.decide import unopened
from pypod.pure.database.facts import StateObjects
from pypod.pure.draft import Draft, Request
from pypod.pure.failure import Problem
from pypod.pure.lifecycle.guards import migrating, renumbering
from pypod.pure.lifecycle.migrate import undefined_runtime
from pypod.pure.locks.decide import LockKind, lock_kind, segment_name, segment_path
from pypod.pure.oci.decide import is_path
from pypod.pure.oci.stage import locate
from pypod.pure.options.commands import REWRITING
from pypod.pure.program import Program, need, settle
from pypod.pure.vocabulary.containers import FindMappers
from pypod.pure.vocabulary.database import ReadObjects
from pypod.runtime.backup import free_backup_path
from pypod.runtime.state import TO_THE_STATE, Wanted, find


def safeguarded(request: Request) -> Program[Request]:
    """The request with the backup of the database, where it is rewritten; ends with a Problem where that would harm."""
    if request.command not in REWRITING:
        return request
    return msgspec.structs.replace(request, backup=(yield from guard(request)))


def guard(request: Request) -> Program[str]:
    """Look whether ``system renumber`` or ``system migrate`` would harm anything; changes nothing.

    The path where the database is to be backed up; empty where there is none yet.  Ends with a Problem that says what would
    be harmed, and what to do about it.
    """
    draft = yield from TO_THE_STATE(Draft(request))
    where = yield from find(Wanted(request))
    if draft.configured.renumber:
        settle((yield from _renumbering(draft)))
    objects = StateObjects()
    if where.is_there:
        objects = yield from need(ReadObjects(where.path), unopened(where.path))
    if draft.configured.migrate:
        found = yield from _new_runtime(draft)
        settle(migrating(objects, draft.configured, found, rootless=draft.surroundings.rootless))
    if not where.is_there:
        return ""
    return (yield from free_backup_path(where.path))


def _renumbering(draft: Draft) -> Program[Result[None, Problem]]:
    """Lock files are opened anew for every lock that is taken: of them no process keeps a number."""
    kind = lock_kind(draft.setting(LOCK_TYPE))
    if isinstance(kind, Failure) or kind.unwrap() is LockKind.FILE:
        return kind.map(lambda _: None)
    segment = segment_path(segment_name(draft.surroundings))
    return renumbering(segment, (yield from need(FindMappers(segment))))


def _new_runtime(draft: Draft) -> Program[Result[str, Problem]]:
    """Where the runtime is that is asked for; of a path only the construction knows whether it is one."""
    name = draft.configured.migrate_runtime
    if is_path(name):
        return Success(name)
    paths = draft.setting(RUNTIMES).get(name)
    if not name or paths is None:
        return Failure(undefined_runtime(name))
    return (yield from locate(name, paths))
