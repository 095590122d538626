"""A host that keeps the conversation with another one."""

from __future__ import annotations

from typing import TypeVar

from returns.result import Result

from pypod.pure.effect import Effect, Host
from pypod.pure.failure import HostError
from pypod.pure.tape import Exchange, Tape

T = TypeVar("T")


class Recording:
    """Answers as ``host`` does, and keeps a :class:`Tape` of it."""

    def __init__(self, host: Host) -> None:
        self._ask = host.answer
        self._said: list[Exchange] = []
        self._keep = self._said.append

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        answer = self._ask(effect)
        self._keep((effect, answer))
        return answer

    @property
    def tape(self) -> Tape:
        """What was said so far."""
        return Tape(tuple(self._said))
