"""Whatever a host refuses, a run ends well.

For every effect of a run and every errno:

* the run ends in a value or in an ending, never in an exception;
* what was taken is asked to be given back, but for the lock segment's mapping, which outlives a construction that came
  to its end; and no process is left while anything else is held;
* a release that is refused changes no ending: the cause stays the cause;
* a problem that the refusal is the cause of carries it, with the errno and the stage;
* what went before the refusal is as in the run without it.

For every place of the conversation: an interrupt there comes out, and what is held is given back on its way.

The hosts below are gone through effect by effect, some of them only in the deep profile; generated ones at drawn places.
"""

from __future__ import annotations

import errno
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Kind
from pypod.pure.failure import Departed, HostError
from pypod.pure.program import Program
from pypod.pure.tape import Tape
from pypod.pure.vocabulary.locks import MapLockSegment
from pypod.pure.vocabulary.telling import LeaveStage
from pypod.testing.course import Course, course_of
from pypod.testing.databases import database, runtime_configuration
from pypod.testing.host import Ran, SimulatedHost, still_held
from pypod.testing.program_laws import ERRNOS, check_fault, check_interrupt, check_program_laws
from pypod.testing.strategies import rich_hosts, rich_requests
from tests.pure import running_host

THOROUGH: Final = settings().max_examples > 100
"""In the deep profile every effect is refused with every errno, else each with one of them in turn."""

