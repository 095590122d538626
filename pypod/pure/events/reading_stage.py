"""Reading events, as far as the construction of a runtime goes: a second eventer, and whether it has anything to read."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result

from pypod.pure.draft import Draft
from pypod.pure.events.stage import EVENTS
from pypod.pure.failure import Problem, Refused
from pypod.pure.program import Program, Stage, attempt, in_order, settle, stage
from pypod.pure.vocabulary.files import Stat

JOURNALS: Final = ("/run/log/journal", "/var/log/journal")
"""Where systemd keeps the journals of this machine."""
_NO_ENTRY: Final = "failed to get journal cursor: failed to get cursor: cannot assign requested address"


def _read(draft: Draft) -> Program[Draft]:
    if draft.events_logger != "journald":
        return draft
    for path in JOURNALS:
        status = yield from attempt(Stat(path))
        if not isinstance(status, Failure):
            return draft
    nothing: Result[Draft, Problem] = Failure(Refused(_NO_ENTRY))
    return settle(nothing)


EVENTS_READ: Final[Stage[Draft]] = in_order(EVENTS, stage("events", _read))
"""``podman events``: a journal without an entry is refused (``libpod/events/journal_linux.go``)."""
