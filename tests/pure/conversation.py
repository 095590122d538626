"""A host that expects a conversation: effects and answers, in order, as data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

from returns.result import Result

from pypod.pure.effect import Effect, Kind
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.telling import Note

T = TypeVar("T")

Expected = tuple[Effect[Any], Result[Any, HostError]]


class Conversation:
    """Answers the expected effects and no others.  What is told is collected, and not part of what is expected.

    ``said`` are the lines of the log so far, as ``("debug", "text")``.
    """

    def __init__(self, expected: Iterable[Expected]) -> None:
        self.expected = tuple(expected)
        self.position = 0
        self.said: list[tuple[str, str]] = []

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if effect.kind is Kind.TELL:
            self._note(effect)
            return effect.via(cast("Any", None))
        if self.position == len(self.expected) or self.expected[self.position][0] != effect:
            raise AssertionError(f"unexpected: {effect!r}\n{self}")
        answer = self.expected[self.position][1]
        self.position += 1
        return answer

    def _note(self, effect: Effect[Any]) -> None:
        if isinstance(effect, Note):
            self.said.append((effect.level.value, effect.message))

    def __str__(self) -> str:
        """The conversation, with the next expected effect marked."""
        marks = ("next expected -> " if place == self.position else " " * 17 for place in range(len(self.expected) + 1))
        lines = (*(repr(effect) for effect, _ in self.expected), "the end")
        return "\n".join(mark + line for mark, line in zip(marks, lines, strict=True))

    def check_finished(self) -> None:
        """Everything that was expected was said."""
        assert self.position == len(self.expected), f"not everything was asked for\n{self}"
