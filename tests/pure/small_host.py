"""A small simulated host for tests of single stages: files are put there by root, then a process of a user runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from returns.result import Failure, Result

from pypod.pure.effect import Effect
from pypod.pure.facts import ALL_CAPABILITIES, CGROUP2_MAGIC, HostFacts, Identity
from pypod.pure.failure import HostError
from pypod.pure.gotext import parent
from pypod.pure.program import Program, Run, run
from pypod.pure.table import Table
from pypod.pure.vocabulary.changes import ChangeMode, ChangeOwner, MakeDirectories, WriteFile
from pypod.pure.vocabulary.files import LookAt
from pypod.pure.vocabulary.telling import Note
from pypod.pure.world import Simulated, World
from pypod.pure.world.state import Mount

T = TypeVar("T")

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DIRECTORIES = (
    "/etc",
    "/usr/bin",
    "/run/user",
    "/tmp",
    "/proc/1",
    "/proc/sys/kernel",
    "/sys/fs/cgroup",
    "/root",
    "/var/lib",
)


class SmallHost:
    """A host that remembers what was asked of it and said to it."""

    def __init__(self, world: World) -> None:
        self._simulated = Simulated(world)
        self.effects: list[Effect[Any]] = []

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        self.effects.append(effect)
        return self._simulated.answer(effect)

    @property
    def world(self) -> World:
        return self._simulated.world

    @property
    def said(self) -> list[tuple[str, str]]:
        """The log: levels and lines."""
        return [(effect.level.value, effect.message) for effect in self.effects if isinstance(effect, Note)]

    @property
    def changed(self) -> list[str]:
        """The changes that were asked for, in words."""
        return [effect.describe() for effect in self.effects if isinstance(effect, MakeDirectories | ChangeMode)]


def small_host(
    files: Mapping[str, str | bytes] | None = None,
    directories: Mapping[str, tuple[int, int]] | None = None,
    environment: Mapping[str, str | None] | None = None,
    *,
    uid: int = 0,
    init: str = "init",
    unified: bool = False,
    facts: HostFacts | None = None,
) -> SmallHost:
    """A host with these files and directories (mode and owner) on which a process of this user runs."""
    world = World(
        open=False, identity=Identity(capabilities=ALL_CAPABILITIES), facts=facts or HostFacts(), umask=0, cwd="/"
    )
    builder = Simulated(world)
    for path in DIRECTORIES:
        builder.answer(MakeDirectories(path, 0o755))
    builder.answer(ChangeMode("/tmp", 0o1777))
    home = f"/home/user{uid}" if uid else "/root"
    for path, (mode, owner) in {home: (0o700, uid), **(directories or {})}.items():
        builder.answer(MakeDirectories(path, 0o755))
        builder.answer(ChangeMode(path, mode))
        builder.answer(ChangeOwner(path, owner, owner))
    system = {"/proc/1/comm": f"{init}\n", "/proc/sys/kernel/pid_max": "32768\n"}
    for path, content in {**system, **(files or {})}.items():
        if isinstance(builder.answer(LookAt(parent(path))), Failure):
            builder.answer(MakeDirectories(parent(path), 0o755))
        builder.answer(WriteFile(path, 0o755, content if isinstance(content, bytes) else content.encode()))
    present = {
        name: value for name, value in {"PATH": PATH, "HOME": home, **(environment or {})}.items() if value is not None
    }
    return SmallHost(
        msgspec.structs.replace(
            builder.world,
            identity=Identity(uid, uid, uid, uid, 0 if uid else ALL_CAPABILITIES),
            environment=Table(present),
            umask=0o022,
            mounts=(Mount("/sys/fs/cgroup", "cgroup2", CGROUP2_MAGIC),) if unified else (),
        )
    )


def ran(program: Program[T], host: SmallHost) -> Run[T]:
    """Run a program on a small host."""
    return run(program, host)
