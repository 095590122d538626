"""Reading a container's state again while its lock is held, and noticing that it ended (``Container.syncContainer``)."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import NAMESPACE, TMP_DIR
from pypod.pure.database.decide import unopened
from pypod.pure.database.facts import ContainerFacts
from pypod.pure.draft import Draft, Locks
from pypod.pure.events.stage import write_event
from pypod.pure.failure import Problem, Refused
from pypod.pure.gotext import joined
from pypod.pure.locks.stage import under_lock
from pypod.pure.oci.decide import exits_directory
from pypod.pure.program import Program, attempt
from pypod.pure.stopping.decide import PAUSED, RUNNING, STOPPED, died_event, read_now
from pypod.pure.stopping.exits import ended, ended_at, exit_code, oom_file
from pypod.pure.vocabulary.containers import ReadChangeTime
from pypod.pure.vocabulary.database import ReadContainer, UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile, Stat


class Ended(Struct, frozen=True):
    """How a container ended: its exit code, when, and whether for want of memory."""

    code: int
    moment: str
    oom: bool


def exit_file(draft: Draft, container: ContainerFacts) -> str:
    """Where conmon leaves how a container ended."""
    return joined(exits_directory(draft.setting(TMP_DIR)), container.id)


def how_ended(draft: Draft, container: ContainerFacts) -> Program[Result[Ended | None, Problem]]:
    """What the exit file says, and the event of it; ``None`` where there is no such file."""
    path = exit_file(draft, container)
    looked = ended_at(container, (yield from attempt(ReadChangeTime(path))))
    if isinstance(looked, Failure):
        return Failure(looked.failure())
    moment = looked.unwrap()
    if moment is None:
        return Success(None)
    read = exit_code(container, (yield from attempt(ReadFile(path))))
    if isinstance(read, Failure):
        return Failure(read.failure())
    oom = isinstance((yield from attempt(Stat(oom_file(container)))), Success)
    yield from write_event(draft, died_event(container, read.unwrap()))
    return Success(Ended(read.unwrap(), moment, oom))


def synchronised(draft: Draft, container: ContainerFacts) -> Program[Result[ContainerFacts, Problem]]:
    """The container as it is now; one that has ended meanwhile is stopped, and that is saved.  The caller holds its lock."""
    found = yield from attempt(ReadContainer(draft.database_path, container.id))
    if isinstance(found, Failure):
        return Failure(unopened(draft.database_path)(found.failure()))
    read = read_now(container, found.unwrap(), draft.setting(NAMESPACE))
    if isinstance(read, Failure) or read.unwrap().state not in (RUNNING, PAUSED):
        return read
    now = read.unwrap()
    looked = yield from how_ended(draft, now)
    if isinstance(looked, Failure):
        return Failure(looked.failure())
    how = looked.unwrap()
    if how is None:
        return read
    change = ended(now, how.code, how.moment, oom=how.oom)
    saved = yield from attempt(UpdateDatabase(draft.database_path, (change,)))
    stopped = msgspec.structs.replace(now, state=STOPPED, pid=0, conmon_pid=0)
    return saved.map(lambda _: stopped).alt(lambda error: Refused(error.message, error.subject, cause=error))


def state_of(draft: Draft, locks: Locks, container: ContainerFacts) -> Program[Result[ContainerFacts, Problem]]:
    """The container as it is now, read under its lock (``Container.State``)."""
    return (yield from under_lock(locks, container.lock, lambda _: synchronised(draft, container)))
