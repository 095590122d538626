"""What a program says: diagnostics, and where it is."""

from __future__ import annotations

from pypod.pure.effect import Telling
from pypod.pure.facts import Level, Stream


class Note(Telling, frozen=True):
    """A diagnostic of libpod's: a line of its log, or one that it prints raw."""

    level: Level
    message: str
    stream: Stream = Stream.LOG

    def describe(self) -> str:
        return f"{self.level.value}: {self.message}"


class EnterStage(Telling, frozen=True):
    """A stage begins."""

    name: str

    def describe(self) -> str:
        return f"enter {self.name}"


class LeaveStage(Telling, frozen=True):
    """A stage ends, well or not."""

    name: str

    def describe(self) -> str:
        return f"leave {self.name}"
