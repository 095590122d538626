"""Which containers run (``Runtime.GetRunningContainers``)."""

from __future__ import annotations

from returns.result import Result

from pypod.pure.database.facts import ContainerFacts
from pypod.pure.draft import Draft, Locks
from pypod.pure.failure import Problem
from pypod.pure.lifecycle.loading_stage import load_containers
from pypod.pure.lifecycle.migrate import running
from pypod.pure.program import Program
from pypod.pure.stopping.sync_stage import state_of


def running_containers(draft: Draft, locks: Locks) -> Program[tuple[ContainerFacts, ...]]:
    """Those that run now, each looked at under its lock; one that ended unnoticed is recorded as ended."""
    _, objects = yield from load_containers(draft)
    states: list[Result[ContainerFacts, Problem]] = []
    for container in objects.containers:
        state = yield from state_of(draft, locks, container)
        states.append(state)
    return running(tuple(states))
