"""Migrating: what runs is stopped, runtimes are reset, the pause process ends."""

from __future__ import annotations

from returns.result import Result

from pypod.pure.configuration.keys import TMP_DIR
from pypod.pure.database.facts import ContainerFacts, StateObjects
from pypod.pure.draft import Draft, Locks
from pypod.pure.failure import Problem
from pypod.pure.lifecycle.loading_stage import load_containers
from pypod.pure.lifecycle.migrate import (
    STOPPING_ALL,
    announced,
    new_runtime,
    not_rewritten,
    not_stopped,
    pause_file_kept,
    pause_process,
    pause_process_kept,
    rewritten,
    running,
)
from pypod.pure.program import Program, attempt, need, notes, settle
from pypod.pure.stopping.stage import stop
from pypod.pure.stopping.sync_stage import state_of
from pypod.pure.userns.decide import pause_path
from pypod.pure.vocabulary.changes import RemoveFile
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.services import KillProcess


def migrate(draft: Draft, locks: Locks) -> Program[Draft]:
    """Stop, then look at the runtime that is asked for, then rewrite configurations: libpod's order."""
    draft, objects = yield from load_containers(draft)
    states: list[Result[ContainerFacts, Problem]] = []
    for container in objects.containers:
        state = yield from state_of(draft, locks, container)
        states.append(state)
    yield from notes((STOPPING_ALL,))
    for container in running(tuple(states)):
        yield from notes((announced(container),))
        stopped = yield from stop(draft, locks, container, container.stop_timeout)
        settle(stopped.alt(not_stopped(container)))
    runtime = settle(new_runtime(draft.configured.migrate_runtime, draft.runtimes))
    yield from _rewrite(draft, objects, runtime)
    if draft.surroundings.rootless:
        yield from _end_pause_process(draft)
    return draft


def _rewrite(draft: Draft, objects: StateObjects, runtime: str) -> Program[None]:
    for container, said, changes in rewritten(objects, runtime):
        yield from notes(said)
        yield from need(UpdateDatabase(draft.database_path, changes), not_rewritten(container))


def _end_pause_process(draft: Draft) -> Program[None]:
    """The file goes first, then the process."""
    path = settle(pause_path(draft.setting(TMP_DIR)))
    pid = settle(pause_process(path, (yield from attempt(ReadFile(path)))))
    if pid is not None:
        yield from need(RemoveFile(path), pause_file_kept(path))
        yield from need(KillProcess(pid, 9), pause_process_kept)
