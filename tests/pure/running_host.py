"""A described host that is up, with a database of containers that run or ran, and a runtime that was constructed on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct
from returns.result import Result, Success

from pypod.pipeline import CONSTRUCTION
from pypod.pure.database.facts import ContainerFacts
from pypod.pure.draft import Draft, Locks, Request
from pypod.pure.effect import Effect
from pypod.pure.failure import HostError
from pypod.pure.program import Program, drive
from pypod.pure.vocabulary.database import ReadContainer
from pypod.pure.world import Simulated, World
from pypod.pure.world.describe import described
from pypod.testing.databases import database, runtime_configuration
from tests.pure.small_host import SmallHost

T = TypeVar("T")

ROOT = "/var/lib/containers/storage"
DATABASE = f"{ROOT}/libpod/bolt_state.db"
EXITS = "/run/libpod/exits"
TINY = {"spec": {"linux": {"namespaces": [{"type": "pid"}]}}, "rootfsImageName": "localhost/tiny:1", "stopTimeout": 10}


def container(number: int, state: int = 3, pid: int = 0, conmon: int = 0, **config: Any) -> dict[str, Any]:
    """A container; it is called ``c1`` and so on, has the lock of that number and an id of that digit."""
    held = {"state": state, "pid": pid, "conmonPid": conmon}
    static = f"{ROOT}/vfs-containers/{identity(number)}/userdata"
    config = {**TINY, "staticDir": static, **config}
    return {"id": identity(number), "name": f"c{number}", "lock": number, "state": held, "config": config}


def identity(number: int) -> str:
    """The id of a container."""
    return f"{number:x}".rjust(64, "0")


def host(*containers: dict[str, Any], alive: tuple[int, ...] = (), driver: str = "vfs", **more: Any) -> dict[str, Any]:
    """The description; ``alive`` are the processes that run."""
    config = runtime_configuration(ROOT, "/run/containers/storage", "/run/libpod", driver)
    where = f'runroot = "/run/containers/storage"\ngraphroot = "{ROOT}"\n'
    engine = more.pop("engine", "")
    rows = ",".join(f'{{"id":"{one["id"]}","layer":""}}' for one in containers)
    locks = {"num_locks": 2048, "allocated": [one["lock"] for one in containers]}
    files: dict[str, Any] = {
        DATABASE: {"bolt": database(config, containers), "mode": "0600"},
        f"{ROOT}/{driver}-containers/containers.json": {"text": f"[{rows}]"},
        "/etc/containers/storage.conf": {"text": f'[storage]\ndriver = "{driver}"\n{where}'},
        "/etc/containers/containers.conf": {"text": f'[engine]\nevents_logger = "file"\nstop_timeout = 7\n{engine}'},
        "/run/libpod/alive": {"text": ""},
        "/dev/shm/libpod_lock": {"shm": locks},
    }
    programs = {
        "/usr/bin/conmon": {"stdout": "conmon version 2.0.30\n"},
        "/usr/bin/runc": {"stdout": "runc version 1.0.3\n"},
        "/usr/bin/crun": {"stdout": "crun version 1.0\n"},
        "/usr/lib/cni/bridge": {"stdout": '{"cniVersion":"0.4.0","supportedVersions":["0.4.0"]}'},
        "/usr/bin/nsenter": {},
    }
    return {
        **more,
        "files": {**files, **more.get("files", {})},
        "dirs": {ROOT: {"mode": "0700"}, **more.get("dirs", {})},
        "programs": {**programs, **more.get("programs", {})},
        "processes": {str(pid): "sh" for pid in alive},
    }


class Scene(Struct):
    """A runtime that was constructed on a host, and that host."""

    draft: Draft
    world: World

    @property
    def locks(self) -> Locks:
        assert self.draft.locks is not None
        return self.draft.locks

    def facts(self, number: int, world: World | None = None) -> ContainerFacts:
        """A container as the database has it."""
        read = Simulated(world or self.world).answer(ReadContainer(DATABASE, identity(number))).unwrap()
        assert read is not None
        return read


def scene(description: dict[str, Any]) -> Scene:
    """The runtime that is constructed there."""
    simulated = Simulated(described(description).unwrap())
    built = drive(CONSTRUCTION(Draft(Request())), simulated)
    assert isinstance(built, Success), built
    return Scene(built.unwrap(), simulated.world)


def played(program: Program[T], world: World) -> tuple[T, SmallHost]:
    """What a program comes to on a world, and the host that heard it."""
    heard = SmallHost(world)
    return drive(program, heard).unwrap(), heard


class Meanwhile:
    """A host on which others do something right after an effect that ``when`` picks."""

    def __init__(self, inner: SmallHost, when: Callable[[Effect[Any]], bool], *others: Effect[Any]) -> None:
        self._inner, self._when, self._others = inner, when, others

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        answer = self._inner.answer(effect)
        for one in self._others if self._when(effect) else ():
            assert isinstance(self._inner.answer(one), Success)
        return answer


def lines(heard: SmallHost) -> list[tuple[str, str]]:
    """What was said, without the lines for those who look for faults."""
    return [(level, text) for level, text in heard.said if level != "debug"]
