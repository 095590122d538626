"""Stopping a container on a simulated host: every state, against a small model of what libpod does."""

from __future__ import annotations

import errno
import json
from typing import Any, TypeVar, cast

import pytest
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import EditJson, EmptyBucket
from pypod.pure.effect import Effect
from pypod.pure.facts import Waited
from pypod.pure.failure import HostError, Problem
from pypod.pure.program import drive
from pypod.pure.stopping.stage import stop
from pypod.pure.stopping.sync_stage import state_of
from pypod.pure.vocabulary.containers import AskRuntime, AwaitEnd, AwaitFile, SignalContainer
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.pure.vocabulary.locks import ReleaseLock, TakeLock
from pypod.pure.vocabulary.state import ReadContent
from pypod.pure.world import Simulated
from pypod.pure.world.state import World
from tests.pure.running_host import (
    DATABASE,
    EXITS,
    Meanwhile,
    Scene,
    container,
    host,
    identity,
    lines,
    played,
    scene,
)
from tests.pure.small_host import SmallHost

T = TypeVar("T")

STATES = ("unknown", "configured", "created", "running", "stopped", "paused", "exited", "removing", "stopping")
STOPPABLE = (2, 3, 8)
HARMLESS, TERMINATE, KILL = 28, 15, 9


def saved(world: World, number: int) -> dict[str, Any]:
    """The state of a container as it is in the database."""
    content = Simulated(world).answer(ReadContent(DATABASE)).unwrap()
    entry = next(one for one in content.entries if one.at == ("ctr", identity(number)) and one.key == "state")
    assert entry.value is not None
    state: dict[str, Any] = json.loads(entry.value)
    return state


def signals(heard: SmallHost) -> list[int]:
    return [effect.signal for effect in heard.effects if isinstance(effect, SignalContainer)]


def events(world: World) -> list[dict[str, Any]]:
    content = (
        world.nodes["/run/libpod/events/events.log"].content if "/run/libpod/events/events.log" in world.nodes else b""
    )
    assert isinstance(content, bytes)
    return [json.loads(line) for line in content.splitlines()]


class Expected(Struct):
    """What the model expects: the failure's text, the state afterwards, the exit code, the signals, the events."""

    failure: str
    state: int
    code: int = 0
    sent: list[int] = []
    told: list[str] = []
    warned: bool = False


def model(case: dict[str, Any], number: int, timeout: int) -> Expected:
    """libpod's steps, for a container that nobody else touches."""
    state, alive, conmon, signal = case["state"], case["alive"], case["conmon"], case["signal"]
    if state in (4, 6):
        return Expected("container is stopped", state)
    if state not in STOPPABLE:
        text = f"can only stop created or running containers. {identity(number)} is in state {STATES[state]}"
        return Expected(f"{text}: container state improper", state)
    warned = conmon == "unknown" and state == 3
    sent = [] if not alive else [KILL] if timeout == 0 else [signal] if signal != HARMLESS else [signal, KILL]
    if conmon == "dead" or (conmon == "unknown" and state != 3):
        text = f"container {identity(number)} conmon process missing, cannot retrieve exit code"
        return Expected(f"{text}: conmon process killed", 4, -1, sent, ["stop"], warned)
    if not sent or conmon == "unknown":
        text = f"timed out waiting for file {EXITS}/{identity(number)}: internal libpod error"
        return Expected(text, 4, -1, sent, ["stop"], warned)
    return Expected("", 4, 128 + sent[-1], sent, ["stop", "died"], warned)


CASES = [
    {"alive": alive, "conmon": conmon, "signal": signal}
    for alive in (True, False)
    for conmon in ("alive", "dead", "unknown")
    for signal in (TERMINATE, HARMLESS)
]


