"""Stopping containers, and shutting a runtime down by force, keep the laws of programs, whatever the host refuses.

* The laws of ``pypod.testing.check_program_laws``: a plan equals a run, nothing stays held, no fault is an exception.
* A container that was stopped has no process in its state; one that was not keeps what it had.
* Whatever was refused, the same stop can be asked for again, and comes to its end.
* Containers do not hinder each other: one that cannot be stopped leaves the others to be stopped.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Result, Success

from pypod.effects.faults import FaultAt
from pypod.pure.draft import Draft, Locks
from pypod.pure.effect import Kind
from pypod.pure.facts import Handle
from pypod.pure.failure import HostError, Problem
from pypod.pure.program import Program, bracket, drive
from pypod.pure.stopping.stage import stop
from pypod.pure.vocabulary.locks import MapLockSegment, UnmapLockSegment
from pypod.pure.world import Simulated, World
from pypod.pure.world.state import EMPTY
from pypod.runtime.shutdown import Stopped, shutdown
from pypod.testing.course import course_of
from pypod.testing.host import SimulatedHost
from pypod.testing.program_laws import ERRNOS, check_program_laws
from tests.pure.running_host import Scene, container, host, identity, scene
from tests.pure.test_shutdown import mounted
from tests.pure.test_stopping import saved

THOROUGH: Final = settings().max_examples > 100
FEWER: Final = settings(max_examples=max(settings().max_examples // 2, 20))
HARMLESS: Final = 28


class Constructed(SimulatedHost):
    """The host on which a runtime was constructed, for a process that holds nothing of it yet."""

    def __init__(self, stage: Scene) -> None:
        super().__init__({})
        self.stage = stage

    @property
    def world(self) -> World:
        return msgspec.structs.replace(self.stage.world, handles=0, held=EMPTY)


def with_locks(stage: Scene, use: Callable[[Draft, Locks], Program[Any]]) -> Program[Any]:
    """A program on the constructed runtime, which maps the segment for itself."""

    def mapped(handle: Handle) -> Program[Any]:
        locks = msgspec.structs.replace(stage.locks, handle=handle)
        return (yield from use(msgspec.structs.replace(stage.draft, locks=locks), locks))

    return bracket(MapLockSegment("/libpod_lock", 2048), UnmapLockSegment, mapped)


def running(**config: Any) -> Scene:
    return scene(host(container(1, 3, 1001, 2001, **config), alive=(1001, 2001)))


SCENES: Final[dict[str, Callable[[], Scene]]] = {
    "heeds its signal": running,
    "heeds nothing but SIGKILL": lambda: running(stopSignal=HARMLESS),
    "has no conmon": lambda: scene(host(container(1, 3, 1001, 2001), alive=(1001,))),
    "is gone": lambda: scene(host(container(1, 3, 1001, 2001), alive=(2001,))),
    "lock files": lambda: scene(host(container(1, 3, 1001, 2001), alive=(1001, 2001), engine='lock_type = "file"\n')),
}


def stopping(stage: Scene, timeout: int = 10) -> Callable[[], Program[Result[None, Problem]]]:
    facts = stage.facts(1)
    if stage.locks.handle is None:
        return lambda: stop(stage.draft, stage.locks, facts, timeout)
    return lambda: with_locks(stage, lambda draft, locks: stop(draft, locks, facts, timeout))


@pytest.mark.parametrize("name", sorted(SCENES))
def test_stopping_keeps_the_laws_of_programs(name: str) -> None:
    stage = SCENES[name]()
    errnos = ERRNOS if THOROUGH else (errno.EIO, errno.ENOENT)
    check_program_laws(stopping(stage), Constructed(stage), errnos=errnos)


@pytest.mark.parametrize("make", [mounted, running], ids=["mounted layers", "a container"])
def test_a_forced_shutdown_keeps_the_laws_of_programs(make: Callable[[], Scene]) -> None:
    stage = make()

    def program() -> Program[Stopped]:
        # The segment is let go by the shutdown itself, and so asked to be let go twice: that answers EBADF, to nobody.
        return with_locks(stage, lambda draft, _: shutdown(draft, force=True))

    check_program_laws(program, Constructed(stage), errnos=ERRNOS if THOROUGH else (errno.EIO,))


@FEWER
@given(st.sampled_from(sorted(SCENES)), st.integers(0, 10_000), st.sampled_from(ERRNOS), st.integers(0, 2))
def test_a_stop_that_was_refused_something_can_be_asked_for_again(
    name: str, place: int, number: int, timeout: int
) -> None:
    stage = BUILT[name]
    course = course_of(stopping(stage, timeout), Constructed(stage))
    asked = sum(passed.effect.kind is not Kind.TELL for passed in course)
    inner = Simulated(Constructed(stage).world)
    drive(stopping(stage, timeout)(), FaultAt(inner, place % asked, HostError(number, "fault", "")))
    between = saved(inner.world, 1)
    assert between["state"] in (3, 4, 8)
    assert between["state"] != 4 or not {"pid", "conmonPid"} & between.keys()
    assert between["state"] != 3 or between["pid"] == 1001
    again = Simulated(msgspec.structs.replace(inner.world, handles=0, held=EMPTY))
    ended = drive(stopping(stage, timeout)(), again)
    assert isinstance(ended, Success)
    assert saved(again.world, 1)["state"] == 4
    assert not again.world.processes.get(1001, "")


BUILT: Final = {name: make() for name, make in SCENES.items()}


@FEWER
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.booleans(), st.booleans(), st.sampled_from((15, HARMLESS))),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_containers_do_not_hinder_each_other(drawn: list[tuple[int, bool, bool, int]]) -> None:
    """What a forced shutdown does to a container does not depend on which others there are."""

    def alone(number: int) -> dict[str, Any]:
        state, _, _, signal = drawn[number]
        return container(number, state, 1000 + number, 2000 + number, stopSignal=signal)

    def after(numbers: tuple[int, ...]) -> dict[int, dict[str, Any]]:
        alive = tuple(pid for number in numbers for pid, lives in zip(
            (1000 + number, 2000 + number), drawn[number][1:3], strict=True) if lives)  # fmt: skip
        stage = scene(host(*(alone(number) for number in numbers), alive=alive))
        inner = Simulated(stage.world)
        assert isinstance(drive(shutdown(stage.draft, force=True), inner), Success)
        return {number: saved(inner.world, number) for number in numbers}

    together = after(tuple(range(len(drawn))))
    for number in range(len(drawn)):
        assert after((number,)) == {number: together[number]}
    assert all(identity(number) for number in together)
