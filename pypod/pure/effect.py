"""Effects: frozen values that say what to do to a host.

Rule 1: saying is not doing.  An effect is data: it can be compared, planned, recorded and replayed.
Rule 2: one effect, one kind.  Creating a lock file and taking the lock are two.
Rule 3: :meth:`Effect.via` is the only double dispatch, and so the only place that knows which method of a
        machine answers which effect.  A host never takes an effect apart.
Rule 4: no effect carries a callable.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from msgspec import Struct
from returns.result import Result, Success

from pypod.pure.facts import Changed
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import DatabaseChanged, Machine, Observing

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(Enum):
    """What an effect does to a host."""

    OBSERVE = "observe"
    """Looks, changes nothing."""
    CHANGE = "change"
    """Changes something; answers ``Changed``, empty when nothing had to change."""
    HOLD = "hold"
    """Takes a lock or a mapping; answers a handle."""
    FREE = "free"
    """Gives back what was held."""
    LEAVE = "leave"
    """Leaves the process; answers the exit status."""
    TELL = "tell"
    """Says something: a diagnostic, the beginning and the end of a stage."""


class Effect(Struct, Generic[T_co], frozen=True, tag=True):
    """Something to do to a host, answered with a ``T``."""

    kind: ClassVar[Kind]
    answer: ClassVar[Any]
    """The type of the answer, for reading a tape back."""

    def via(self, machine: Machine, /) -> Result[T_co, HostError]:
        """Do it on that machine."""
        raise NotImplementedError

    def describe(self) -> str:
        """One sentence for log, plan and debug; ``make directory /run/libpod (0751)``."""
        raise NotImplementedError


class Observation(Effect[T_co], frozen=True):
    """An effect that only looks, and so needs only the observing half of a machine."""

    kind = Kind.OBSERVE

    def see(self, machine: Observing, /) -> Result[T_co, HostError]:
        """Look on that machine."""
        raise NotImplementedError

    def via(self, machine: Machine, /) -> Result[T_co, HostError]:
        return self.see(machine)


class DatabaseEffect(Effect[Changed], frozen=True):
    """An effect that changes a database, and so needs only that part of a machine."""

    kind = Kind.CHANGE
    answer = Changed

    def change(self, machine: DatabaseChanged, /) -> Result[Changed, HostError]:
        """Do it on that machine."""
        raise NotImplementedError

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return self.change(machine)


class Telling(Effect[None], frozen=True):
    """An effect that only says something: who listens is the host's affair; a machine has nothing to do."""

    kind = Kind.TELL
    answer = None

    def via(self, _machine: Machine, /) -> Result[None, HostError]:
        return _TOLD


_TOLD: Result[None, HostError] = Success(None)


class Host(Protocol):
    """Whatever answers effects: a machine, or something that wraps a host."""

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        """The answer to an effect; never raises, except for bugs and interrupts."""
        ...


class On:
    """A machine as a host."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        return effect.via(self.machine)
