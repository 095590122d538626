"""Reading events, as far as the construction of a runtime goes: a second eventer, and whether it has anything to read."""

from __future__ import annotations

from typing import Final

from returns.result import Result

from pypod.pure.draft import Draft
from pypod.pure.events.decide import JOURNALS, journal_to_read
from pypod.pure.events.stage import EVENTS
from pypod.pure.failure import HostError
from pypod.pure.program import Program, Stage, attempt, in_order, settle, stage
from pypod.pure.vocabulary.files import Stat


def _read(draft: Draft) -> Program[Draft]:
    if draft.events_logger == "journald":
        looked: tuple[Result[object, HostError], ...] = ()
        for path in JOURNALS:
            looked = (*looked, (yield from attempt(Stat(path))))
        settle(journal_to_read(looked))
    return draft


EVENTS_READ: Final[Stage[Draft]] = in_order(EVENTS, stage("events", _read))
"""``podman events``."""