FEWER: Final = settings(max_examples=max(settings().max_examples // 2, 20))
EXHAUSTIVE: Final = ("first run, vfs", "after a reboot", "rootless second run")
"""The hosts that are gone through effect by effect in every profile; the others at every seventh effect."""

CONMON: Final = {"stdout": "conmon version 2.0.30\n"}
RUNC: Final = {"stdout": "runc version 1.0.3\n"}
TOOLS: Final = {"/usr/bin/conmon": CONMON, "/usr/bin/runc": RUNC, "/usr/bin/nsenter": {}}
BRIDGE: Final = {"/usr/lib/cni/bridge": {"stdout": '{"cniVersion":"0.4.0","supportedVersions":["0.4.0"]}'}}


class Asked:
    """A request's program, made anew for each process."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def __call__(self) -> Program[Draft]:
        return program_of(self.request)(Draft(self.request))


def host_with(driver: str, engine: str = "", **more: Any) -> dict[str, Any]:
    """A host with that driver and these lines of ``[engine]``."""
    where = 'runroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n'
    storage, engine = f'[storage]\ndriver = "{driver}"\n{where}', f"[engine]\n{engine}\n"
    files = {"/etc/containers/storage.conf": {"text": storage}, "/etc/containers/containers.conf": {"text": engine}}
    host: dict[str, Any] = {"files": files, "programs": {**TOOLS, **BRIDGE}}
    return {**host, **more, "files": {**files, **more.get("files", {})}}


def with_objects(engine: str = "") -> dict[str, Any]:
    """A host after a reboot, with a container that ran, one in a pod, and a volume."""
    config = runtime_configuration("/var/lib/containers/storage", "/run/containers/storage", "/run/libpod", "vfs")
    containers: tuple[dict[str, Any], ...] = (
        {"id": "a" * 64, "name": "one", "lock": 0, "state": 3, "pid": 99999},
        {"id": "b" * 64, "name": "two", "lock": 1, "state": 6, "pod": "c" * 64},
    )
    pods, volumes = ({"id": "c" * 64, "name": "p", "lock": 2},), ({"name": "v", "lock": 3, "mounts": 1},)
    tree = database(config, containers, pods, volumes, (("e" * 64, "a" * 64),))
    table = "".join(f'{{"id":"{one["id"]}","layer":""}},' for one in containers)
    return host_with(
        "vfs",
        engine,
        files={
            "/var/lib/containers/storage/libpod/bolt_state.db": {"bolt": tree, "mode": "0600"},
            "/var/lib/containers/storage/vfs-containers/containers.json": {"text": f"[{table[:-1]}]"},
        },
        dirs={"/var/lib/containers/storage": {"mode": "0700"}},
    )


def of_a_user(driver: str = "vfs") -> dict[str, Any]:
    """A rootless user's host."""
    return host_with(
        driver, uid=1000, env={"XDG_RUNTIME_DIR": "/run/user/1000"}, dirs={"/run/user/1000": {"mode": "0700"}}
    )


RUNNING: Final = running_host.host(
    running_host.container(1, 3, 1001, 2001),
    running_host.container(2, 3, 1002, 2002, stopSignal=28),
    alive=(1001, 2001, 1002, 2002),
)
"""Two containers that run, one of which does not heed its signal."""

JOURNAL: Final = {"/run/systemd/journal/socket": {"socket": True, "mode": "0666"}}
FIRST: Final = (Request(),)

REPRESENTATIVE: Final[dict[str, tuple[SimulatedHost, Request]]] = {
    "first run, vfs": (SimulatedHost(host_with("vfs")), Request()),
    "first run, overlay": (SimulatedHost(host_with("overlay")), Request()),
    "second run": (SimulatedHost(host_with("overlay"), FIRST), Request("info")),
    "after a reboot": (SimulatedHost(with_objects()), Request("info")),
    "rootless first run": (SimulatedHost(of_a_user()), Request()),
    "rootless second run": (SimulatedHost(of_a_user(), FIRST), Request("container exists", (), (), ("x",))),
    "renumber": (SimulatedHost(with_objects()), Request("system renumber")),
    "migrate": (SimulatedHost(with_objects()), Request("system migrate")),
    "migrate what runs": (SimulatedHost(RUNNING), Request("system migrate", (), (("new-runtime", "crun"),))),
    "lock files": (SimulatedHost(with_objects('lock_type = "file"')), Request("system renumber")),
    "journal": (
        SimulatedHost(host_with("vfs", 'events_logger = "journald"', files=JOURNAL, init="systemd")),
        Request(),
    ),
}


def outlives_construction(tape: Tape, at: int) -> bool:
    """The lock segment stays mapped once the stage that maps it came to its end."""
    rest = tape.exchanges[at:]
    ended = next((index for index, (effect, _) in enumerate(rest) if effect == LeaveStage("locks")), None)
    return isinstance(rest[0][0], MapLockSegment) and ended is not None


def check_cause(done: Ran[Draft], error: HostError, course: Course, index: int) -> None:
    """What went before is the same, and a problem that the refusal caused carries it."""
    before = [(one.effect, one.answer) for one in course[:index]]
    assert list(done.tape.exchanges[:index]) == before
    assert done.tape.exchanges[index] == (course[index].effect, Failure(error))
    if isinstance(done.result, Failure) and not isinstance(done.result.failure(), Departed):
        problem: Any = done.result.failure()
        assert problem.stage
        assert problem.message
        assert problem.exit_status > 0
        asked_later = [
            effect for effect, _ in done.tape.exchanges[index + 1 :] if effect.kind not in (Kind.TELL, Kind.FREE)
        ]
        if problem.cause is not None and not asked_later:
            assert problem.cause == error


@pytest.mark.parametrize("name", sorted(REPRESENTATIVE))
def test_every_effect_may_be_refused(name: str) -> None:
    host, request = REPRESENTATIVE[name]
    asked = Asked(request)
    course = course_of(asked, host)
    assert isinstance(host.run(asked).result, Success)
    asked_for = [index for index, passed in enumerate(course) if passed.effect.kind is not Kind.TELL]
    for index in asked_for[:: 1 if THOROUGH or name in EXHAUSTIVE else 7]:
        for number in ERRNOS if THOROUGH else (ERRNOS[index % len(ERRNOS)],):
            done = check_fault(asked, course, index, number, outlives_construction)
            check_cause(done, HostError(number, "fault", f"effect {index}"), course, index)


@pytest.mark.parametrize("number", ERRNOS)
def test_every_effect_of_a_first_run_may_be_refused_with_every_errno(number: int) -> None:
    host, request = REPRESENTATIVE["first run, vfs"]
    course = course_of(Asked(request), host)
    asked_for = [index for index, passed in enumerate(course) if passed.effect.kind is not Kind.TELL]
    for index in asked_for[:: 1 if THOROUGH else 3]:
        check_fault(Asked(request), course, index, number, outlives_construction)


@pytest.mark.parametrize("name", sorted(REPRESENTATIVE))
def test_an_interrupt_comes_out_and_gives_back_what_is_held(name: str) -> None:
    host, request = REPRESENTATIVE[name]
    course = course_of(Asked(request), host)
    said = Tape(tuple((passed.effect, passed.answer) for passed in course))
    for index in range(len(course)):
        if THOROUGH or index % 20 == 0 or still_held(Tape(said.exchanges[: index + 1])):
            check_interrupt(Asked(request), course, index, outlives_construction)


@FEWER
@given(rich_hosts(), rich_requests(), st.integers(0, 10_000), st.sampled_from((*ERRNOS, errno.EROFS, errno.EEXIST)))
def test_any_host_may_refuse_anything(host: SimulatedHost, request: Request, place: int, number: int) -> None:
    asked = Asked(request)
    course = course_of(asked, host)
    counted = [index for index, passed in enumerate(course) if passed.effect.kind is not Kind.TELL]
    index = counted[place % len(counted)]
    done = check_fault(asked, course, index, number, outlives_construction)
    check_cause(done, HostError(number, "fault", f"effect {index}"), course, index)
    check_interrupt(asked, course, place % len(course), outlives_construction)


def test_the_laws_of_programs_hold_for_a_construction() -> None:
    host, request = REPRESENTATIVE["first run, vfs"]
    check_program_laws(Asked(request), host, keeps=outlives_construction, errnos=(errno.EIO,))
