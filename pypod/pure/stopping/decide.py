"""Whether and how a container is stopped (``Container.StopWithTimeout``, ``Container.stop``).

The states are libpod's numbers (``define.ContainerStatus``).
"""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts
from pypod.pure.database.loading import belongs, synced
from pypod.pure.events.line import Event
from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import (
    ConmonDead,
    ContainerStateInvalid,
    ContainerStopped,
    HostError,
    NamespaceMismatch,
    NoSuchContainer,
    Problem,
    Refused,
    RuntimeNotFound,
)
from pypod.pure.gotext import quoted
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.state.ps import STATES
from pypod.pure.surroundings.facts import Surroundings

CREATED: Final = 2
RUNNING: Final = 3
STOPPED: Final = 4
PAUSED: Final = 5
EXITED: Final = 6
STOPPING: Final = 8


def state_name(state: int) -> str:
    """The word of libpod's for a state."""
    return STATES[state] if 0 <= state < len(STATES) else "bad state"


def read_now(
    container: ContainerFacts, found: ContainerFacts | None, namespace: str
) -> Result[ContainerFacts, Problem]:
    """A container whose state was read again (``BoltState.UpdateContainer``)."""
    if not belongs(container.namespace, namespace):
        theirs = f"container {container.id} is in namespace {quoted(container.namespace)}"
        text = f"{theirs}, does not match our namespace {quoted(namespace)}"
        return Failure(NamespaceMismatch.saying(text, container.id))
    if found is None:
        return Failure(NoSuchContainer.saying(f"container {container.id} does not exist in database", container.id))
    return synced(found).map(lambda _: found)


def stoppable(container: ContainerFacts) -> Result[ContainerFacts, Problem]:
    """Whether a container is in a state in which it can be stopped."""
    if container.state in (STOPPED, EXITED):
        return Failure(ContainerStopped.saying("", container.id))
    if container.state in (CREATED, RUNNING, STOPPING):
        return Success(container)
    text = f"can only stop created or running containers. {container.id} is in state {state_name(container.state)}"
    return Failure(ContainerStateInvalid.saying(text, container.id))


def stopping_said(container: ContainerFacts, timeout: int) -> Diagnostic:
    """What is said first."""
    return Diagnostic(Level.DEBUG, f"Stopping ctr {container.id} (timeout {timeout})")


def reaches_all(container: ContainerFacts, surroundings: Surroundings) -> bool:
    """Whether every process of a container has to be signalled, for want of a PID namespace that ends with the first one.

    Without cgroups nobody knows which those are.
    """
    if container.private_pids or container.no_cgroups:
        return False
    return surroundings.unified or not surroundings.rootless


def runtime_there(container: ContainerFacts, runtime: OciRuntime | None) -> Result[OciRuntime, Problem]:
    """The runtime of a container."""
    if runtime is not None:
        return Success(runtime)
    return Failure(RuntimeNotFound.saying(f"runtime {container.runtime} is missing", container.runtime))


def assumed_conmon(container: ContainerFacts) -> tuple[bool, tuple[Diagnostic, ...]]:
    """Whether conmon is taken to live where its process is not known, and what is said about that."""
    if container.state in (RUNNING, PAUSED):
        return True, (Diagnostic(Level.WARNING, "Conmon PID is not set, but container is running!"),)
    return False, ()


def conmon_lives(container: ContainerFacts, pinged: Result[None, HostError]) -> Result[bool, Problem]:
    """Whether conmon is there, of which the exit status will come.  One that nobody has reaped yet counts as there."""
    if not isinstance(pinged, Failure):
        return Success(True)
    error: HostError = pinged.failure()
    if is_gone(error):
        return Success(False)
    text = f"error pinging container {container.id} conmon with signal 0"
    return Failure(Refused(error.reason, container.id, cause=error).wrapped(text))


def is_gone(error: HostError) -> bool:
    """Whether a process could not be signalled because there is none."""
    return error.errno == errno.ESRCH


def is_removed(problem: Problem) -> bool:
    """Whether a container was removed meanwhile: then there is nothing left to do."""
    return isinstance(problem, NoSuchContainer)


def unsynced(container: ContainerFacts, problem: Problem) -> Diagnostic:
    """What is said of a state that could not be read after a stop that failed: the stop's failure is what is told."""
    return Diagnostic(Level.ERROR, f"Error syncing container {container.id} status: {problem.message}")


def interfered(container: ContainerFacts, now: int) -> Diagnostic:
    """What is said where somebody else went on with the container meanwhile."""
    changed = f"state changed from {quoted(state_name(STOPPING))} to {quoted(state_name(now))}"
    text = "while waiting for it to be stopped: discontinuing stop procedure as another process interfered"
    return Diagnostic(Level.WARNING, f"Container {quoted(container.id)} {changed} {text}")


def conmon_missing(container: ContainerFacts) -> Problem:
    """Conmon was gone, and with it the exit code."""
    return ConmonDead.saying(
        f"container {container.id} conmon process missing, cannot retrieve exit code", container.id
    )


def unsaved(container: ContainerFacts, error: HostError) -> Diagnostic:
    """What is said of a state that could not be saved where something else is told as the failure."""
    return Diagnostic(Level.ERROR, f"Error saving container {container.id} status: {error.message}")


def not_saved(container: ContainerFacts, error: HostError, when: str) -> Problem:
    """A state that could not be saved; ``when``: ``before stopping``, ``after stopping``."""
    problem = Refused(error.message, error.subject, cause=error)
    return problem.wrapped(f"error saving container {container.id} state {when}")


def stop_event(container: ContainerFacts) -> Event:
    """The event of a container that was stopped."""
    return Event("container", "stop", container.id, container.name, container.image, attributes=container.labels)


def died_event(container: ContainerFacts, code: int) -> Event:
    """The event of a container that ended."""
    return Event("container", "died", container.id, container.name, container.image, exit_code=code)
