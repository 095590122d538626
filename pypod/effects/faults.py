"""Hosts that refuse what another one would have answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from returns.result import Failure, Result

from pypod.pure.effect import Effect, Host, Kind
from pypod.pure.failure import HostError

T = TypeVar("T")


class FaultWhere:
    """Refuses every effect that ``chosen`` picks; it is given the effect and its ordinal, counted from 0.

    What is only told is neither counted nor refused: a machine has nothing to do for it.
    """

    def __init__(self, host: Host, chosen: Callable[[Effect[Any], int], bool], error: HostError) -> None:
        self._host, self._chosen, self._error = host, chosen, error
        self.asked = 0
        self.refused = 0

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if effect.kind is Kind.TELL:
            return self._host.answer(effect)
        ordinal, self.asked = self.asked, self.asked + 1
        if self._chosen(effect, ordinal):
            self.refused += 1
            return Failure(self._error)
        return self._host.answer(effect)


class FaultAt(FaultWhere):
    """Refuses just the effect with this ordinal."""

    def __init__(self, host: Host, index: int, error: HostError) -> None:
        super().__init__(host, lambda _effect, ordinal: ordinal == index, error)
