"""Where to plan: this machine, or one that a file describes.

Opening one looks at nothing; the first rehearsal does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from returns.result import Failure, Result, Success

from pypod.effects.linux.files import standard_input
from pypod.effects.linux.observer import LinuxObserver
from pypod.effects.live import planning_host
from pypod.effects.planning import Planning
from pypod.effects.waiting import MOST_PROCESSES, Waiting
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.facts import ALL_CAPABILITIES, Identity, ProgramOutput
from pypod.pure.failure import HostError, Misused, Problem
from pypod.pure.installed.stage import installed_podman
from pypod.pure.program import drive
from pypod.pure.tape import Exchange
from pypod.pure.vocabulary.process import AskIdentity, ReadVariable, RunProgram
from pypod.pure.world import Simulated, World

T = TypeVar("T")

Source = Literal["live", "snapshot", "description"]


class Live:
    """The machine that this process runs on, through a host that can only look.

    ``as_root``: as root would see it, looking with this process's own permissions.  What may not be read then counts as
    absent, and is listed in the plan.  ``meanwhile`` is work of the caller's, a little with each step, for the time in which
    a program is waited for.
    """

    source: Source = "live"

    def __init__(self, *, as_root: bool = False, meanwhile: Iterator[object] = iter(())) -> None:  # noqa: B008
        self.as_root = as_root
        self._meanwhile = meanwhile
        self._installed: str | None = None

    def rehearsal(self) -> Result[Planning, Problem]:
        """A planning host over this machine, which was asked for its podman already."""
        host = planning_host(_as_root() if self.as_root else (), self._meanwhile)
        # What would run podman has to know who really asks: podman makes directories for anybody but a full root.
        self._installed = drive(installed_podman(), planning_host() if self.as_root else host).value_or("")
        return Success(host)

    @property
    def podman_installed(self) -> str:
        """What ``podman --version`` prints, without the words; empty where there is none."""
        if self._installed is None:
            self.rehearsal()
        return self._installed or ""


def _as_root() -> tuple[Exchange, ...]:
    """What holds for root instead of for this process: its ids, its capabilities, the environment that a login gives it."""
    root = LinuxObserver().look_up_user(0).value_or(None)
    given: dict[str, str | None] = dict.fromkeys(_OF_A_USER)
    given |= {"HOME": root.home if root else "/root", "PATH": _ROOTS_PATH}
    identity: Exchange = (AskIdentity(), Success(Identity(capabilities=ALL_CAPABILITIES)))
    return (identity, *((ReadVariable(name), Success(value)) for name, value in given.items()))


_ROOTS_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OF_A_USER: Final = (
    "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", "TMPDIR", "USER",
    "_CONTAINERS_USERNS_CONFIGURED", "_CONTAINERS_ROOTLESS_UID", "_CONTAINERS_ROOTLESS_GID",
    "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "STORAGE_DRIVER", "STORAGE_OPTS",
)  # fmt: skip
"""Variables that Podman looks at and that a login as root does not keep."""


Simulation: TypeAlias = Simulated
"""A simulated host that can be gone on with as the process that was started by leaving."""


class Described:
    """A described host: the JSON file that says how it is, or the value that was decoded from one.

    ``name`` stands before what is wrong with the description.  ``step``, counted from 1, is for a description with
    several steps: the host as it is before that one, the ones before it having been run on the simulated host.
    """

    def __init__(self, name: str, read: Callable[[], Result[dict[str, Any], Problem]], step: int = 1) -> None:
        self.name = name
        self.step = step
        self._read = read

    @property
    def source(self) -> Source:
        """A recording of a host, or a description of one."""
        plain = self._plain.value_or(None)
        return "snapshot" if plain is not None and "recorded_from" in plain else "description"

    @property
    def podman_installed(self) -> str:
        """What the podman of the described host says."""
        world = self._world
        return "" if isinstance(world, Failure) else _version(Simulation(world.unwrap()).answer(_ASK_PODMAN))

    def rehearsal(self) -> Result[Simulation, Problem]:
        """A simulated host as it is described; a ``Misused`` names the place that is wrong."""
        return self._world.map(Simulation)

    @cached_property
    def _plain(self) -> Result[dict[str, Any], Problem]:
        return self._read()

    @cached_property
    def _world(self) -> Result[World, Problem]:
        from pypod.pure.world.describe import described, next_step

        if isinstance(self._plain, Failure):
            return self._plain
        plain = self._plain.unwrap()
        steps = _steps(plain)
        if not 1 <= self.step <= max(len(steps), 1):
            return Failure(Misused(f"{self.name} has no step {self.step}: it has {len(steps)}", self.name))
        world = described(plain)
        for index in range(1, self.step):
            if isinstance(world, Failure):
                break
            world = next_step(_having_run(world.unwrap(), steps[index - 1]), plain, index)
        return world.alt(lambda wrong: Misused(f"{self.name}: {wrong.message}", self.name))


def _read_file(path: str) -> Result[dict[str, Any], Problem]:
    import json

    name = _named(path)
    read = standard_input() if path == "-" else LinuxObserver().read_file(path)
    if isinstance(read, Failure):
        return Failure(Misused(f"cannot read the host description: {read.failure().message}", path))
    try:
        plain: object = json.loads(read.unwrap())
    except ValueError as error:
        return Failure(Misused(f"{name} is not JSON: {error}", path))
    except RecursionError:
        return Failure(Misused(f"{name} is nested too deeply to be a host", path))
    if not isinstance(plain, dict):
        return Failure(Misused(f"{name}: $: expected an object", path))
    return Success(cast("dict[str, Any]", plain))


def live(*, as_root: bool = False, meanwhile: Iterator[object] = iter(())) -> Live:  # noqa: B008 - nothing to do
    """The machine that this process runs on; ``as_root``: as root would see it, as far as this process may look.

    ``meanwhile`` is work of the caller's, a little with each step, for the time in which a program is waited for.
    """
    return Live(as_root=as_root, meanwhile=meanwhile)


def described(path: str, step: int = 1) -> Described:
    """The host that a JSON file describes (``docs/host-format.md``), before its step of that number; ``-`` is standard input."""
    return Described(_named(path), lambda: _read_file(path), step)


def _named(path: str) -> str:
    return "standard input" if path == "-" else path


def described_value(description: dict[str, Any], step: int = 1, name: str = "the host description") -> Described:
    """The same of a description that is decoded already.  ``name`` stands before what is wrong with it."""
    return Described(name, lambda: Success(description), step)


_ASK_PODMAN: Final = RunProgram(("podman", "--version"))


def _version(ran: Result[ProgramOutput, HostError]) -> str:
    """The last word of ``podman version 3.4.7``."""
    if isinstance(ran, Failure):
        return ""
    words = ran.unwrap().stdout.decode("utf-8", "replace").split()
    return words[-1] if words and ran.unwrap().status == 0 else ""


def _steps(plain: dict[str, Any]) -> list[tuple[str, ...]]:
    """The arguments of each step of a case, or of the recording of one.  What is misshapen is found when it is laid."""
    inner: object = plain.get("case")
    case = cast("dict[str, object]", inner) if isinstance(inner, dict) else plain
    steps: object = case.get("steps")
    found: list[tuple[str, ...]] = []
    for step in cast("list[object]", steps) if isinstance(steps, list) else []:
        arguments: object = cast("dict[str, object]", step).get("args") if isinstance(step, dict) else None
        given = cast("list[object]", arguments) if isinstance(arguments, list) else []
        found.append(tuple(str(one) for one in given))
    return found


def _having_run(world: World, arguments: tuple[str, ...]) -> World:
    """The host after a command was run on it; a command line that Podman does not take changes nothing."""
    from pypod.pure.options.flags import parse

    parsed = parse(arguments)
    if isinstance(parsed, Failure):
        return world
    line = parsed.unwrap()
    request = Request(line.runs, (), (*line.flags, *line.own), line.arguments)
    host = Simulation(world)
    program = program_of(request)
    Waiting(host, host, lambda: program(Draft(request)), MOST_PROCESSES).run()
    return host.world
