"""How a container ended: the file that its conmon leaves, and what the state says of it afterwards."""

from __future__ import annotations

import errno
import re
from typing import Any, Final

from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts, EditJson
from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import HostError, Internal, Problem, Refused
from pypod.pure.gotext import joined, quoted
from pypod.pure.stopping.decide import PAUSED, RUNNING, STOPPED, STOPPING

FILE_LIMIT: Final = 5000
"""Milliseconds that the file is waited for."""
UNKNOWN: Final = -1
"""The exit code of a container of which nobody knows it."""

_PROCESSES: Final = ("pid", "conmonPid")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
_RESTARTS_NEVER: Final = ("", "no")


def ended_at(container: ContainerFacts, looked: Result[str, HostError]) -> Result[str | None, Problem]:
    """When the container ended, by the time of its exit file; ``None`` where there is none."""
    if not isinstance(looked, Failure):
        return Success(looked.unwrap())
    error: HostError = looked.failure()
    if error.errno == errno.ENOENT:
        return Success(None)
    problem = Refused(error.message, error.subject, cause=error)
    return Failure(problem.wrapped(f"error running stat on container {container.id} exit file"))


def exit_code(container: ContainerFacts, content: Result[bytes, HostError]) -> Result[int, Problem]:
    """The code in an exit file.  libpod's text has the container's id and the content in each other's place."""
    if isinstance(content, Failure):
        error: HostError = content.failure()
        problem = Refused(error.message, error.subject, cause=error)
        return Failure(problem.wrapped(f"failed to read exit file for container {container.id}"))
    text = content.unwrap().decode("utf-8", "surrogateescape")
    shown = f"error converting exit status code ({quoted(container.id)}) for container {text} to int"
    if not _NUMBER.fullmatch(text):
        return Failure(Refused(f"{shown}: strconv.Atoi: parsing {quoted(text)}: invalid syntax", container.id))
    number = int(text)
    if not -(1 << 63) <= number < 1 << 63:
        return Failure(Refused(f"{shown}: strconv.Atoi: parsing {quoted(text)}: value out of range", container.id))
    return Success((number + (1 << 31)) % (1 << 32) - (1 << 31))


def oom_file(container: ContainerFacts) -> str:
    """The file that says that a container was ended for want of memory."""
    return joined(container.static_dir, "oom")


def stopping(container: ContainerFacts) -> EditJson:
    """The state of a container that is being stopped."""
    return EditJson(("ctr", container.id), "state", (("state", STOPPING),))


def signalled(container: ContainerFacts) -> EditJson:
    """The state of a container whose processes are gone, while how it ended is waited for."""
    return EditJson(("ctr", container.id), "state", (("stoppedByUser", True),), _PROCESSES)


def ended(container: ContainerFacts, code: int, finished: str, *, oom: bool) -> EditJson:
    """The state of a container of which it is known how it ended: a zero code is left out, as in libpod's JSON."""
    fields: tuple[tuple[str, Any], ...] = (
        ("state", STOPPED),
        ("finishedTime", finished),
        *((("exitCode", code),) if code else ()),
        ("exited", True),
        *((("oomKilled", True),) if oom else ()),
        *((("restartPolicyMatch", True),) if restarts(container) else ()),
    )
    return EditJson(("ctr", container.id), "state", fields, (*(() if code else ("exitCode",)), *_PROCESSES))


def ended_unknown(container: ContainerFacts, finished: str) -> EditJson:
    """The state of a container that was stopped and of which nobody knows how it ended."""
    fields = (("state", STOPPED), ("finishedTime", finished), ("exitCode", UNKNOWN), ("stoppedByUser", True))
    return EditJson(("ctr", container.id), "state", fields, _PROCESSES)


def restarts(container: ContainerFacts) -> bool:
    """Whether a container that ended by itself is one that its policy restarts."""
    by_itself = container.state in (RUNNING, PAUSED) and not container.stopped_by_user
    return by_itself and container.restart_policy not in _RESTARTS_NEVER


def not_left(path: str, waited: Result[bool, HostError]) -> Problem:
    """The exit file did not come in time, or could not be looked for."""
    if not isinstance(waited, Failure):
        return Internal.saying(f"timed out waiting for file {path}", path)
    error: HostError = waited.failure()
    return Refused(error.message, error.subject, cause=error)


def unsaved(container: ContainerFacts, error: HostError) -> Diagnostic:
    """What is said of a state that could not be saved after the file did not come."""
    return Diagnostic(Level.ERROR, f"Error saving container {container.id} state: {error.message}")
