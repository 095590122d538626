"""What the alive file says about a runtime: go on, refresh, or leave for a user namespace (``makeRuntime``)."""

from __future__ import annotations

import errno
from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configured import Configured
from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.gotext import joined

ALIVE_MODE: Final = 0o644


class Alive(Enum):
    """What follows from the alive file."""

    RUNNING = "running"
    """The host did not restart since the last runtime."""
    REFRESH = "refresh"
    LEAVE = "leave"
    """Root of a user namespace is needed first, because the store will be."""


def alive_file(tmp_dir: str) -> str:
    """The file that is there while the host is up."""
    return joined(tmp_dir, "alive")


def alive_lock(tmp_dir: str) -> str:
    """The lock that a construction holds from here to its end."""
    return joined(tmp_dir, "alive.lck")


def unlocked(problem: Problem) -> Problem:
    """The lock could not be had."""
    return problem.wrapped("error acquiring runtime init lock")


def alive(status: Result[FileStatus, HostError], path: str, *, needs_userns: bool) -> Result[Alive, Problem]:
    """What to do; ``needs_userns``: the process lacks CAP_SYS_ADMIN and would leave, whatever is wrong with the file."""
    if not isinstance(status, Failure):
        return Success(Alive.RUNNING)
    if needs_userns:
        return Success(Alive.LEAVE)
    error: HostError = status.failure()
    if error.errno == errno.ENOENT:
        return Success(Alive.REFRESH)
    problem = Refused(error.message, path, cause=error)
    return Failure(problem.wrapped(f"error reading runtime status file {path}"))


def finished(configured: Configured) -> Configured:
    """The configuration of a finished runtime: no option may change it any more."""
    return msgspec.structs.replace(configured, valid=True)


def wrapped(text: str) -> Callable[[HostError], Problem]:
    """A refusal in libpod's wrapping."""

    def problem(error: HostError) -> Problem:
        return Refused(error.message, error.subject, cause=error).wrapped(text)

    return problem