def arranged(state: int) -> tuple[Scene, list[dict[str, Any]]]:
    """A host with a container for each case, all in one state."""
    cases: list[dict[str, Any]] = [
        {**case, "state": state, "pid": 1000 + number, "monitor": 2000 + number} for number, case in enumerate(CASES)
    ]
    alive = [case["pid"] for case in cases if case["alive"]]
    alive += [case["monitor"] for case in cases if case["conmon"] == "alive"]
    containers = [
        container(
            number, state, case["pid"], 0 if case["conmon"] == "unknown" else case["monitor"], stopSignal=case["signal"]
        )
        for number, case in enumerate(cases)
    ]
    return scene(host(*containers, alive=tuple(alive))), cases


@pytest.mark.parametrize("state", range(9), ids=STATES)
def test_every_state_ends_as_the_model_says(state: int) -> None:
    stage, cases = arranged(state)
    for number, case in enumerate(cases):
        for timeout in (0, 1):
            want = model(case, number, timeout)
            outcome, heard = played(stop(stage.draft, stage.locks, stage.facts(number), timeout), stage.world)
            after = saved(heard.world, number)
            assert (outcome.failure().message if isinstance(outcome, Failure) else "") == want.failure
            assert (after.get("state", 0), after.get("exitCode", 0)) == (want.state, want.code)
            assert signals(heard) == want.sent
            assert [event["Status"] for event in events(heard.world)] == want.told
            assert (("warning", "Conmon PID is not set, but container is running!") in heard.said) is want.warned
            check_saved(after, want)


def check_saved(after: dict[str, Any], want: Expected) -> None:
    """A container that was stopped has no processes, and was stopped by somebody; one that was not is as it was."""
    stopped = want.state == 4 and bool(want.told)
    assert after.get("stoppedByUser", False) is stopped
    assert ("pid" in after or "conmonPid" in after) is not stopped
    assert ("finishedTime" in after) is stopped
    assert after.get("exited", False) is ("died" in want.told)


def one_running(**config: Any) -> Scene:
    return scene(host(container(1, 3, 1001, 2001, **config), alive=(1001, 2001)))


def stopped(stage: Scene, timeout: int = 10, number: int = 1) -> tuple[Result[None, Problem], SmallHost]:
    return played(stop(stage.draft, stage.locks, stage.facts(number), timeout), stage.world)


def test_the_command_and_what_it_is_run_with() -> None:
    _, heard = stopped(one_running())
    (sent,) = [effect for effect in heard.effects if isinstance(effect, SignalContainer)]
    assert sent.argv == ("/usr/bin/runc", "kill", identity(1), "15")
    assert sent.runtime_directory == ""
    assert (sent.process.pid, sent.process.conmon, sent.process.exit_file) == (1001, 2001, f"{EXITS}/{identity(1)}")


@pytest.mark.parametrize(
    ("config", "everyone"),
    [
        ({}, False),
        ({"spec": {"linux": {"namespaces": [{"type": "uts"}]}}}, True),
        ({"spec": {}, "noCgroups": True}, False),
    ],
)
def test_all_processes_are_meant_where_no_namespace_ends_with_the_first(config: dict[str, Any], everyone: bool) -> None:
    _, heard = stopped(one_running(**config))
    (sent,) = [effect for effect in heard.effects if isinstance(effect, SignalContainer)]
    assert ("--all" in sent.argv) is everyone


def test_the_lock_is_held_while_the_state_is_read_and_not_while_the_end_is_waited_for() -> None:
    _, heard = stopped(one_running())
    held, unlocked = 0, 0
    for effect in heard.effects:
        held += isinstance(effect, TakeLock) - isinstance(effect, ReleaseLock)
        if isinstance(effect, UpdateDatabase | AwaitFile):
            assert held == 1
        if isinstance(effect, SignalContainer | AwaitEnd):
            assert held == 0
            unlocked += 1
    assert held == 0
    assert unlocked == 2


