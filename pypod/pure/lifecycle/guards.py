"""What renumbering or migrating would harm, and Podman does it all the same: pypod's own look before either.

Renumbering does not harm containers that run: no process of theirs knows a lock, and what ends them reads its number
then.  It harms whoever has the lock segment mapped: such a process goes on with the numbers that it read before, so that
it and another one hold different locks for one container, or wait for the lock of a strange one.

Migrating stops what runs, which is what it is for.  It harms what it does not stop and cannot be got at afterwards:
containers that another OCI runtime keeps, and paused ones, whose namespaces go with a user's pause process.
"""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.configured import Configured
from pypod.pure.database.facts import ContainerFacts, StateObjects
from pypod.pure.facts import Mapper
from pypod.pure.failure import Problem, Refused
from pypod.pure.lifecycle.migrate import undefined_runtime
from pypod.pure.stopping.decide import CREATED, PAUSED, RUNNING, STOPPING, state_name

_KEPT: Final = (CREATED, PAUSED, STOPPING)
"""The states in which an OCI runtime keeps a container that a migration does not stop."""


def renumbering(segment: str, mappers: tuple[Mapper, ...]) -> Result[None, Problem]:
    """Refused while other processes hold locks by their old numbers; ``segment`` is the segment's file."""
    if not mappers:
        return Success(None)
    who = ", ".join(f"{one.pid} ({one.name})" for one in mappers)
    text = f"not renumbered: {segment} is in use by process {who}, which would go on with the old numbers"
    return Failure(Refused(text, segment, hint="let it come to its end, or end it, and renumber then"))


def migrating(
    objects: StateObjects, configured: Configured, found: Result[str, Problem], *, rootless: bool
) -> Result[None, Problem]:
    """Refused where a container could not be got at afterwards, or where containers would be stopped for nothing.

    ``found``: whether the new runtime is there; libpod only looks once everything is stopped.
    """
    runtime = configured.migrate_runtime
    if runtime and isinstance(found, Failure) and any(one.state == RUNNING for one in objects.containers):
        problem = undefined_runtime(runtime)
        return Failure(problem.hinting("nothing was stopped; Podman would have stopped every container first"))
    harmed = tuple(one for one in objects.containers if _harmed(one, runtime, rootless=rootless))
    if not harmed:
        return Success(None)
    which = ", ".join(f"{one.name} ({state_name(one.state)})" for one in harmed)
    why = (
        f"they are kept by another runtime than {runtime}" if runtime else "their namespaces go with the pause process"
    )
    text = f"not migrated: {which} could not be used afterwards: {why}"
    return Failure(Refused(text, harmed[0].id, hint="start, unpause or stop them, and migrate then"))


def _harmed(container: ContainerFacts, runtime: str, *, rootless: bool) -> bool:
    if runtime and container.runtime != runtime:
        return container.state in _KEPT
    return rootless and container.state == PAUSED


def not_backed_up(path: str) -> str:
    """What stands before the reason why a database was not backed up: then nothing else is done either."""
    return f"{path} was not backed up, and nothing was done"
