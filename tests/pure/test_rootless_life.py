"""Where a rootless command goes once its runtime is there, and what becomes of the pause process that it made."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from returns.result import Failure, Result, Success

import pypod
from pypod.api import Rehearsal, rehearse
from pypod.effects.faults import FaultAt
from pypod.effects.recording import Recording
from pypod.effects.waiting import Waiting
from pypod.hosts import Simulation
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import Departed, HostError, Refused
from pypod.pure.program import Program, leave, need, run
from pypod.pure.systemd.facts import Scope
from pypod.pure.systemd.scope import UNKNOWN_PROCESS
from pypod.pure.userns import scope
from pypod.pure.vocabulary.namespaces import EnterUserNamespace, JoinUserNamespace, ReadInUserNamespace
from pypod.pure.vocabulary.process import AskIdentity, ReadVariable, SetVariable
from pypod.pure.vocabulary.services import StartScope
from pypod.pure.vocabulary.telling import EnterStage, Note
from pypod.pure.world.describe import described, next_step
from pypod.testing.host import SimulatedHost
from tests.pure.rootless_host import PAUSE, conmon_file, container, host, monitored, ran

MOVED = "Failed to add pause process to systemd sandbox cgroup: "
SOCKET = {"/run/user/1000/bus": {"socket": True}}


def left(done: Rehearsal) -> list[Effect[Any]]:
    return [effect for effect, _ in done.tape if effect.kind is Kind.LEAVE]


def asked(done: Rehearsal, kind: type[Effect[Any]]) -> list[Any]:
    return [effect for effect, _ in done.tape if isinstance(effect, kind)]


def said(done: Rehearsal) -> list[tuple[str, str]]:
    return [(one.level.value, one.message) for one in asked(done, Note)]


# -- the monitor of a container that runs


def test_the_monitor_of_a_running_container_is_joined_and_a_pause_process_made_there() -> None:
    description = host(container(1), files=monitored(1), processes={"501": "conmon"})
    description["steps"] = [{"args": ["container", "exists", "c1"]}, {"args": ["info"]}]
    done, world = ran(description)
    assert left(done) == [JoinUserNamespace(501, PAUSE)]
    assert (done.ending, done.processes, done.draft.status) == (None, 2, 0)
    pid = int(world.nodes[PAUSE].content)  # type: ignore[arg-type]  # it is bytes
    assert world.processes[pid] == "podman pause"
    assert world.nodes[PAUSE].uid == 1000
    assert [(one.inside, one.outside) for one in world.pauses[pid].mappings.uids] == [(0, 1000), (1, 100000)]
    assert world.identity is not None
    assert world.identity.euid == 1000, "the one that left is who it was"
    after = Simulation(next_step(world, description, 1).unwrap())
    again = rehearse(Request("info"), after)
    assert left(again) == [JoinUserNamespace(pid)]


def test_of_several_the_first_live_one_is_joined() -> None:
    containers = (container(1), container(2, state=5), container(3), container(4))
    files = {**monitored(1), **monitored(2), **monitored(3), **monitored(4)}
    done, _ = ran(host(*containers, files=files, processes={"502": "conmon", "503": "conmon", "504": "conmon"}))
    assert left(done) == [JoinUserNamespace(503, PAUSE)], "501 ended, and a paused container does not count"


@pytest.mark.parametrize("content", ["", "501\n", "x", " 501", "501 ", "5" * 40])
def test_what_is_no_process_id_is_passed_over(content: str) -> None:
    done, _ = ran(host(container(1), files=monitored(1, content), processes={"501": "conmon"}))
    assert [type(one) for one in left(done)] == [EnterUserNamespace]


@pytest.mark.parametrize("state", [1, 2, 4, 5, 6])
def test_where_nothing_runs_a_new_namespace_is_made(state: int) -> None:
    done, _ = ran(host(container(1, state), files=monitored(1), processes={"501": "conmon"}))
    assert [type(one) for one in left(done)] == [EnterUserNamespace]


def test_a_container_that_ended_unnoticed_is_recorded_and_not_joined() -> None:
    exits = {f"/run/user/1000/libpod/tmp/exits/{container(1)['id']}": {"text": "3"}}
    done, _ = ran(host(container(1), files={**monitored(1), **exits}, processes={"501": "conmon"}))
    assert [type(one) for one in left(done)] == [EnterUserNamespace]


def test_a_file_of_another_id_is_read_as_root_of_a_namespace() -> None:
    theirs = monitored(1, uid=100099, gid=100099, mode="0600")
    done, _ = ran(host(container(1), files=theirs, processes={"501": "conmon"}))
    (look,) = asked(done, ReadInUserNamespace)
    assert look.path == conmon_file(1)
    assert left(done) == [JoinUserNamespace(501, PAUSE)]


def test_without_the_tools_no_namespace_can_read_it_either() -> None:
    files = {
        **monitored(1, uid=100099, gid=100099, mode="0600"),
        **monitored(2, "502"),
        "/usr/bin/newuidmap": {"text": "", "mode": "0644"},
    }
    processes = {"501": "conmon", "502": "conmon"}
    done, _ = ran(host(container(1), container(2), files=files, processes=processes))
    assert not asked(done, ReadInUserNamespace)
    assert left(done) == [JoinUserNamespace(502, PAUSE)], "what can be read without serves all the same"
    alone, _ = ran(host(container(1), files=files, processes=processes))
    assert not left(alone)
    assert isinstance(alone.ending, Refused)
    assert alone.ending.exit_status == 1
    assert "command required for rootless mode with multiple IDs" in alone.ending.message


def test_a_live_pause_process_comes_first() -> None:
    files = {**monitored(1), PAUSE: {"text": "700", "mode": "0600"}}
    done, _ = ran(host(container(1), files=files, processes={"501": "conmon", "700": "podman pause"}, env={}))
    assert left(done) == [JoinUserNamespace(700)]


def test_a_stale_pause_file_gives_way_to_the_monitor() -> None:
    files = {**monitored(1), PAUSE: {"text": "700", "mode": "0600"}}
    done, world = ran(host(container(1), files=files, processes={"501": "conmon"}))
    assert left(done) == [JoinUserNamespace(501, PAUSE)]
    assert world.nodes[PAUSE].content != b"700"


def test_giving_up_the_pause_process_joins_nobody() -> None:
    done, _ = ran(host(container(1), files=monitored(1), processes={"501": "conmon"}), "system migrate")
    assert not left(done)


def test_a_monitor_that_cannot_be_joined_is_told_as_podman_tells_it() -> None:
    description = host(container(1), files=monitored(1), processes={"501": "conmon"})
    program = program_of(Request("container exists", arguments=("c1",)))
    plain = Recording(Simulation(described(description).unwrap()))
    run(program(Draft(Request("container exists", arguments=("c1",)))), plain)
    place = next(at for at, (effect, _) in enumerate(plain.tape) if effect.kind is Kind.LEAVE)
    ordinal = sum(effect.kind is not Kind.TELL for effect, _ in plain.tape.exchanges[:place])
    fault = HostError(errno.EACCES, "open", "/proc/501/ns/user")
    host_ = Recording(FaultAt(Simulation(described(description).unwrap()), ordinal, fault))
    ended = run(program(Draft(Request("container exists", arguments=("c1",)))), host_).result
    assert isinstance(ended, Failure)
    problem = ended.failure()
    assert not isinstance(problem, Departed)
    assert problem.exit_status == 1
    assert problem.message.endswith('with "podman system migrate": cannot re-exec process')


# -- a scope for the pause process


def with_bus() -> dict[str, Any]:
    return host(files=SOCKET, init="systemd", session=True)


def test_the_pause_process_gets_a_scope_once_the_child_is_done() -> None:
    done, world = ran(with_bus())
    (started,) = asked(done, StartScope)
    assert started.bus == "unix:path=/run/user/1000/bus"
    assert (started.uid, started.scope.slice) == (1000, "user.slice")
    assert str(started.scope.pid).encode() == world.nodes[PAUSE].content
    assert started.scope.unit.startswith("podman-pause-")
    assert started.scope.unit.endswith(".scope")
    stages = [one.name for one in asked(done, EnterStage)]
    assert stages[-1] == "pause-scope", "after all that the child does"
    assert stages.index("shutdown") < len(stages) - 1
    assert not [text for _, text in said(done) if text.startswith(MOVED)]


def test_a_plan_shows_it() -> None:
    plan = pypod.plan(host=SimulatedHost(with_bus()), command="info").unwrap()
    action = plan.actions[-1]
    assert (action.stage, action.action, action.path, action.deferred) == (
        "pause-scope",
        "start_scope",
        "user.slice",
        True,
    )
    assert action.describe == "move a process into a scope of its own in user.slice"
    assert action.because


def test_one_that_is_joined_stays_where_it_is() -> None:
    files = {**SOCKET, PAUSE: {"text": "700", "mode": "0600"}}
    done, _ = ran(host(files=files, session=True, processes={"700": "podman pause"}))
    assert left(done) == [JoinUserNamespace(700)]
    assert not asked(done, StartScope)


def test_the_one_that_is_made_beside_a_monitor_is_moved_too() -> None:
    done, world = ran(host(container(1), files={**SOCKET, **monitored(1)}, session=True, processes={"501": "conmon"}))
    (started,) = asked(done, StartScope)
    assert str(started.scope.pid).encode() == world.nodes[PAUSE].content


@pytest.mark.parametrize(
    ("more", "level", "why"),
    [
        ({}, "debug", "dbus: couldn't determine address of session bus"),
        ({"init": "systemd"}, "debug", "dbus: couldn't determine address of session bus"),
        ({"init": "systemd", "cgroup": "v2"}, "warning", "dbus: couldn't determine address of session bus"),
        ({"files": SOCKET, "init": "systemd"}, "debug", "dial unix /run/user/1000/bus: connect: connection refused"),
        (
            {"files": {"/run/user/1000/bus": {"text": ""}}},
            "debug",
            "dial unix /run/user/1000/bus: connect: connection refused",
        ),
        (
            {"files": {"/run/user/1000/dbus-session": {"text": "DBUS_SESSION_BUS_ADDRESS=unix:path=/no\n"}}},
            "debug",
            "dial unix /no: connect: no such file or directory",
        ),
        (
            {"env": {"XDG_RUNTIME_DIR": "/run/user/1000", "DBUS_SESSION_BUS_ADDRESS": "unix:abstract=x;no"}},
            "debug",
            "dbus: invalid bus address (no transport)",
        ),
    ],
)
def test_what_does_not_work_is_said_after_three_attempts(more: dict[str, Any], level: str, why: str) -> None:
    done, _ = ran(host(**more))
    assert said(done)[-1] == (level, MOVED + why)
    assert done.ending is None
    units = [one.scope.unit for one in asked(done, StartScope)]
    assert len(units) == len({*units}) == (0 if "determine" in why else 3)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (Success(b"4711"), Success(4711)),
        (Failure(HostError(errno.ENOENT, "open", "/p")), Success(None)),
        (
            Failure(HostError(errno.EACCES, "open", "/p")),
            Failure("cannot read pid file /p: open /p: permission denied"),
        ),
        (Success(b""), Failure('cannot parse pid file /p: strconv.ParseUint: parsing "": invalid syntax')),
        (Success(b"1\n"), Failure('cannot parse pid file /p: strconv.ParseUint: parsing "1\\n": invalid syntax')),
        (Success(b"-1"), Failure('cannot parse pid file /p: strconv.ParseUint: parsing "-1": invalid syntax')),
        (
            Success(b"18446744073709551616"),
            Failure('cannot parse pid file /p: strconv.ParseUint: parsing "18446744073709551616": value out of range'),
        ),
    ],
)
def test_the_process_that_is_moved(content: Result[bytes, HostError], found: Result[int | None, str]) -> None:
    assert scope.process_to_move("/p", content) == found


def test_names_of_scopes() -> None:
    assert scope.scope_of(7, "f" * 16) == Scope("user.slice", "podman-pause-9223372036854775807.scope", 7)
    assert scope.scope_of(1 << 32 | 7, "0" * 16) == Scope("user.slice", "podman-pause-0.scope", 7)


def test_a_process_that_ended_meanwhile_is_no_failure() -> None:
    assert scope.why_not(Success(None)) == ""
    assert scope.why_not(Failure(HostError(0, "", UNKNOWN_PROCESS, "gone"))) == ""
    assert scope.why_not(Failure(HostError(0, "", "", "EOF"))) == "EOF"


def test_a_first_process_that_hides_counts_as_systemd() -> None:
    hidden: Result[bytes, HostError] = Failure(HostError(errno.EACCES, "open", "/proc/1/comm"))
    assert scope.not_moved("x", hidden, unified=True) == Diagnostic(Level.WARNING, f"{MOVED}x")
    assert scope.not_moved("x", Success(b"systemd\n"), unified=False).level is Level.DEBUG
    assert scope.not_moved("x", Success(b"init\n"), unified=True).level is Level.DEBUG


# -- whoever leaves waits


def leaving() -> Program[str]:
    """Leaves unless it did; what it does afterwards is seen by the one that left."""
    identity = yield from need(AskIdentity())
    if identity.euid == 0:
        yield from need(SetVariable("WHERE", "inside"))
        return "inside"

    def afterwards(_answer: Result[int, HostError]) -> Program[None]:
        yield from need(AskIdentity())
        yield from need(ReadVariable("WHERE"))

    return (yield from leave(JoinUserNamespace(501, PAUSE), afterwards=afterwards))


def test_the_conversation_of_the_child_is_within_the_parents() -> None:
    simulated = Simulation(described(host(processes={"501": "conmon"})).unwrap())
    recording = Recording(simulated)
    waiting = Waiting(simulated, recording, leaving, 4)
    assert waiting.run().result == Success("inside")
    assert waiting.processes == 2
    heard = [(type(effect), answer.value_or(None)) for effect, answer in recording.tape]
    assert [kind for kind, _ in heard] == [
        AskIdentity, JoinUserNamespace, AskIdentity, SetVariable, AskIdentity, ReadVariable,
    ]  # fmt: skip
    who = [one.euid for kind, one in heard if kind is AskIdentity and one is not None]
    assert who == [1000, 0, 1000]
    assert heard[-1][1] is None, "what a child sets is not its parent's"
    assert simulated.world.processes[int(simulated.world.nodes[PAUSE].content)] == "podman pause"  # type: ignore[arg-type]  # it is bytes


def test_the_last_process_is_left_for_nothing() -> None:
    simulated = Simulation(described(host(processes={"501": "conmon"})).unwrap())
    waiting = Waiting(simulated, simulated, leaving, 1)
    assert waiting.run().result == Failure(Departed(0))
    assert waiting.processes == 1
