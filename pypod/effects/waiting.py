"""A rehearsal host on which whoever leaves its process waits for the one that it left for, as on a real machine.

The real machine answers a LEAVE once the child has ended; by then all that the child did is done.  Here the program is run
again, as the child, while the LEAVE is answered: the conversation of a run has the child's between what the parent said
before and what it still says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

from returns.result import Result

from pypod.pure.effect import Effect, Host, Kind
from pypod.pure.failure import HostError
from pypod.pure.program import Program, Run, run

A = TypeVar("A")
T = TypeVar("T")

MOST_PROCESSES: Final = 4
"""How many a command can come to: its own, the short cut's, that of construction's namespace, that of the command's."""

_LEAVE: Final = Kind.LEAVE


class RehearsalHost(Protocol):
    """A host on which nothing is for real: the planning host, or the simulated kernel."""

    def answer(self, effect: Effect[A], /) -> Result[A, HostError]:
        """The answer to an effect."""
        ...

    @property
    def left(self) -> Effect[Any] | None:
        """The effect by which the process was left, if it was."""

    def reexecute(self) -> None:
        """Go on as the process that was started by leaving."""

    def come_back(self) -> None:
        """Go on as the process that was left, whose child has ended."""


class Waiting(Generic[T]):
    """Answers as ``inner`` does, which asks ``host``; runs ``make`` again in each process that is left for.

    ``most`` is how many processes there may be; the last of them is left for nothing.  ``processes`` is how many there
    were.
    """

    def __init__(self, host: RehearsalHost, inner: Host, make: Callable[[], Program[T]], most: int) -> None:
        self._host, self._ask, self._make, self._most = host, inner.answer, make, most
        self._child: Run[T] | None = None
        self.processes = 1

    def answer(self, effect: Effect[A], /) -> Result[A, HostError]:
        answer = self._ask(effect)
        if effect.kind is _LEAVE and self._host.left is not None and self.processes < self._most:
            self._be_child()
        return answer

    def _be_child(self) -> None:
        self._host.reexecute()
        self.processes += 1
        done = run(self._make(), self)
        # The innermost process is the one that did the command's work.
        self._child = self._child or done
        self._host.come_back()

    def run(self) -> Run[T]:
        """Run the program to its end: how it ended in the process that did not leave."""
        done = run(self._make(), self)
        return self._child or done
