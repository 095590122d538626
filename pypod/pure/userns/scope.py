"""Whether and how a pause process is moved into a scope of the user's systemd (podman's ``MovePauseProcessToScope``)."""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import HostError
from pypod.pure.gotext import quoted
from pypod.pure.systemd.facts import Scope
from pypod.pure.systemd.scope import UNKNOWN_PROCESS

ATTEMPTS: Final = 3
DIGITS: Final = 16
SLICE: Final = "user.slice"
_LARGEST: Final = (1 << 63) - 1
_LARGEST_UNSIGNED: Final = (1 << 64) - 1


def process_to_move(path: str, content: Result[bytes, HostError]) -> Result[int | None, str]:
    """The process whose id is in a file; ``None`` where there is no file: then there is nothing to do."""
    if isinstance(content, Failure):
        error: HostError = content.failure()
        if error.errno == errno.ENOENT:
            return Success(None)
        return Failure(f"cannot read pid file {path}: {error.message}")
    return _unsigned(content.unwrap()).alt(lambda why: f"cannot parse pid file {path}: {why}")


def _unsigned(content: bytes) -> Result[int | None, str]:
    """``strconv.ParseUint``."""
    text = content.decode("utf-8", "surrogateescape")
    why = "invalid syntax"
    if text.isascii() and text.isdigit():
        if len(text.lstrip("0")) <= 20 and int(text) <= _LARGEST_UNSIGNED:
            return Success(int(text))
        why = "value out of range"
    return Failure(f"strconv.ParseUint: parsing {quoted(text)}: {why}")


def scope_of(pid: int, token: str) -> Scope:
    """A scope of its own for a pause process; ``token`` are random hexadecimal digits.

    The kernel knows no process id of more than 32 bits, and the call has no room for one.
    """
    return Scope(SLICE, f"podman-pause-{int(token, 16) & _LARGEST}.scope", pid & 0xFFFFFFFF)


def why_not(answer: Result[object, HostError]) -> str:
    """Why it was not moved; empty where there is nothing more to do, also because the process ended meanwhile."""
    if not isinstance(answer, Failure):
        return ""
    error: HostError = answer.failure()
    return "" if error.subject == UNKNOWN_PROCESS else error.message


def not_moved(why: str, first_process: Result[bytes, HostError], *, unified: bool) -> Diagnostic:
    """What is said after the last attempt: a warning where systemd and cgroup v2 promise that it works.

    A process 1 that cannot be looked at counts as systemd.
    """
    systemd = first_process.value_or(b"systemd").rstrip(b"\n") == b"systemd"
    level = Level.WARNING if systemd and unified else Level.DEBUG
    return Diagnostic(level, f"Failed to add pause process to systemd sandbox cgroup: {why}")
