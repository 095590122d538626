"""A host that lets somebody hear what is told to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from returns.result import Result

from pypod.pure.effect import Effect, Host, Kind
from pypod.pure.failure import HostError

T = TypeVar("T")


class Hearing:
    """Answers as ``host`` does, and gives ``hear`` each effect that only says something, as it is said."""

    def __init__(self, host: Host, hear: Callable[[Effect[Any]], object]) -> None:
        self._host, self._hear = host, hear

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if effect.kind is Kind.TELL:
            self._hear(effect)
        return self._host.answer(effect)
