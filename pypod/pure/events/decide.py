"""Which event backend a runtime writes to (``libpod/events/events_linux.go``, ``NewEventer``)."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.failure import HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import uppered

_BACKENDS: Final = {"FILE": "file", "JOURNALD": "journald", "NONE": "none"}

JOURNALS: Final = ("/run/log/journal", "/var/log/journal")
"""Where systemd keeps the journals of a machine."""

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


def journal_to_read(looked: Iterable[Result[object, HostError]]) -> Result[None, Problem]:
    """Whether events can be read, by a look at each of :data:`JOURNALS`: a journal without an entry is refused
    (``libpod/events/journal_linux.go``).  One that cannot be looked at may have some.
    """
    if all(isinstance(one, Failure) and one.failure().errno == errno.ENOENT for one in looked):
        text = "failed to get journal cursor: failed to get cursor: cannot assign requested address"
        return Failure(Refused(text, "engine.events_logger"))
    return Success(None)


def events_log_lock(log: str) -> str:
    """The lock file of an events log."""
    return f"{log}.lock"
