"""Migrating: what runs is stopped, runtimes are reset, the pause process ends."""

from __future__ import annotations

from returns.result import Failure

from pypod.pure.configuration.keys import TMP_DIR
from pypod.pure.database.facts import ContainerFacts, StateObjects
from pypod.pure.draft import Draft
from pypod.pure.events.line import Event
from pypod.pure.events.stage import write_event
from pypod.pure.lifecycle.decide import wrapped
from pypod.pure.lifecycle.loading_stage import load_containers, sync_container
from pypod.pure.lifecycle.migrate import (
    NOT_DEAD,
    STOPPED,
    STOPPING,
    STOPPING_ALL,
    announced,
    conmon_missing,
    is_gone,
    new_runtime,
    not_rewritten,
    not_signalled,
    not_stopped,
    pause_file_kept,
    pause_process,
    pause_process_kept,
    rewritten,
    running,
    state_set,
    stop_signal,
)
from pypod.pure.program import Program, attempt, need, notes, settle
from pypod.pure.userns.decide import pause_path
from pypod.pure.vocabulary.changes import RemoveFile
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.process import IsAlive
from pypod.pure.vocabulary.services import KillProcess


def migrate(draft: Draft) -> Program[Draft]:
    """Stop, then look at the runtime that is asked for, then rewrite configurations: libpod's order."""
    draft, objects = yield from load_containers(draft)
    for container in objects.containers:
        yield from sync_container(draft, container)
    yield from notes((STOPPING_ALL,))
    for container in running(objects):
        yield from notes(announced(container))
        yield from _stop(draft, container)
    runtime = settle(new_runtime(draft.configured.migrate_runtime, draft.runtimes))
    yield from _rewrite(draft, objects, runtime)
    if draft.surroundings.rootless:
        yield from _end_pause_process(draft)
    return draft


def _stop(draft: Draft, container: ContainerFacts) -> Program[None]:
    """Signal the container's process; its state says what is going on before and after."""
    conmon = yield from attempt(IsAlive(container.conmon_pid))
    conmon_lives = not container.conmon_pid or conmon.value_or(True)
    before = state_set(container, STOPPING)
    saving = f"cannot stop container {container.id}: error saving container {container.id} state"
    yield from need(UpdateDatabase(draft.database_path, (before,)), wrapped(f"{saving} before stopping"))
    yield from _signal(container)
    yield from write_event(draft, Event("container", "stop", container.id, container.name))
    after = state_set(container, STOPPED, stopped=True)
    yield from need(UpdateDatabase(draft.database_path, (after,)), wrapped(f"{saving} after stopping"))
    if not conmon_lives:
        settle(Failure(not_stopped(container, conmon_missing(container))))


def _signal(container: ContainerFacts) -> Program[None]:
    """The stop signal; a process that does not die of it is left alone."""
    if not (yield from need(IsAlive(container.pid), not_signalled(container))):
        return
    sent = yield from attempt(KillProcess(container.pid, stop_signal(container)))
    if isinstance(sent, Failure) and not is_gone(sent.failure()):
        settle(sent.alt(not_signalled(container)))
    if (yield from need(IsAlive(container.pid), not_signalled(container))):
        settle(Failure(not_stopped(container, NOT_DEAD)))


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
