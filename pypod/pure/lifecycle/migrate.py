"""What a migration does: stops what runs, resets runtimes, ends the pause process (``Runtime.migrate``)."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts, EditJson, StateObjects
from pypod.pure.database.lifecycle import runtime_changed
from pypod.pure.facts import Diagnostic, Level, Stream
from pypod.pure.failure import HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import joined, quoted
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.stopping.decide import RUNNING
from pypod.pure.table import Table
from pypod.pure.userns.decide import parse_pid

STOPPING_ALL: Final = Diagnostic(Level.INFO, "stopping all containers")


def running(states: tuple[Result[ContainerFacts, Problem], ...]) -> tuple[ContainerFacts, ...]:
    """The containers that are stopped: those that run.  Paused ones are not, nor those whose state cannot be read."""
    known = tuple(state.unwrap() for state in states if not isinstance(state, Failure))
    return tuple(container for container in known if container.state == RUNNING)


def announced(container: ContainerFacts) -> Diagnostic:
    """What is said before a container is stopped, on the standard output and in the past tense already."""
    return Diagnostic(Level.INFO, f"stopped {container.id}", Stream.STDOUT)


def not_stopped(container: ContainerFacts) -> Callable[[Problem], Problem]:
    """A container that could not be stopped ends the migration."""

    def problem(why: Problem) -> Problem:
        return why.wrapped(f"cannot stop container {container.id}")

    return problem


def new_runtime(name: str, runtimes: Table[str, OciRuntime]) -> Result[str, Problem]:
    """The runtime that is asked for; empty: none.  Only looked at once the containers are stopped."""
    return Failure(undefined_runtime(name)) if name and name not in runtimes else Success(name)


def undefined_runtime(name: str) -> Problem:
    """No such runtime is configured and there."""
    text = f"change to runtime {quoted(name)} requested but no such runtime is defined"
    return InvalidArgument.saying(text, name)


def rewritten(
    objects: StateObjects, runtime: str
) -> tuple[tuple[ContainerFacts, tuple[Diagnostic, ...], tuple[EditJson, ...]], ...]:
    """For each container what is said and what changes of its configuration.

    libpod compares the conmon pid file with one in a run directory that is not loaded here, and so never moves it
    unless it is the relative ``conmon.pid``.
    """
    runtimes = runtime_changed(objects, runtime) if runtime else ()
    edits: list[tuple[ContainerFacts, tuple[Diagnostic, ...], tuple[EditJson, ...]]] = []
    for index, container in enumerate(objects.containers):
        said: tuple[Diagnostic, ...] = ()
        changes: tuple[EditJson, ...] = ()
        if container.conmon_pid_file == "conmon.pid":
            moved = ("conmonPidFile", joined(container.static_dir, "conmon.pid"))
            said = (Diagnostic(Level.INFO, f"changing conmon PID file for {container.id}"),)
            changes = (EditJson(("ctr", container.id), "config", (moved,)),)
        if runtime:
            text = f"Resetting container {container.id} runtime to runtime {runtime}"
            said = (*said, Diagnostic(Level.INFO, text))
            changes = (*changes, runtimes[index])
        if changes:
            edits.append((container, said, changes))
    return tuple(edits)


def not_rewritten(container: ContainerFacts) -> Callable[[HostError], Problem]:
    """A configuration could not be written."""

    def problem(error: HostError) -> Problem:
        text = f"error rewriting config for container {container.id}"
        return Refused(error.message, error.subject, cause=error).wrapped(text)

    return problem


def pause_process(path: str, content: Result[bytes, HostError]) -> Result[int | None, Problem]:
    """The pause process that is ended; ``None`` where there is no file."""
    if isinstance(content, Failure):
        error: HostError = content.failure()
        if error.errno == errno.ENOENT:
            return Success(None)
        problem = Refused(error.message, error.subject, cause=error)
        return Failure(problem.wrapped("cannot read pause process pid file"))
    pid = parse_pid(content.unwrap())
    if pid is not None:
        return Success(pid)
    text = content.unwrap().decode("utf-8", "surrogateescape")
    return Failure(
        InvalidArgument(
            f"cannot parse pause pid file {path}: strconv.Atoi: parsing {quoted(text)}: invalid syntax", path
        )
    )


def pause_file_kept(path: str) -> Callable[[HostError], Problem]:
    """The pause process's file could not be removed."""

    def problem(error: HostError) -> Problem:
        return Refused(error.message, error.subject, cause=error).wrapped(f"cannot delete pause pid file {path}")

    return problem


def pause_process_kept(error: HostError) -> Problem:
    """The pause process could not be ended; libpod gives the errno alone."""
    return Refused(error.reason, error.subject, cause=error)
