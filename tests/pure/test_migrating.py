"""Migrating and renumbering on a simulated host, and what pypod looks at before either."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from returns.result import Failure, Success

from pypod.api import rehearse
from pypod.hosts import Simulation
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.facts import Mapper, Stream
from pypod.pure.failure import HostError
from pypod.pure.plan.facts import Plan
from pypod.pure.plan.summarize import About, summarize
from pypod.pure.program import drive
from pypod.pure.vocabulary.containers import FindMappers
from pypod.pure.vocabulary.database import BackUpDatabase, ReadObjects
from pypod.pure.vocabulary.services import KillProcess
from pypod.pure.vocabulary.telling import Note
from pypod.pure.world import World
from pypod.pure.world.describe import described
from pypod.runtime.safeguard import guard
from tests.pure.running_host import DATABASE, container, host, identity
from tests.pure.small_host import SmallHost
from tests.pure.test_stopping import saved

MIGRATE = Request("system migrate")
TO_CRUN = Request("system migrate", (), (("new-runtime", "crun"),))
RENUMBER = Request("system renumber")


def world_of(*containers: dict[str, Any], alive: tuple[int, ...] = (), **more: Any) -> World:
    return described(host(*containers, alive=alive, **more)).unwrap()


def planned(request: Request, world: World) -> tuple[Plan, list[str], World]:
    """The plan, what was printed, and the host afterwards."""
    simulation = Simulation(world)
    done = rehearse(request, simulation)
    printed = [one.message for one, _ in done.tape if isinstance(one, Note) and one.stream is Stream.STDOUT]
    return (
        summarize(done.tape, done.ending, done.draft.settings, About(command=request.command)),
        printed,
        simulation.world,
    )


def test_what_runs_is_stopped_with_its_own_timeout_and_nothing_else_is() -> None:
    world = world_of(
        container(1, 3, 1001, 2001), container(2, 5, 1002, 2002), container(3, 6), alive=(1001, 2001, 1002, 2002)
    )
    plan, printed, after = planned(MIGRATE, world)
    assert (plan.errored, plan.outcome) == (False, "migrated")
    assert printed == [f"stopped {identity(1)}"]
    assert [saved(after, number).get("state") for number in (1, 2, 3)] == [4, 5, 6]
    assert after.processes[1001] == ""
    assert after.processes[1002] == "sh"


def test_a_plan_shows_the_signal_and_that_its_effect_is_not_known_beforehand() -> None:
    plan, _, _ = planned(MIGRATE, world_of(container(1, 3, 1001, 2001), alive=(1001, 2001)))
    (signalled,) = [action for action in plan.actions if action.action == "signal_container"]
    assert (signalled.stage, signalled.path, signalled.detail) == ("migrate", "/proc/1001", "signal 15")
    assert signalled.describe == f"send signal 15 to a container: /usr/bin/runc kill {identity(1)} 15"
    assert signalled.describe in plan.after_unknown
    assert not plan.complete


def test_a_container_that_cannot_be_stopped_ends_the_migration() -> None:
    plan, printed, after = planned(TO_CRUN, world_of(container(1, 3, 1001, 2001), alive=(1001,)))
    text = f"cannot stop container {identity(1)}: container {identity(1)} conmon process missing, cannot retrieve exit code"
    assert plan.failure is not None
    assert plan.failure.message == f"{text}: conmon process killed"
    assert plan.failure.kind == "ErrConmonDead"
    assert printed == [f"stopped {identity(1)}", plan.failure.message]
    assert runtimes(after) == {"runc"}


def runtimes(world: World) -> set[str]:
    read = Simulation(world).answer(ReadObjects(DATABASE)).unwrap()
    return {one.runtime for one in read.containers}


def test_to_another_runtime() -> None:
    plan, _, after = planned(TO_CRUN, world_of(container(1, 3, 1001, 2001), container(2, 6), alive=(1001, 2001)))
    assert not plan.errored
    assert runtimes(after) == {"crun"}


def test_libpod_looks_at_the_runtime_once_everything_is_stopped() -> None:
    request = Request("system migrate", (), (("new-runtime", "nothing"),))
    plan, _, after = planned(request, world_of(container(1, 3, 1001, 2001), alive=(1001, 2001)))
    assert plan.failure is not None
    assert plan.failure.message.startswith('change to runtime "nothing" requested but no such runtime is defined')
    assert saved(after, 1)["state"] == 4


def test_a_container_that_ended_unnoticed_is_not_stopped_and_not_named() -> None:
    files = {f"/run/libpod/exits/{identity(1)}": {"text": "0"}}
    plan, printed, after = planned(MIGRATE, world_of(container(1, 3, 1001, 2001), files=files))
    assert not plan.errored
    assert printed == []
    assert saved(after, 1)["state"] == 4


def test_renumbering_leaves_containers_running() -> None:
    world = world_of(container(7, 3, 1001, 2001), container(9, 6), alive=(1001, 2001))
    plan, _, after = planned(RENUMBER, world)
    assert plan.outcome == "renumbered"
    read = Simulation(after).answer(ReadObjects(DATABASE)).unwrap()
    assert [(one.lock, one.state) for one in read.containers] == [(0, 3), (1, 6)]
    assert after.processes[1001] == "sh"


# -- guards


class Mapped(SmallHost):
    """A host on which others have the lock segment mapped."""

    def answer(self, effect: Any, /) -> Any:
        if isinstance(effect, FindMappers):
            self.effects.append(effect)
            return Success((Mapper(4242, "podman"),))
        return super().answer(effect)


def test_renumbering_is_refused_while_others_hold_locks_by_number() -> None:
    heard = Mapped(world_of(container(1, 6)))
    problem: Any = drive(guard(RENUMBER), heard).failure()
    assert problem.message == (
        "not renumbered: /dev/shm/libpod_lock is in use by process 4242 (podman), which would go on with the old numbers"
    )
    assert problem.hint
    assert [effect.path for effect in heard.effects if isinstance(effect, FindMappers)] == ["/dev/shm/libpod_lock"]


def test_renumbering_is_not_refused_for_containers_that_run() -> None:
    guarded = drive(guard(RENUMBER), SmallHost(world_of(container(1, 3, 1001, 2001), alive=(1001, 2001))))
    assert guarded == Success(f"{DATABASE}.pypod-backup-20211209T120000")


def test_with_lock_files_nobody_keeps_a_number() -> None:
    world = world_of(container(1, 6), engine='lock_type = "file"\n')
    assert isinstance(drive(guard(RENUMBER), Mapped(world)), Success)


def test_without_a_database_there_is_nothing_to_back_up() -> None:
    description = host()
    del description["files"][DATABASE]
    heard = SmallHost(described(description).unwrap())
    assert drive(guard(MIGRATE), heard) == Success("")


@pytest.mark.parametrize(
    ("request_", "state", "refused"),
    [(MIGRATE, 5, False), (MIGRATE, 3, False), *((TO_CRUN, state, state in (2, 5, 8)) for state in range(1, 9))],
)
def test_migrating_is_refused_for_what_another_runtime_keeps(request_: Request, state: int, refused: bool) -> None:
    ended = drive(guard(request_), SmallHost(world_of(container(1, state, 1001, 2001), alive=(1001, 2001))))
    assert isinstance(ended, Failure) is refused
    problem: Any = ended.failure() if isinstance(ended, Failure) else None
    assert not refused or "c1 (" in problem.message


def test_a_container_that_has_that_runtime_already_stands_in_nobodys_way() -> None:
    mine = {**container(1, 5, 1001, 2001), "runtime": "crun"}
    assert isinstance(drive(guard(TO_CRUN), SmallHost(world_of(mine, alive=(1001, 2001)))), Success)


def test_a_users_paused_containers_need_the_pause_process() -> None:
    database = "/home/user/.local/share/containers/storage/libpod/bolt_state.db"
    description = host(container(1, 5, 1001, 2001))
    files = description["files"]
    files[database] = files.pop(DATABASE)
    del files["/etc/containers/storage.conf"]
    home = {"/run/user/1000": {"mode": "0700"}}
    of_a_user = {**description, "uid": 1000, "env": {"XDG_RUNTIME_DIR": "/run/user/1000"}, "dirs": home}
    heard = SmallHost(described(of_a_user).unwrap())
    problem: Any = drive(guard(MIGRATE), heard).failure()
    assert problem.message == (
        "not migrated: c1 (paused) could not be used afterwards: their namespaces go with the pause process"
    )
    assert not any(isinstance(effect, KillProcess) for effect in heard.effects)


@pytest.mark.parametrize("name", ["nothing", "kata"])
def test_a_runtime_that_is_not_there_is_found_out_before_anything_stops(name: str) -> None:
    request = Request("system migrate", (), (("new-runtime", name),))
    ended = drive(guard(request), SmallHost(world_of(container(1, 3, 1001, 2001), alive=(1001, 2001))))
    problem: Any = ended.failure()
    assert problem.message == (f'change to runtime "{name}" requested but no such runtime is defined: invalid argument')
    assert "nothing was stopped" in problem.hint


def test_a_runtime_that_is_not_there_stops_nothing_where_nothing_runs() -> None:
    request = Request("system migrate", (), (("new-runtime", "nothing"),))
    assert isinstance(drive(guard(request), SmallHost(world_of(container(1, 6)))), Success)


def _safely(host: Any) -> Any:
    request = msgspec.structs.replace(MIGRATE, backup="/backup")
    return drive(program_of(request)(Draft(request)), host)


def test_the_backup_is_the_database_as_it_was() -> None:
    world = world_of(container(1, 3, 1001, 2001), alive=(1001, 2001))
    heard = SmallHost(world)
    _safely(heard)
    copy = heard.world.nodes["/backup"]
    assert (copy.mode, copy.size) == (0o600, world.nodes[DATABASE].size)
    states = [
        [one.state for one in heard.answer(ReadObjects(path)).unwrap().containers] for path in ("/backup", DATABASE)
    ]
    assert states == [[3], [4]]


def test_a_backup_that_fails_ends_everything() -> None:
    class Full(SmallHost):
        def answer(self, effect: Any, /) -> Any:
            if isinstance(effect, BackUpDatabase):
                return Failure(HostError(28, "write", effect.to))
            return super().answer(effect)

    full = Full(world_of(container(1, 3, 1001, 2001), alive=(1001, 2001)))
    ended: Any = _safely(full).failure()
    assert (
        ended.message == f"{DATABASE} was not backed up, and nothing was done: write /backup: no space left on device"
    )
    assert full.world.processes[1001] == "sh"


def test_guards_change_nothing() -> None:
    for request in (MIGRATE, TO_CRUN, RENUMBER):
        world = world_of(container(1, 3, 1001, 2001), alive=(1001, 2001))
        heard = SmallHost(world)
        drive(guard(request), heard)
        assert heard.world.nodes == world.nodes
