"""The course of a run on a simulated host, to be taken up again at any place of it with another outcome.

What lies before that place is answered from the course, which is quicker than simulating it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct
from returns.result import Failure, Result

from pypod.hosts import Simulation
from pypod.pure.effect import Effect
from pypod.pure.failure import HostError
from pypod.pure.program import Program
from pypod.pure.world import World
from pypod.testing.host import SimulatedHost, ran

T = TypeVar("T")


class Passed(Struct, frozen=True):
    """An exchange, the world before it, and the effect by which the process was left after it, if it was."""

    effect: Effect[Any]
    answer: Result[Any, HostError]
    before: World
    left: Effect[Any] | None


Course: TypeAlias = tuple[Passed, ...]


class _Watched(Simulation):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.passed: list[Passed] = []

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        before = self.world
        answer = super().answer(effect)
        self.passed.append(Passed(effect, answer, before, self.left))
        return answer


def course_of(make: Callable[[], Program[T]], host: SimulatedHost) -> Course:
    """The course of a program on a host."""
    watched = _Watched(host.world)
    ran(make, watched)
    return tuple(watched.passed)


class Resumed:
    """The host of a course that differs at one place: the effect there is refused, or interrupted where no error is given.

    What comes after it is simulated.
    """

    def __init__(self, course: Course, index: int, error: HostError | None) -> None:
        self._course, self._index, self._error = course, index, error
        self._next = 0
        self._simulation = Simulation(course[index].before)
        self._parents: list[World] = []

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        place, self._next = self._next, self._next + 1
        if place > self._index:
            return self._simulation.answer(effect)
        passed = self._course[place]
        if effect != passed.effect:
            raise AssertionError(f"at {place} expected {passed.effect.describe()}, got {effect.describe()}")
        if place < self._index:
            return passed.answer
        if self._error is None:
            raise KeyboardInterrupt
        return Failure(self._error)

    @property
    def left(self) -> Effect[Any] | None:
        """The effect by which the process was left, if it was."""
        if self._next > self._index:
            return self._simulation.left
        return self._course[self._next - 1].left if self._next else None

    @property
    def world(self) -> World:
        return self._simulation.world

    def reexecute(self) -> None:
        """Go on as the process that was started by leaving."""
        beyond = self._next > self._index
        self._parents.append(self._simulation.world if beyond else self._course[self._next - 1].before)
        if beyond:
            self._simulation.reexecute()

    def come_back(self) -> None:
        """Go on as the process that was left, whose child has ended."""
        parent = self._parents.pop()
        if self._next > self._index:
            self._simulation.come_back_as(parent)
