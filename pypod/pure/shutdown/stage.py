"""The shutdown handler: a runtime that is interrupted ends its process with status 1."""

from __future__ import annotations

from typing import Final

from returns.result import Failure

from pypod.pure.draft import Draft
from pypod.pure.program import Program, Stage, attempt, notes, stage
from pypod.pure.shutdown.decide import HANDLER, handler_refusal
from pypod.pure.vocabulary.process import HandleSignals


def _register(draft: Draft) -> Program[Draft]:
    answer = yield from attempt(HandleSignals(HANDLER))
    if isinstance(answer, Failure):
        yield from notes(handler_refusal(answer.failure()))
    return draft


SHUTDOWN_HANDLER: Final[Stage[Draft]] = stage("shutdown-handler", _register)
"""Registers libpod's handler for SIGINT and SIGTERM; a second runtime of a process finds it registered."""
