"""Applying a plan on a simulated machine.

Laws:
- what was done is what was planned, and a second plan has nothing left to do;
- a saved plan is applied to the machine that it was made for: the first difference is named, and nothing is changed;
- a machine that answers otherwise than it was foreseen is not changed;
- a run that stops midway tells what it did and what it did not, holds nothing, and can be gone on with.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec
import pytest
from returns.result import Result, Success

from pypod.api import plan
from pypod.applying import Applied, apply
from pypod.effects.faults import FaultWhere
from pypod.hosts import Simulation
from pypod.pure.effect import Effect
from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import HostError, Problem
from pypod.pure.plan.facts import Action, Plan
from pypod.pure.plan.report import render_done
from pypod.pure.vocabulary.database import BackUpDatabase
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.locks import CreateLockSegment
from pypod.pure.world import World
from pypod.pure.world.describe import described
from tests.pure.described_commands import HOST

T = TypeVar("T")

ONE_STEP: dict[str, Any] = {"steps": [{"args": []}]}


class Machine:
    """A simulated machine: what is done to it stays, and a rehearsal is one on a copy of it."""

    source: Literal["live", "snapshot", "description"] = "live"
    podman_installed = "3.4.7"

    def __init__(self, **more: Any) -> None:
        self.host = Simulation(described({**HOST, **more, **ONE_STEP}).unwrap())

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        return self.host.answer(effect)

    def rehearsal(self) -> Result[Simulation, Problem]:
        return Success(Simulation(self.world))

    @property
    def world(self) -> World:
        return self.host.world


def applied(host: Machine, **more: Any) -> Result[Applied, Problem]:
    given: dict[str, Any] = {"machine": host, **more}
    return apply(host=host, **given)


def _declined(_plan: Plan) -> bool:
    return False


def planned(machine: Machine) -> Plan:
    return plan(host=machine).unwrap()


def deeds(made: Plan) -> list[tuple[str, str]]:
    return [(action.action, action.path) for action in made.actions]


def test_what_is_done_is_what_was_planned() -> None:
    machine = Machine()
    before = planned(machine)
    done = applied(machine, saved=before).unwrap()
    assert done.done is not None
    assert deeds(done.done) == deeds(before)
    assert (done.undone, done.status) == ((), None)
    assert planned(machine).actions == ()
    assert "constructed" in render_done(done.done, done.undone)


def test_nothing_is_done_without_agreement_nor_where_there_is_nothing_to_do() -> None:
    machine = Machine()
    before = machine.world
    assert applied(machine, agreed=_declined).unwrap().done is None
    assert machine.world == before
    assert applied(machine).unwrap().done is not None
    assert applied(machine).unwrap().done is None


def test_a_host_that_libpod_refuses_is_not_touched() -> None:
    machine = Machine(programs={})
    before = machine.world
    found = applied(machine).unwrap()
    assert found.planned.errored
    assert found.done is None
    assert machine.world == before


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"files": {**HOST["files"], "/etc/containers/containers.conf": {"text": "[engine]\n"}}}, "containers.conf"),
        ({"boot_id": "11111111-1111-4111-8111-111111111111"}, "the boot of the host"),
        ({"dirs": {"/run/libpod": {"mode": "0751"}}}, "directory /run/libpod"),
        ({"env": {**HOST["env"], "STORAGE_OPTS": "vfs.ignore_chown_errors=true"}}, "the setting storage."),
    ],
)
def test_a_stale_plan_is_refused_and_the_first_difference_named(more: dict[str, Any], named: str) -> None:
    machine = Machine(**more)
    before = machine.world
    refused = applied(machine, saved=planned(Machine())).failure()
    assert "the plan is stale: " in refused.message
    assert named in refused.message
    assert machine.world == before


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"errored": True, "applyable": False}, "Podman would stop"),
        ({"applyable": False, "host": {"source": "description"}}, "described host"),
        ({"applyable": False, "actions": (Action(0, "user-namespace", "enter_namespace", ""),)}, "re-executed process"),
        ({"applyable": False, "complete": False}, "another user"),
        ({"applyable": False}, "another user"),
    ],
)
def test_a_plan_that_is_not_for_this_machine_is_refused(changed: dict[str, Any], says: str) -> None:
    machine = Machine()
    saved = planned(machine)
    host = msgspec.structs.replace(saved.host, **changed.pop("host", {}))
    refused = applied(machine, saved=msgspec.structs.replace(saved, host=host, **changed)).failure()
    assert says in refused.message


class Otherwise:
    """A machine on which the first look at one path finds something else than it was foreseen."""

    def __init__(self, machine: Machine, path: str) -> None:
        self.machine, self.path = machine, path

    def answer(self, effect: Effect[Any], /) -> Any:
        if isinstance(effect, Stat) and effect.path == self.path:
            return Success(FileStatus(FileType.FILE, 0o700))
        return self.machine.answer(effect)


def test_a_machine_that_answers_otherwise_is_not_changed() -> None:
    machine = Machine()
    before = machine.world
    refused = applied(machine, machine=Otherwise(machine, "/usr/bin/crun")).failure()
    assert refused.message.startswith("the machine is not as it was planned: asked to look what /usr/bin/crun is")
    assert machine.world == before


def test_a_run_that_stops_midway_tells_what_it_did_and_can_be_gone_on_with() -> None:
    machine = Machine()
    full = FaultWhere(
        machine, lambda effect, _: isinstance(effect, CreateLockSegment), HostError(28, "shm_open", "/libpod_lock")
    )
    stopped = applied(machine, machine=full).unwrap()
    assert stopped.done is not None
    assert stopped.done.errored
    assert deeds(stopped.done) == deeds(stopped.planned)[: len(stopped.done.actions)]
    assert [action.action for action in stopped.undone][:1] == ["create_locks"]
    assert not machine.world.held
    text = render_done(stopped.done, stopped.undone)
    assert "Stopped midway." in text
    assert "no space left on device" in text
    again = applied(machine).unwrap()
    assert again.done is not None
    assert not again.done.errored
    assert planned(machine).actions == ()


def test_another_line_of_podman_is_left_alone() -> None:
    machine = Machine()
    machine.podman_installed = "5.0.1"
    before = machine.world
    assert "5.0.1" in applied(machine).failure().message
    assert machine.world == before
    assert applied(machine, any_podman=True).unwrap().done is not None


def test_renumbering_is_applied_behind_a_backup() -> None:
    machine = Machine()
    assert applied(machine).unwrap().done is not None
    done = applied(machine, command="system renumber").unwrap().done
    assert done is not None
    assert done.outcome == "renumbered"
    backups = [action.path for action in done.actions if action.action == "back_up_database"]
    assert len(backups) == 1
    assert backups[0] in machine.world.nodes


def test_each_of_two_renumberings_within_a_second_has_its_backup() -> None:
    machine = Machine()
    assert applied(machine).unwrap().done is not None
    backups: list[str] = []
    for _ in range(3):
        done = applied(machine, command="system renumber").unwrap().done
        assert done is not None
        assert not done.errored
        backups += [action.path for action in done.actions if action.action == "back_up_database"]
    first, second, third = backups
    assert (second, third) == (f"{first}-1", f"{first}-2")


def test_a_backup_that_fails_stops_before_anything_is_rewritten() -> None:
    machine = Machine()
    assert applied(machine).unwrap().done is not None
    full = FaultWhere(machine, lambda effect, _: isinstance(effect, BackUpDatabase), HostError(28, "write", "/x"))
    done = applied(machine, machine=full, command="system renumber").unwrap()
    assert done.done is not None
    assert done.done.errored
    assert "was not backed up" in (done.done.failure.message if done.done.failure else "")
