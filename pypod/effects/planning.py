"""The planning host: a simulated kernel over real reads.

Theory of operation.  An open world answers every effect from what it knows, changes included, and says ``Ask`` where it
has not been told enough.  The planning host asks the real machine then, lets the world learn the answer, and steps
again.  It is given only the half of a machine that changes nothing, so that a plan cannot change the host is a fact of
the types.

It knows ``Ask``, OBSERVE and LEAVE, and nothing of files: their semantics are the world's.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.effect import Effect, Kind, Observation
from pypod.pure.failure import HostError
from pypod.pure.tape import Exchange, Tape
from pypod.pure.world import Ask, World, learn, reexecuted, returned, step
from pypod.pure.world.tree import Unknown

if TYPE_CHECKING:
    from pypod.pure.machine import Observing

T = TypeVar("T")

_DENIALS: Final = (errno.EACCES, errno.EPERM)


class Denied(Struct, frozen=True):
    """A look that was refused for want of permission, and the refusal."""

    effect: Effect[Any]
    error: HostError


class Planning:
    """Answers as the machine would, had everything been done that was asked for.

    ``assumed`` are answers that hold instead of the machine's, such as another user's identity.  The machine then
    refuses looks that it would grant that user: a refused look is answered as absent, and listed in ``denied`` as every
    refused look is.  A check for leave to write is no look; its refusal is its answer.
    """

    def __init__(self, machine: Observing, world: World | None = None, assumed: tuple[Exchange, ...] = ()) -> None:
        self.world = World() if world is None else world
        self._machine = machine
        self.assuming = bool(assumed)
        self._asked: list[Exchange] = []
        self._denied: list[Denied] = []
        self._parents: list[World] = []
        for effect, answer in assumed:
            self.world = learn(self.world, effect, answer)

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        asked: set[Effect[Any]] = set()
        while isinstance(taken := step(self.world, effect), Ask):
            if taken.effect in asked:
                raise AssertionError(f"the world did not learn from the answer to: {taken.effect.describe()}")
            asked.add(taken.effect)
            self.world = learn(self.world, taken.effect, self._look(taken.effect))
        self.world, answer = taken
        return answer

    def _look(self, asked: Effect[Any]) -> Result[Any, HostError]:
        if asked.kind is not Kind.OBSERVE or not isinstance(asked, Observation):
            raise AssertionError(f"a plan may not ask the machine to: {asked.describe()}")
        answer: Result[Any, HostError] = asked.see(self._machine)
        self._asked.append((asked, answer))
        if not isinstance(answer, Failure) or type(asked).answer is None:
            return answer
        error = answer.failure()
        if error.errno not in _DENIALS:
            return answer
        self._denied.append(Denied(asked, error))
        return Failure(HostError(errno.ENOENT, error.call, error.subject)) if self.assuming else answer

    @property
    def asked(self) -> Tape:
        """What the real machine was asked, and what it answered: a snapshot is made of it."""
        return Tape(tuple(self._asked))

    @property
    def denied(self) -> tuple[Denied, ...]:
        """What could not be looked at for want of permission, in order."""
        return tuple(self._denied)

    @property
    def programs(self) -> tuple[tuple[str, ...], ...]:
        """The command lines of the programs that the real machine ran for an answer, in order."""
        return self.asked.programs()

    @property
    def left(self) -> Effect[Any] | None:
        """The effect by which the process was left, if it was."""
        return self.world.left

    def reexecute(self) -> None:
        """Go on as the process that was started by leaving."""
        self._parents.append(self.world)
        while True:
            try:
                self.world = reexecuted(self.world)
            except Unknown as unknown:
                self.world = learn(self.world, unknown.effect, self._look(unknown.effect))
            else:
                return

    def come_back(self) -> None:
        """Go on as the process that was left, whose child has ended."""
        self.world = returned(self.world, self._parents.pop())
