"""Simulated hosts for the store: a bare root filesystem, and drafts that ask for a store on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from returns.result import Failure, Result

from pypod.pure.configuration import keys
from pypod.pure.draft import Draft
from pypod.pure.effect import Effect
from pypod.pure.facts import ALL_CAPABILITIES, BuildFacts, FileType, HostFacts, Identity
from pypod.pure.failure import Departed, Ending, HostError, Problem
from pypod.pure.gotext import parent
from pypod.pure.program import Stage, run
from pypod.pure.settings import Claim, Settings
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.table import Table
from pypod.pure.vocabulary.telling import Note
from pypod.pure.world.kernel import Simulated
from pypod.pure.world.state import Mount, Node, Overlay, World

T = TypeVar("T")

GRAPH = "/var/lib/containers/storage"
RUN = "/run/containers/storage"
BUILD = BuildFacts()


def directory(mode: int = 0o755, uid: int = 0) -> Node:
    """A directory; what is in it is filled in by :func:`bare_world`."""
    return Node(FileType.DIRECTORY, mode, uid=uid)


def file(content: bytes = b"", mode: int = 0o644) -> Node:
    """A file."""
    return Node(FileType.FILE, mode, size=len(content), content=content)


def bare_world(
    entries: Mapping[str, Node] | None = None,
    *,
    overlay: Overlay | None = None,
    mounts: Iterable[Mount] = (),
    cwd: str = "/",
    build: BuildFacts = BUILD,
) -> World:
    """A closed world with a few directories, and these entries; directories above them are made."""
    nodes = dict.fromkeys(("/", "/run", "/srv", "/tmp", "/usr/bin", "/var/lib"), directory()) | dict(entries or {})
    for path in tuple(nodes):
        above = parent(path)
        while above not in nodes:
            nodes[above] = directory()
            above = parent(above)
    for path in sorted(nodes):
        if path != "/":
            holder = nodes[parent(path)]
            nodes[parent(path)] = msgspec.structs.replace(holder, names=holder.names | {path[path.rfind("/") + 1 :]})
    identity = Identity(capabilities=ALL_CAPABILITIES)
    return World(
        nodes=Table(nodes),
        open=False,
        identity=identity,
        environment=Table({"PATH": "/usr/bin"}),
        mounts=(Mount("/"), *mounts),
        cwd=cwd,
        facts=HostFacts(build=build),
        overlay=overlay or Overlay(),
    )


def asking(
    driver: str = "vfs",
    options: tuple[str, ...] = (),
    *,
    graph_root: str = GRAPH,
    run_root: str = RUN,
    surroundings: Surroundings | None = None,
    build: BuildFacts = BUILD,
) -> Draft:
    """A draft that asks for that store."""
    settings = Settings().claims(
        (
            (keys.GRAPH_DRIVER.name, Claim(driver)),
            (keys.GRAPH_OPTIONS.name, Claim(options)),
            (keys.GRAPH_ROOT.name, Claim(graph_root)),
            (keys.RUN_ROOT.name, Claim(run_root)),
            (keys.UID_MAP.name, Claim(())),
            (keys.GID_MAP.name, Claim(())),
        )
    )
    identity = Identity(capabilities=ALL_CAPABILITIES)
    around = surroundings or Surroundings(identity=identity, host=HostFacts(build=build))
    return Draft(surroundings=around).with_settings(settings)


class Watched(Simulated):
    """A simulated host that keeps the lines of the log and the effects."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.said: list[tuple[str, str]] = []
        self.effects: list[Effect[Any]] = []

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        self._note(effect)
        return super().answer(effect)

    def _note(self, effect: Effect[Any]) -> None:
        self.effects.append(effect)
        if isinstance(effect, Note):
            self.said.append((effect.level.value, effect.message))

    def do(self, stage: Stage[Draft], draft: Draft) -> Draft:
        """The draft after a stage that must come to its end."""
        ended = run(stage(draft), self).result
        assert not isinstance(ended, Failure), ended.failure()
        return ended.unwrap()

    def problem(self, stage: Stage[Draft], draft: Draft) -> Problem:
        """The problem of a stage that must not come to its end."""
        ended = run(stage(draft), self).result
        assert isinstance(ended, Failure)
        problem: Ending = ended.failure()
        assert not isinstance(problem, Departed)
        return problem

    def tree(self, *roots: str) -> dict[str, str]:
        """What is below these roots: mode and size, as ``0700`` and ``0644 64``."""
        shown: dict[str, str] = {}
        for path, node in self.world.nodes.items():
            if any(path == root or path.startswith(f"{root}/") for root in roots):
                size = "" if node.type is FileType.DIRECTORY else f" {node.size}"
                shown[path] = f"{node.mode:04o}{size}"
        return shown

    def mounted(self) -> tuple[str, ...]:
        """The mount points other than the root."""
        return tuple(mount.point for mount in self.world.mounts if mount.point != "/")
