"""Stopping a container (``Container.StopWithTimeout``): its state, its processes, how it ended.

A failure is a value: who stops many goes on with the next one.
"""

from __future__ import annotations

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import TMP_DIR
from pypod.pure.database.facts import ContainerFacts
from pypod.pure.draft import Draft, Locks
from pypod.pure.events.stage import write_event
from pypod.pure.failure import Problem, Refused
from pypod.pure.locks.stage import under_lock
from pypod.pure.oci.decide import exits_directory
from pypod.pure.program import Program, attempt, need, notes
from pypod.pure.stopping.decide import (
    STOPPING,
    assumed_conmon,
    conmon_lives,
    conmon_missing,
    interfered,
    is_removed,
    not_saved,
    reaches_all,
    runtime_there,
    stop_event,
    stoppable,
    stopping_said,
    unsaved,
    unsynced,
)
from pypod.pure.stopping.exits import FILE_LIMIT, ended, ended_unknown, not_left, signalled, stopping
from pypod.pure.stopping.exits import unsaved as end_unsaved
from pypod.pure.stopping.signal_stage import end_processes
from pypod.pure.stopping.signalling import Target
from pypod.pure.stopping.sync_stage import exit_file, how_ended, synchronised
from pypod.pure.vocabulary.containers import AwaitFile, PingProcess
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.pure.vocabulary.host import ReadClock
from pypod.pure.xdg.decide import PODMAN
from pypod.pure.xdg.stage import runtime_directory

_DONE: Result[None, Problem] = Success(None)


class _Begun(Struct, frozen=True):
    """A container whose stop has begun, and whether its conmon lived then."""

    target: Target
    conmon: bool


def stop(draft: Draft, locks: Locks, container: ContainerFacts, timeout: int) -> Program[Result[None, Problem]]:
    """Stop a container; it has ``timeout`` seconds from its own signal to SIGKILL, none where that is 0."""
    began = yield from under_lock(locks, container.lock, lambda _: _begin(draft, container, timeout))
    if isinstance(began, Failure):
        return Failure(began.failure())
    begun = began.unwrap()
    outcome = yield from end_processes(begun.target, timeout)
    return (yield from under_lock(locks, container.lock, lambda _: _finish(draft, begun, outcome)))


def _begin(draft: Draft, container: ContainerFacts, timeout: int) -> Program[Result[_Begun, Problem]]:
    """Look whether it can be stopped, and say in its state that it is being stopped."""
    read = yield from synchronised(draft, container)
    able = read if isinstance(read, Failure) else stoppable(read.unwrap())
    if isinstance(able, Failure):
        return Failure(able.failure())
    now = able.unwrap()
    yield from notes((stopping_said(now, timeout),))
    runtime = runtime_there(now, draft.runtimes.get(now.runtime) if now.runtime else draft.default_runtime)
    if isinstance(runtime, Failure):
        return Failure(runtime.failure())
    conmon = yield from _conmon(now)
    if isinstance(conmon, Failure):
        return Failure(conmon.failure())
    saved = yield from attempt(UpdateDatabase(draft.database_path, (stopping(now),)))
    if isinstance(saved, Failure):
        return Failure(not_saved(now, saved.failure(), "before stopping"))
    directory = yield from _runtime_directory(draft)
    exits, everyone = exits_directory(draft.setting(TMP_DIR)), reaches_all(now, draft.surroundings)
    return Success(_Begun(Target(now, runtime.unwrap(), directory, exits, everyone), conmon.unwrap()))


def _conmon(container: ContainerFacts) -> Program[Result[bool, Problem]]:
    if container.conmon_pid:
        return conmon_lives(container, (yield from attempt(PingProcess(container.conmon_pid))))
    lives, said = assumed_conmon(container)
    yield from notes(said)
    return Success(lives)


def _runtime_directory(draft: Draft) -> Program[str]:
    """What an OCI runtime is told of its user; root's has no directory."""
    around = draft.surroundings
    if not around.rootless:
        return ""
    found = yield from runtime_directory(PODMAN, around.rootless_uid, around.identity.euid)
    return found.value_or("")


def _finish(draft: Draft, begun: _Begun, outcome: Result[None, Problem]) -> Program[Result[None, Problem]]:
    """See what became of it meanwhile, and wait for how it ended."""
    container = begun.target.container
    read = yield from synchronised(draft, container)
    if isinstance(read, Failure):
        problem: Problem = read.failure()
        if isinstance(outcome, Failure) and not is_removed(problem):
            yield from notes((unsynced(container, problem),))
        return outcome if isinstance(outcome, Failure) or is_removed(problem) else Failure(problem)
    if isinstance(outcome, Failure):
        return outcome
    now = read.unwrap()
    if now.state != STOPPING:
        yield from notes((interfered(now, now.state),))
        return _DONE
    yield from write_event(draft, stop_event(now))
    if not begun.conmon:
        return (yield from _without_conmon(draft, now))
    saved = yield from attempt(UpdateDatabase(draft.database_path, (signalled(now),)))
    if isinstance(saved, Failure):
        return Failure(not_saved(now, saved.failure(), "after stopping"))
    return (yield from _await_end(draft, now))


def _without_conmon(draft: Draft, container: ContainerFacts) -> Program[Result[None, Problem]]:
    """Nobody is there who could tell how it ended."""
    change = ended_unknown(container, (yield from need(ReadClock())))
    saved = yield from attempt(UpdateDatabase(draft.database_path, (change,)))
    if isinstance(saved, Failure):
        yield from notes((unsaved(container, saved.failure()),))
    return Failure(conmon_missing(container))


def _await_end(draft: Draft, container: ContainerFacts) -> Program[Result[None, Problem]]:
    """Wait until conmon has told how it ended, and save that (``waitForExitFileAndSync``)."""
    path = exit_file(draft, container)
    there = yield from attempt(AwaitFile(path, FILE_LIMIT))
    if isinstance(there, Failure) or not there.unwrap():
        change = ended_unknown(container, (yield from need(ReadClock())))
        saved = yield from attempt(UpdateDatabase(draft.database_path, (change,)))
        if isinstance(saved, Failure):
            yield from notes((end_unsaved(container, saved.failure()),))
        return Failure(not_left(path, there))
    looked = yield from how_ended(draft, container)
    if isinstance(looked, Failure):
        return Failure(looked.failure())
    how = looked.unwrap()
    change = ended(container, how.code, how.moment, oom=how.oom) if how is not None else signalled(container)
    saved = yield from attempt(UpdateDatabase(draft.database_path, (change,)))
    return saved.map(lambda _: None).alt(lambda error: Refused(error.message, error.subject, cause=error))