def test_the_lines_in_order() -> None:
    _, heard = stopped(one_running(stopSignal=HARMLESS))
    me = identity(1)
    assert [text for _, text in heard.said] == [
        f"Stopping ctr {me} (timeout 10)",
        f"Stopping container {me} (PID 1001)",
        f"Sending signal 28 to container {me}",
        f"Timed out stopping container {me}, resorting to SIGKILL: given PIDs did not die within timeout",
        f"Sending signal 9 to container {me}",
    ]


def test_the_events_are_those_of_libpod() -> None:
    _, heard = stopped(one_running(labels={"b": "2", "a": "1"}))
    stop_event, died = events(heard.world)
    shared = {
        "ID": identity(1),
        "Image": "localhost/tiny:1",
        "Name": "c1",
        "Time": heard.world.clock,
        "Type": "container",
    }
    assert stop_event == {**shared, "Status": "stop", "Attributes": {"a": "1", "b": "2"}}
    assert died == {**shared, "Status": "died", "ContainerExitCode": 143, "Attributes": None}


def test_a_container_that_ended_by_itself_is_noticed_and_saved() -> None:
    running = container(1, 3, 1001, 2001, restart_policy="always")
    static = running["config"]["staticDir"]
    files = {f"{EXITS}/{identity(1)}": {"text": "3"}, f"{static}/oom": {"text": ""}}
    stage = scene(host(running, files=files))
    outcome, heard = stopped(stage)
    assert outcome.failure().message == "container is stopped"
    after = saved(heard.world, 1)
    assert after == {
        "state": 4, "exitCode": 3, "exited": True, "oomKilled": True, "restartPolicyMatch": True,
        "finishedTime": heard.world.clock,
    }  # fmt: skip
    assert [event["Status"] for event in events(heard.world)] == ["died"]


def test_an_exit_code_of_zero_is_left_out() -> None:
    stage = scene(host(container(1, 3, 1001), files={f"{EXITS}/{identity(1)}": {"text": "0"}}))
    state, heard = played(state_of(stage.draft, stage.locks, stage.facts(1)), stage.world)
    assert state.unwrap().state == 4
    assert "exitCode" not in saved(heard.world, 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", 'strconv.Atoi: parsing "": invalid syntax'),
        ("7\n", 'strconv.Atoi: parsing "7\\n": invalid syntax'),
        ("9" * 30, f'strconv.Atoi: parsing "{"9" * 30}": value out of range'),
    ],
)
def test_an_exit_file_with_nonsense(content: str, why: str) -> None:
    stage = scene(host(container(1, 3, 1001), files={f"{EXITS}/{identity(1)}": {"text": content}}))
    outcome, heard = stopped(stage)
    text = f'error converting exit status code ("{identity(1)}") for container {content} to int'
    assert outcome.failure().message == f"{text}: {why}"
    assert saved(heard.world, 1)["state"] == 3


def test_somebody_else_went_on_with_it() -> None:
    stage = one_running()
    exited = UpdateDatabase(DATABASE, (EditJson(("ctr", identity(1)), "state", (("state", 6),)),))
    heard = SmallHost(stage.world)
    outcome = interrupted(stage, heard, exited)
    assert outcome == Success(None)
    changed = f'Container "{identity(1)}" state changed from "stopping" to "exited" while waiting for it to be stopped'
    assert lines(heard) == [("warning", f"{changed}: discontinuing stop procedure as another process interfered")]
    assert events(heard.world) == []


def test_somebody_removed_it() -> None:
    stage = one_running()
    heard = SmallHost(stage.world)
    gone = UpdateDatabase(DATABASE, (EmptyBucket(("ctr",)), EmptyBucket(("all-ctrs",)), EmptyBucket(("id-registry",))))
    assert interrupted(stage, heard, gone) == Success(None)
    assert lines(heard) == []


def test_its_state_was_lost() -> None:
    stage = one_running()
    heard = SmallHost(stage.world)
    lost = UpdateDatabase(DATABASE, (EmptyBucket(("ctr", identity(1))),))
    assert f"container {identity(1)}" in interrupted(stage, heard, lost).failure().message


