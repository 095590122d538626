"""A host that says what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from returns.result import Failure, Result

from pypod.pure.effect import Effect, Host
from pypod.pure.failure import HostError
from pypod.pure.tape import redacted

T = TypeVar("T")


class Tracing:
    """Answers as ``host`` does, and gives ``say`` a line for each effect: its kind, its sentence, why it was refused."""

    def __init__(self, host: Host, say: Callable[[str], object]) -> None:
        self._host, self._say = host, say

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        answer = self._host.answer(effect)
        line = f"{effect.kind.value}: {redacted(effect).describe()}"
        self._say(f"{line}: {answer.failure().reason}" if isinstance(answer, Failure) else line)
        return answer
