"""A simulated host for tests: a description, and what runs on it.

A host is a value: running a program on it answers what happened and the world afterwards, and leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.api import rehearse
from pypod.effects.planning import Planning
from pypod.effects.recording import Recording
from pypod.effects.waiting import MOST_PROCESSES, RehearsalHost, Waiting
from pypod.hosts import Simulation
from pypod.pure.draft import Request
from pypod.pure.effect import Effect, Host, Kind
from pypod.pure.facts import Change, Changed, Handle
from pypod.pure.failure import Ending, Problem
from pypod.pure.program import Program
from pypod.pure.tape import Tape
from pypod.pure.vocabulary.files import LookAt
from pypod.pure.world import World, learn
from pypod.pure.world.containers import Containers
from pypod.pure.world.describe import described, next_step

T = TypeVar("T")


class Ran(Struct, Generic[T], frozen=True):
    """How a program ran: how it ended, the whole conversation, the world afterwards, and how many processes it took."""

    result: Result[T, Ending]
    tape: Tape
    world: World
    processes: int = 1

    @property
    def held(self) -> tuple[Effect[Any], ...]:
        """Every lock and mapping that was taken, in order, given back or not."""
        return tuple(effect for effect, answer in self.tape.of_kind(Kind.HOLD) if isinstance(answer, Success))

    @property
    def still_held(self) -> tuple[Effect[Any], ...]:
        """What was taken and not asked to be given back when the last process ended."""
        return tuple(effect for effect, _ in still_held(self.tape))

    @property
    def changes(self) -> tuple[Change, ...]:
        """What changed on the host, in order."""
        return changes_of(self.tape)


def changes_of(tape: Tape) -> tuple[Change, ...]:
    """What changed in a conversation, in order."""
    answers = (answer.unwrap() for _, answer in tape.of_kind(Kind.CHANGE) if isinstance(answer, Success))
    return tuple(change for answer in answers if isinstance(answer, Changed) for change in answer.changes)


def still_held(tape: Tape) -> tuple[tuple[Effect[Any], int], ...]:
    """What was taken and not asked to be given back, each with the place in the conversation where it was taken.

    Whatever a process holds goes with it when it is left.
    """
    held: dict[Handle, tuple[Effect[Any], int]] = {}
    for index, (effect, answer) in enumerate(tape):
        if effect.kind is Kind.HOLD and isinstance(answer, Success):
            held[answer.unwrap()] = effect, index
        elif effect.kind is Kind.FREE:
            held.pop(getattr(effect, "handle"), None)  # noqa: B009 - what every FREE effect of the vocabulary names
        elif effect.kind is Kind.LEAVE and isinstance(answer, Success):
            held.clear()
    return tuple(held.values())


class SimulatedHost:
    """The host of a description (``docs/host-format.md``) as it is before one of its steps, counted from 0.

    ``history`` are the requests that were run on it in the steps before.
    """

    source: Literal["live", "snapshot", "description"] = "description"

    def __init__(self, description: dict[str, Any], history: tuple[Request, ...] = ()) -> None:
        self.description = description
        self.history = history
        self._world: World | None = None

    def __repr__(self) -> str:
        ran = f", history={self.history!r}" if self.history else ""
        return f"SimulatedHost({self.description!r}{ran})"

    @property
    def world(self) -> World:
        """The host as the simulated kernel knows it; a ValueError names what is wrong in the description."""
        if self._world is None:
            world = _laid(described(self.description))
            for index, request in enumerate(self.history, 1):
                host = Simulation(world)
                rehearse(request, host)
                world = _laid(next_step(host.world, self.description, index))
            self._world = world
        return self._world

    def after(self, request: Request) -> SimulatedHost:
        """The host after one more request was run on it."""
        return SimulatedHost(self.description, (*self.history, request))

    @property
    def podman_installed(self) -> str:
        """The version that the description gives the host's podman."""
        return str(self.description.get("podman_installed", "3.4.7"))

    def rehearsal(self) -> Result[Simulation, Problem]:
        """A fresh simulation: ``pypod.plan(host=…)`` takes a simulated host as it is."""
        return Success(Simulation(self.world))

    def run(self, make: Program[T] | Callable[[], Program[T]]) -> Ran[T]:
        """Run a program to its end.  One that leaves its process has to be given as what makes it, to be started again."""
        return ran(make, Simulation(self.world))

    def planning(self) -> tuple[Containers, Planning]:
        """The host as a machine that is only looked at, and a planning host over it."""
        machine = Containers(self.world)
        known = World(umask=self.world.umask, drawn=self.world.drawn, next_pid=self.world.next_pid)
        return machine, Planning(machine, learn(known, LookAt("/"), machine.look_at("/")))


def _laid(laid: Result[World, Any]) -> World:
    if isinstance(laid, Failure):
        raise ValueError(str(laid.failure().message))  # noqa: TRY004 - a failed Result is no wrong type
    return laid.unwrap()


def ran(
    make: Program[T] | Callable[[], Program[T]],
    host: RehearsalHost,
    wrapped: Callable[[Host], Host] = lambda host: host,
) -> Ran[T]:
    """Run a program on a host that is put in another one, and again in each process that it leaves for."""
    recording = Recording(wrapped(host))
    started = make if callable(make) else lambda: make
    waiting = Waiting(host, recording, started, MOST_PROCESSES if callable(make) else 1)
    done = waiting.run()
    return Ran(done.result, recording.tape, _world_of(host), waiting.processes)


def _world_of(host: RehearsalHost) -> World:
    world: object = getattr(host, "world", None)
    return world if isinstance(world, World) else World()