def interrupted(stage: Scene, heard: SmallHost, other: UpdateDatabase) -> Result[None, Problem]:
    """How a stop ends where another process did something while nobody held the lock."""
    during = Meanwhile(heard, lambda effect: isinstance(effect, SignalContainer), other)
    return drive(stop(stage.draft, stage.locks, stage.facts(1), 10), during).unwrap()


def test_a_runtime_that_fails_is_told_and_the_container_counts_as_running() -> None:
    broken = {"/usr/bin/runc": {"rc": 3}}
    stage = scene(host(container(1, 3, 1001, 2001), alive=(1001, 2001), programs=broken))
    outcome, heard = stopped(stage)
    command = f"/usr/bin/runc kill {identity(1)} 15"
    text = f"error sending signal to container {identity(1)}: `{command}` failed: exit status 3"
    assert outcome.failure().message == text
    assert [effect.argv for effect in heard.effects if isinstance(effect, AskRuntime)] == [
        ("/usr/bin/runc", "state", identity(1))
    ]
    assert saved(heard.world, 1)["state"] == 8
    assert saved(heard.world, 1)["pid"] == 1001
    assert events(heard.world) == []


def test_a_runtime_that_cannot_be_started() -> None:
    stage = scene(host(container(1, 3, 1001, 2001), alive=(1001, 2001), programs={"/usr/bin/runc": {"mode": "0644"}}))
    outcome, _ = stopped(stage, timeout=0)
    command = f"/usr/bin/runc kill {identity(1)} 9"
    text = f"error sending signal to container {identity(1)}: `{command}` failed: fork/exec /usr/bin/runc: permission denied"
    assert outcome.failure().message == f"error sending SIGKILL to container {identity(1)}: {text}"


def test_a_runtime_that_is_not_there() -> None:
    missing = container(1, 3, 1001, 2001)
    stage = scene(host({**missing, "runtime": "kata"}, alive=(1001, 2001)))
    outcome, heard = stopped(stage)
    text = "runtime kata is missing: OCI runtime attempted to invoke a command that was not found"
    assert outcome.failure().message == text
    assert saved(heard.world, 1)["state"] == 3


class Undying(SmallHost):
    """A host on which a process outlives every signal, and on which looking for it is refused twice."""

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if isinstance(effect, AwaitEnd):
            self.effects.append(effect)
            return Success(cast("T", Waited(gone=False, refusals=2, refusal=errno.EPERM)))
        return super().answer(effect)


def test_a_container_that_nothing_kills() -> None:
    stage = one_running(stopSignal=HARMLESS)
    heard = Undying(stage.world)
    outcome = drive(stop(stage.draft, stage.locks, stage.facts(1), 1), heard).unwrap()
    assert outcome.failure().message == "given PIDs did not die within timeout"
    assert [effect.limit for effect in heard.effects if isinstance(effect, AwaitEnd)] == [1000, 5000]
    refused = ("error", "Error pinging PID 1001 with signal 0: operation not permitted")
    assert [line for line in heard.said if line[0] == "error"] == [refused] * 4
    assert saved(heard.world, 1)["state"] == 8


def test_a_stop_that_was_broken_off_is_gone_on_with() -> None:
    """The processes were gone, their ids forgotten, and how it ended was not yet known."""
    outcome, heard = stopped(scene(host(container(1, 8, 0, 0))))
    assert "conmon process missing" in outcome.failure().message
    assert saved(heard.world, 1)["state"] == 4


def test_an_exit_file_from_before_is_taken_for_the_end_of_one_that_is_being_stopped() -> None:
    """A stop that was broken off left the state; nobody looks for the file in it before the processes were looked for."""
    stage = scene(host(container(1, 8, 1001, 2001), alive=(2001,), files={f"{EXITS}/{identity(1)}": {"text": "5"}}))
    outcome, heard = stopped(stage)
    assert outcome == Success(None)
    assert (saved(heard.world, 1)["state"], saved(heard.world, 1)["exitCode"]) == (4, 5)
