"""A host that answers from a tape."""

from __future__ import annotations

from typing import TypeVar, cast

from returns.result import Failure, Result, Success

from pypod.pure.effect import Effect, Kind
from pypod.pure.failure import HostError
from pypod.pure.tape import Tape, redacted

T = TypeVar("T")


class Replaying:
    """Answers as it stands on the tape, effect by effect.

    Effects are compared in their redacted form, since that is what a tape holds.  What is only told is answered
    without the tape, so that a tape replays whatever was listened to.  Once a program asks anything else than what is
    next, every answer is a failure that names the expected and the asked effect: a tape cannot answer for a path that
    was not taken.
    """

    def __init__(self, tape: Tape) -> None:
        self._said = tape.without_told().redacted().exchanges
        self._next = 0
        self.divergence = ""

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if effect.kind is Kind.TELL:
            return Success(cast("T", None))
        if self.divergence:
            return Failure(HostError(0, "replay", effect.describe(), self.divergence))
        asked = redacted(effect)
        if self._next >= len(self._said):
            return self._diverged(effect, "the end of the tape")
        expected, answer = self._said[self._next]
        if asked != expected:
            return self._diverged(effect, expected.describe())
        self._next += 1
        return answer

    @property
    def is_finished(self) -> bool:
        """Whether the whole tape was asked for, and nothing else."""
        return not self.divergence and self._next == len(self._said)

    def _diverged(self, effect: Effect[T], expected: str) -> Result[T, HostError]:
        self.divergence = f"step {self._next}: expected {expected}, got {effect.describe()}"
        return Failure(HostError(0, "replay", effect.describe(), self.divergence))
