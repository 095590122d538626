"""The log of a command that Podman has too: logrus's text form, on standard error, as it is written to no terminal."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from pypod.cli import output
from pypod.pure.effect import Effect
from pypod.pure.facts import Diagnostic, Level, Stream
from pypod.pure.gotext import quoted
from pypod.pure.vocabulary.telling import Note

_SEVERITY: Final = {Level.TRACE: 6, Level.DEBUG: 5, Level.INFO: 4, Level.WARNING: 3, Level.ERROR: 2}
_WANTED: Final = {"trace": 6, "debug": 5, "info": 4, "warn": 3, "warning": 3, "error": 2, "fatal": 1, "panic": 0}
_PLAIN: Final = re.compile(r"[a-zA-Z0-9\-._/@^+]*")
"""What logrus writes without quotes; an empty text is among it."""


def is_shown(level: Level, wanted: str) -> bool:
    """Whether a line of that level is written under ``--log-level``."""
    return _SEVERITY[level] <= _WANTED[wanted.lower()]


def log_line(level: Level, message: str, moment: str) -> str:
    """``time="…" level=debug msg="…"``, with its newline.  ``moment`` is RFC 3339 to the second."""
    text = message if _PLAIN.fullmatch(message) else quoted(message)
    return f"time={quoted(moment)} level={level.value} msg={text}\n"


class Log:
    """Writes what is told, each line where libpod writes it.

    ``wanted``: the level of ``--log-level``, which does not hold for what is printed raw.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.printed: list[str] = []
        """What went to standard output, line by line."""

    def hear(self, effect: Effect[Any]) -> None:
        """Write a diagnostic; other effects say nothing to a user."""
        if isinstance(effect, Note):
            self.say(Diagnostic(effect.level, effect.message, effect.stream))

    def say(self, said: Diagnostic) -> None:
        """Write a line where it belongs."""
        if said.stream is Stream.STDOUT:
            self.printed.append(said.message)
            output.say(said.message + "\n")
        elif said.stream is Stream.STDERR:
            output.tell(said.message + "\n")
        elif is_shown(said.level, self._wanted):
            output.tell(log_line(said.level, said.message, _now()))


def _now() -> str:
    text = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return f"{text[:-5]}Z" if text.endswith("+0000") else f"{text[:-2]}:{text[-2:]}"
