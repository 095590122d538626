"""Which event backend a runtime writes to (``libpod/events/events_linux.go``, ``NewEventer``)."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.failure import InvalidArgument, Problem
from pypod.pure.gotext import uppered

_BACKENDS: Final = {"FILE": "file", "JOURNALD": "journald", "NONE": "none"}

EVENTS_LOG_MODE: Final = 0o700
"""libpod opens its log with this mode: the file really has execute bits."""


def decide_backend(logger: str, systemd: bool) -> Result[str, Problem]:
    """The backend by libpod's own name: ``file``, ``journald`` or ``none``; the setting's case does not matter.

    ``systemd``: the build has systemd support.  Failures: an unknown backend; journald in a build without it.
    """
    shouted = uppered(logger)
    backend = _BACKENDS.get(shouted)
    if backend is None:
        return Failure(InvalidArgument(f"unknown event logger type: {shouted}", "engine.events_logger"))
    if backend == "journald" and not systemd:
        return Failure(InvalidArgument("eventer creation: No support for journald logging", "engine.events_logger"))
    return Success(backend)


def events_log_lock(log: str) -> str:
    """The lock file of an events log."""
    return f"{log}.lock"
