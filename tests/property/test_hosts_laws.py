"""Laws of hosts: those of :mod:`pypod.testing.laws`, for hosts that answer from a table, from a tape, from the real machine
and from the simulated kernel.
"""

from __future__ import annotations

from typing import TypeVar, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from pypod.effects.faults import FaultWhere
from pypod.effects.linux.observer import LinuxObserver
from pypod.effects.live import planning_host
from pypod.effects.recording import Recording
from pypod.effects.replaying import Replaying
from pypod.effects.tracing import Tracing
from pypod.pure.effect import Effect, Kind, Observation, On
from pypod.pure.facts import ALL_CAPABILITIES, HostFacts, Identity
from pypod.pure.failure import HostError
from pypod.pure.machine import Machine
from pypod.pure.tape import Tape
from pypod.pure.vocabulary.files import (
    IsMountPoint,
    ListDirectory,
    LookAt,
    ReadFile,
    ReadLink,
    ResolveLinks,
    Stat,
    StatFilesystem,
)
from pypod.pure.vocabulary.process import SetVariable
from pypod.pure.world import Simulated, World
from pypod.testing.laws import CHANGES, FAULT, OBSERVATIONS, check_host_laws
from tests.property.conversations import tapes

T = TypeVar("T")


class Table:
    """Answers by what is asked, alike every time."""

    def __init__(self, tape: Tape) -> None:
        self.answers = dict(tape.exchanges)

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        return Success(cast("T", None)) if effect.kind is Kind.TELL else self.answers[effect]


@given(tapes())
def test_a_table_keeps_the_laws(tape: Tape) -> None:
    check_host_laws(lambda: Table(tape), [effect for effect, _ in tape])


@given(tapes(), st.integers(0, 5))
def test_a_replay_names_where_it_diverged(tape: Tape, at: int) -> None:
    said = tape.without_told()
    replay = Replaying(said)
    for effect, _ in said.exchanges[:at]:
        replay.answer(effect)
    strange = Stat("/nothing that was asked")
    answer = replay.answer(strange)
    assert isinstance(answer, Failure)
    expected = said.redacted().exchanges[at][0].describe() if at < len(said) else "the end of the tape"
    assert answer.failure().reason == f"step {min(at, len(said))}: expected {expected}, got {strange.describe()}"
    assert not replay.is_finished
    assert all(isinstance(replay.answer(effect), Failure) for effect, _ in said)


@given(tapes())
def test_faults_by_kind_refuse_just_that_kind(tape: Tape) -> None:
    host = FaultWhere(Table(tape), lambda effect, _: effect.kind is Kind.CHANGE, FAULT)
    recording = Recording(host)
    for effect, _ in tape:
        recording.answer(effect)
    assert all(answer == Failure(FAULT) for _, answer in recording.tape.of_kind(Kind.CHANGE))
    assert host.refused == len(tape.of_kind(Kind.CHANGE))
    assert host.asked == len(tape.without_told())


def test_a_trace_tells_the_refusal_and_no_secret() -> None:
    lines: list[str] = []
    refusing = FaultWhere(Replaying(Tape()), lambda _effect, _ordinal: True, HostError(13, "open", "/x"))
    host = Tracing(refusing, lines.append)
    host.answer(ReadFile("/x"))
    host.answer(SetVariable("TOKEN", "hunter2"))
    assert lines == ["observe: read /x: permission denied", "change: set the variable TOKEN: permission denied"]


class Forgetful:
    """Breaks the first law: the second host that is made knows nothing any more."""

    made = 0

    def __init__(self) -> None:
        Forgetful.made += 1
        self.number = Forgetful.made

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if effect.kind is Kind.TELL:
            return Success(cast("T", None))
        return Failure(HostError(self.number, "forget", effect.describe()))


def test_the_laws_can_be_broken() -> None:
    with pytest.raises(AssertionError, match="fresh hosts answer alike"):
        check_host_laws(Forgetful)


ROOT = Identity(capabilities=ALL_CAPABILITIES)
CLOSED = World(open=False, identity=ROOT, cwd="/", facts=HostFacts())


def test_the_simulated_kernel_keeps_the_laws() -> None:
    check_host_laws(lambda: Simulated(CLOSED), (*OBSERVATIONS, *CHANGES))


def test_the_real_machine_keeps_the_laws() -> None:
    check_host_laws(lambda: On(cast("Machine", LinuxObserver())), OBSERVATIONS)


PATHS = st.sampled_from(
    ["/", "/bin", "/bin/sh", "/bin/../etc", "/var/run", "/etc/passwd", "/etc/passwd/x", "/proc/self", "/dev/null", "/nowhere/x",
     "/etc//hostname", "/etc/.", "/lib", "/usr/lib/os-release", "/etc/mtab", "/sys/fs/cgroup", "/root", "/var/lib"]
)  # fmt: skip
LOOKS = st.sampled_from([Stat, LookAt, ReadFile, ListDirectory, ReadLink, ResolveLinks, IsMountPoint, StatFilesystem])


@given(st.lists(st.tuples(LOOKS, PATHS), min_size=1, max_size=5))
def test_an_open_world_sees_what_the_machine_sees(looks: list[tuple[type[Observation[object]], str]]) -> None:
    """Whatever was looked at before, so that what was learnt is not mistaken for something else."""
    planning, machine = planning_host(), LinuxObserver()
    for kind, path in looks:
        effect = msgspec.convert({"type": kind.__name__, "path": path}, type=kind)
        assert planning.answer(effect) == effect.see(machine), effect
