"""Ending a container's processes: its signal, the time it has, and SIGKILL (``ConmonOCIRuntime.StopContainer``)."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.facts import Waited
from pypod.pure.failure import Problem
from pypod.pure.program import Program, attempt, notes
from pypod.pure.stopping.decide import is_gone
from pypod.pure.stopping.signalling import (
    Attempt,
    Target,
    attempts,
    is_stopped,
    kill_command,
    not_dead,
    process_of,
    refused_pings,
    sending_said,
    state_command,
    stopping_said,
    unsent,
    was_sent,
)
from pypod.pure.vocabulary.containers import AskRuntime, AwaitEnd, PingProcess, SignalContainer


def end_processes(target: Target, timeout: int) -> Program[Result[None, Problem]]:
    """Signal a container until it is gone.  Its lock is not held meanwhile, so that others can look at it."""
    yield from notes((stopping_said(target.container),))
    pinged = yield from attempt(PingProcess(target.container.pid))
    if isinstance(pinged, Failure) and is_gone(pinged.failure()):
        return Success(None)
    for one in attempts(target.container, timeout):
        outcome = yield from _tried(target, one)
        if outcome is not None:
            return outcome
        yield from notes(one.said)
    return Failure(not_dead(target.container))


def _tried(target: Target, one: Attempt) -> Program[Result[None, Problem] | None]:
    """Send a signal and wait for what comes of it; ``None``: the container is still there."""
    container = target.container
    yield from notes((sending_said(container, one.signal),))
    command = kill_command(target, one.signal)
    effect = SignalContainer(command, target.runtime_directory, one.signal, process_of(target))
    sent = yield from attempt(effect)
    if not was_sent(sent):
        told = yield from attempt(AskRuntime(state_command(target), target.runtime_directory))
        pinged = yield from attempt(PingProcess(container.pid))
        return unsent(target, one.signal, sent, pinged, stopped=is_stopped(told))
    waited = (yield from attempt(AwaitEnd(container.pid, one.limit))).value_or(Waited(gone=False))
    yield from notes(refused_pings(container.pid, waited))
    return Success(None) if waited.gone else None
