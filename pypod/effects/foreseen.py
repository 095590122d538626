"""A host that stops a run which finds the machine other than it was foreseen, before anything is changed.

Between the plan that somebody agreed to and the run that applies it, time passes.  Until the first change every look must
find what the rehearsal found, in the same order; what follows a change is the run's own doing, and the locks that it holds
keep others away.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from returns.result import Failure, Result

from pypod.pure.effect import Effect, Host, Kind
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError
from pypod.pure.tape import Exchange, Tape
from pypod.pure.vocabulary.host import DrawToken, ReadClock

T = TypeVar("T")

_NEVER_THE_SAME: Final = (ReadClock, DrawToken)


class UnforeseenError(Exception):
    """The machine is not as it was foreseen; thrown through the run, which gives back what it holds.

    ``looked`` is the look that found it.
    """

    def __init__(self, looked: Effect[Any]) -> None:
        super().__init__(looked.describe())
        self.looked = looked


class Foreseen:
    """Answers as ``host`` does; raises :class:`UnforeseenError` where a look before the first change differs."""

    def __init__(self, host: Host, rehearsed: Tape) -> None:
        self._host = host
        self._looks: list[Exchange] = [one for one in rehearsed if _is_look(one[0])]
        self._next = 0
        self.changed = False

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        answer = self._host.answer(effect)
        if effect.kind is Kind.CHANGE and not isinstance(answer, Failure):
            value: object = answer.unwrap()
            self.changed = self.changed or (isinstance(value, Changed) and bool(value.changes))
        if not self.changed and _is_look(effect):
            self._check(effect, answer)
        return answer

    def _check(self, effect: Effect[Any], answer: Result[Any, HostError]) -> None:
        expected = self._looks[self._next] if self._next < len(self._looks) else None
        self._next += 1
        if expected is None or expected[0] != effect or expected[1] != answer:
            raise UnforeseenError(effect if expected is None else expected[0])


def _is_look(effect: Effect[Any]) -> bool:
    return effect.kind is Kind.OBSERVE and not isinstance(effect, _NEVER_THE_SAME)
