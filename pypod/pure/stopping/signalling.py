"""Signalling a container through its OCI runtime (``ConmonOCIRuntime.StopContainer``, ``KillContainer``)."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts
from pypod.pure.facts import ContainerProcess, Diagnostic, Level, ProgramOutput, Ran, Waited
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.gotext import errno_text, joined, signal_text
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.stopping.decide import is_gone

KILL: Final = 9
KILL_LIMIT: Final = 5000
"""Milliseconds that a container has to die of SIGKILL (``killContainerTimeout``)."""
NOT_DEAD: Final = "given PIDs did not die within timeout"
_TERMINATE: Final = 15
_STOPPED: Final = "stopped"


class Target(Struct, frozen=True):
    """A container and what it is signalled with.  ``everyone``: not only its first process."""

    container: ContainerFacts
    runtime: OciRuntime
    runtime_directory: str
    exits: str
    everyone: bool = False


def process_of(target: Target) -> ContainerProcess:
    """What a signal to the container is about."""
    container = target.container
    return ContainerProcess(container.pid, container.conmon_pid, joined(target.exits, container.id))


def stop_signal(container: ContainerFacts) -> int:
    """The signal that asks a container to end."""
    return container.stop_signal or _TERMINATE


class Attempt(Struct, frozen=True):
    """A signal, how many milliseconds it has to work, and what is said where it did not."""

    signal: int
    limit: int
    said: tuple[Diagnostic, ...] = ()


def attempts(container: ContainerFacts, timeout: int) -> tuple[Attempt, ...]:
    """The signals that are sent one after the other; ``timeout`` is in seconds."""
    last = Attempt(KILL, KILL_LIMIT)
    return (Attempt(stop_signal(container), timeout * 1000, (_resorting(container),)), last) if timeout > 0 else (last,)


def stopping_said(container: ContainerFacts) -> Diagnostic:
    """What is said before a container's process is looked for."""
    return Diagnostic(Level.DEBUG, f"Stopping container {container.id} (PID {container.pid})")


def sending_said(container: ContainerFacts, signal: int) -> Diagnostic:
    """What is said before each signal."""
    return Diagnostic(Level.DEBUG, f"Sending signal {signal} to container {container.id}")


def kill_command(target: Target, signal: int) -> tuple[str, ...]:
    """The command that sends the signal."""
    container, runtime = target.container, target.runtime
    everyone = ("--all",) if target.everyone else ()
    return (runtime.path, *runtime.flags, "kill", *everyone, container.id, str(signal))


def state_command(target: Target) -> tuple[str, ...]:
    """The command that tells what the runtime knows of the container; libpod leaves the runtime's flags out here."""
    return (target.runtime.path, "state", target.container.id)


def was_sent(answer: Result[Ran, HostError]) -> bool:
    """Whether the command did its work."""
    return answer.map(lambda ran: ran.status == 0 and ran.signal == 0).value_or(False)


def unsent(
    target: Target, signal: int, answer: Result[Ran, HostError], pinged: Result[None, HostError], *, stopped: bool
) -> Result[None, Problem]:
    """What follows from a command that did not do its work.

    Nothing where the container is gone, ``stopped`` as its runtime says, or without a process that anybody knows.  Else the failure that libpod makes of it
    and then drops: it tells what its look for the process gave, so that a container that goes on running counts as
    stopped.
    """
    if stopped or not target.container.pid or (isinstance(pinged, Failure) and is_gone(pinged.failure())):
        return Success(None)
    container = target.container.id
    command = " ".join(kill_command(target, signal))
    text = f"error sending signal to container {container}: `{command}` failed: {_how(answer)}"
    problem = Refused(text, container, cause=answer.failure() if isinstance(answer, Failure) else None)
    return Failure(problem.wrapped(f"error sending SIGKILL to container {container}" if signal == KILL else ""))


def _how(answer: Result[Ran, HostError]) -> str:
    """How a command ended, in Go's words."""
    if isinstance(answer, Failure):
        error: HostError = answer.failure()
        return error.message
    ran = answer.unwrap()
    return f"signal: {signal_text(ran.signal)}" if ran.signal else f"exit status {ran.status}"


def refused_pings(pid: int, waited: Waited) -> tuple[Diagnostic, ...]:
    """What is said of each look for a process that the kernel refused."""
    text = f"Error pinging PID {pid} with signal 0: {errno_text(waited.refusal)}"
    return (Diagnostic(Level.ERROR, text),) * waited.refusals


def _resorting(container: ContainerFacts) -> Diagnostic:
    """What is said of a container that did not heed the first signal."""
    return Diagnostic(Level.INFO, f"Timed out stopping container {container.id}, resorting to SIGKILL: {NOT_DEAD}")


def not_dead(container: ContainerFacts) -> Problem:
    """A container that even SIGKILL did not end in time."""
    return Refused(NOT_DEAD, container.id)


def is_stopped(answer: Result[ProgramOutput, HostError]) -> bool:
    """Whether a runtime says of a container that it has stopped; nonsense says nothing."""
    said = answer.map(lambda output: output.stdout).value_or(b"")
    try:
        state: Any = msgspec.json.decode(said)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(state, dict) and cast("dict[str, Any]", state).get("status") == _STOPPED
