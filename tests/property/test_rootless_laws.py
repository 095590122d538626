"""Laws of where a rootless command goes, on hosts with containers that run, ended or paused, and whatever their monitors left.

* A plan equals a run, in all of its processes; so does the run once more.
* The process that is joined lives, is named by the file of a container that runs, and is the first such; where there is
  none a new namespace is made.
* Afterwards a pause process is there, whose id its file holds, with the user's ids, and the next command joins that.
* What is asked of systemd is asked last, and about that process.
* Whatever the host refuses, nothing stays held and no fault is an exception.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from pypod.api import rehearse
from pypod.hosts import Simulation
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Kind
from pypod.pure.program import Program
from pypod.pure.tape import Tape
from pypod.pure.vocabulary.locks import MapLockSegment
from pypod.pure.vocabulary.namespaces import EnterUserNamespace, JoinUserNamespace
from pypod.pure.vocabulary.services import StartScope
from pypod.pure.world.describe import next_step
from pypod.testing.host import SimulatedHost
from pypod.testing.program_laws import check_plan_equals_run, check_program_laws
from tests.pure.rootless_host import MAP, PAUSE, container, host, monitored, ran

SOCKET: Final = {"/run/user/1000/bus": {"socket": True}}
FEWER: Final = settings(max_examples=max(settings().max_examples // 3, 15))

MONITORS: Final = st.tuples(
    st.sampled_from((1, 3, 3, 3, 5, 6)),  # the state of the container
    st.sampled_from(("right", "right", "theirs", "newline", "absent")),  # the file
    st.booleans(),  # whether the monitor lives
)


def laid(monitors: list[tuple[int, str, bool]], *, bus: bool) -> tuple[dict[str, Any], int | None]:
    """The host, and the monitor that should be joined."""
    files: dict[str, Any] = dict(SOCKET) if bus else {}
    processes: dict[str, str] = {}
    first: int | None = None
    for number, (state, file, lives) in enumerate(monitors, 1):
        pid = 500 + number
        if file != "absent":
            owner = {"uid": 100099, "gid": 100099, "mode": "0600"} if file == "theirs" else {}
            files |= monitored(number, f"{pid}\n" if file == "newline" else None, **owner)
        if lives:
            processes[str(pid)] = "conmon"
        if first is None and lives and state == 3 and file in ("right", "theirs"):
            first = pid
    containers = (container(number, state) for number, (state, _, _) in enumerate(monitors, 1))
    described = host(*containers, files=files, processes=processes, session=bus)
    described["steps"] = [{"args": ["info"]}, {"args": ["info"]}]
    return described, first


@FEWER
@given(st.lists(MONITORS, max_size=4), st.booleans())
def test_where_a_command_goes(monitors: list[tuple[int, str, bool]], bus: bool) -> None:
    description, first = laid(monitors, bus=bus)
    done, world = ran(description, "info")
    (left,) = [effect for effect, _ in done.tape if effect.kind is Kind.LEAVE]
    if first is None:
        assert isinstance(left, EnterUserNamespace)
    else:
        assert left == JoinUserNamespace(first, PAUSE)
    content = world.nodes[PAUSE].content
    assert isinstance(content, bytes)
    pid = int(content)
    mapped = world.pauses[pid].mappings.uids
    assert [[one.inside, one.outside, one.length] for one in mapped] == [
        [*map(int, line.split())] for line in MAP.splitlines()
    ]
    scopes = [effect.scope.pid for effect, _ in done.tape if isinstance(effect, StartScope)]
    assert scopes == ([pid] if bus else [])
    rest = list(done.tape)[[isinstance(effect, StartScope) for effect, _ in done.tape].index(True) + 1 :] if bus else []
    assert {effect.kind for effect, _ in rest} <= {Kind.TELL}
    later = rehearse(Request("info"), Simulation(next_step(world, description, 1).unwrap()))
    assert [effect for effect, _ in later.tape if effect.kind is Kind.LEAVE] == [JoinUserNamespace(pid)]


def _make(command: str) -> Callable[[], Program[Draft]]:
    request = Request(command, arguments=("c1",))
    return lambda: program_of(request)(Draft(request))


def _of_the_runtime(tape: Tape, at: int) -> bool:
    """The mapping of the segment outlives a construction."""
    return isinstance(tape.exchanges[at][0], MapLockSegment)


@FEWER
@given(st.lists(MONITORS, max_size=3), st.booleans())
def test_a_plan_of_it_equals_the_run(monitors: list[tuple[int, str, bool]], bus: bool) -> None:
    check_plan_equals_run(_make("info"), SimulatedHost(laid(monitors, bus=bus)[0]))


def test_whatever_is_refused_it_keeps_the_laws_of_programs() -> None:
    described, first = laid([(3, "theirs", True)], bus=True)
    assert first == 501
    check_program_laws(
        _make("container exists"), SimulatedHost(described), keeps=_of_the_runtime, errnos=(errno.EACCES,)
    )
