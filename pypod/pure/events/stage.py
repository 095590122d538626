"""The event backend: chosen at construction, written to by what happens afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import EVENTS_LOGFILE_PATH, EVENTS_LOGGER
from pypod.pure.draft import Draft
from pypod.pure.events.decide import EVENTS_LOG_MODE, decide_backend, events_log_lock
from pypod.pure.facts import Changed, Handle, Level
from pypod.pure.program import Program, attempt, debug, need, note, settle, stage
from pypod.pure.store.lockfile_stage import holding, make_lock_file
from pypod.pure.vocabulary.changes import AppendFile
from pypod.pure.vocabulary.host import ReadClock

if TYPE_CHECKING:
    from pypod.pure.events.line import Event


def _choose(draft: Draft) -> Program[Draft]:
    logger = draft.setting(EVENTS_LOGGER)
    yield from debug(f"Initializing event backend {logger}")
    backend = settle(decide_backend(logger, draft.surroundings.host.build.systemd))
    return msgspec.structs.replace(draft, events_logger=backend)


EVENTS = stage("events", _choose)
"""The eventer of a runtime: ``Runtime.newEventer``."""


def _append(log: str, line: bytes) -> Program[Result[Changed, str]]:
    """The line at the end of the log, under its lock (``libpod/events/logfile.go``)."""

    def append(_lock: Handle) -> Program[Result[Changed, str]]:
        written = yield from attempt(AppendFile(log, EVENTS_LOG_MODE, line))
        return written.alt(lambda error: error.message)

    lock = events_log_lock(log)
    made = yield from make_lock_file(lock)
    if isinstance(made, Failure):
        return made.alt(lambda problem: problem.message)
    return (yield from holding(lock, append))


def _send(payload: bytes) -> Program[Result[Changed, str]]:
    from pypod.pure.events.line import journal_refusal
    from pypod.pure.vocabulary.services import SendToJournal

    sent = yield from attempt(SendToJournal(payload))
    return sent.alt(lambda error: journal_refusal(error.reason))


def write_event(draft: Draft, event: Event) -> Program[None]:
    """Write an event to the runtime's backend.  A failure is only logged: libpod's callers go on."""
    from pypod.pure.events.line import journal_payload, json_line, unwritten

    time = yield from need(ReadClock())
    written: Result[Changed, str]
    if draft.events_logger == "file":
        written = yield from _append(draft.setting(EVENTS_LOGFILE_PATH), json_line(event, time))
    elif draft.events_logger == "journald":
        written = yield from _send(journal_payload(event, time))
    else:
        written = Success(Changed())
    if isinstance(written, Failure):
        yield from note(Level.ERROR, unwritten(event, written.failure()))
