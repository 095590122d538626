"""Stepping a world: what an effect answers, and the world after it.

Rule 1: ``step`` is a function: the same world and the same effect give the same world and the same answer.
Rule 2: an ``Ask`` leaves the world as it was; after ``learn`` the same step goes on.
Rule 3: a closed world never asks.
"""

from __future__ import annotations

import errno
from typing import Any, Final, TypeVar

from returns.result import Failure, Result

from pypod.pure.effect import Effect
from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.files import LookAt
from pypod.pure.vocabulary.host import DescribeHost
from pypod.pure.vocabulary.process import AskIdentity, ReadVariable, WorkingDirectory
from pypod.pure.world.containers import Containers
from pypod.pure.world.namespaces import reexecuted, returned
from pypod.pure.world.state import Ask, Node, World
from pypod.pure.world.tree import Unknown, above, replaced

T = TypeVar("T")

_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR})


class _Kernel(Containers):
    """The whole simulated machine."""


def step(world: World, effect: Effect[T]) -> tuple[World, Result[T, HostError]] | Ask:
    """Do an effect in a world: the world after it and the answer, or what an open world has to be told first."""
    kernel = _Kernel(world)
    try:
        answer = effect.via(kernel)
    except Unknown as unknown:
        return Ask(unknown.effect)
    return kernel.world, answer


def learn(world: World, asked: Effect[T], answer: Result[T, HostError]) -> World:
    """The world that knows what the real host answered.  What the run has changed since is not touched by it."""
    told: Result[Any, HostError] = answer
    if isinstance(asked, LookAt):
        return _learn_path(world, asked.path, told)
    if not isinstance(told, Failure):
        value: Any = told.unwrap()
        if isinstance(asked, ReadVariable) and asked.name not in world.environment:
            return replaced(world, environment=world.environment.set(asked.name, value))
        if isinstance(asked, AskIdentity) and world.identity is None:
            return replaced(world, identity=value)
        if isinstance(asked, DescribeHost) and world.facts is None:
            return replaced(world, facts=value)
        if isinstance(asked, WorkingDirectory) and world.cwd is None:
            return replaced(world, cwd=value)
    return replaced(world, told=world.told.set(asked, told))


def _learn_path(world: World, path: str, answer: Result[FileStatus, HostError]) -> World:
    if path in world.nodes and path != "/":
        return world
    if isinstance(answer, Failure):
        number = answer.failure().errno
        return replaced(world, absent=world.absent.set(path, errno.ENOENT if number in _ABSENT else number))
    status = answer.unwrap()
    node = Node(
        status.type,
        status.mode,
        status.uid,
        status.gid,
        status.size,
        listed=status.type is not FileType.DIRECTORY,
        seen=True,
        mtime_ns=status.mtime_ns,
        device=status.device,
        inode=status.inode,
    )
    learnt = {path: node}
    if path != "/":
        over = world.nodes[above(path)]
        learnt[above(path)] = replaced(over, names=over.names | {path[path.rfind("/") + 1 :]})
    return replaced(world, nodes=world.nodes.having(learnt))


class Simulated:
    """A closed world as a host; ``world`` is the current one.  Leaving is answered with 0 and remembered (``left``)."""

    def __init__(self, world: World) -> None:
        self._kernel = _Kernel(world)
        self._parents: list[World] = []

    @property
    def world(self) -> World:
        return self._kernel.shown()

    @property
    def left(self) -> Effect[int] | None:
        """The effect with which the process was left; the caller goes on with the program on ``reexecuted(world)``."""
        return self._kernel.world.left

    def reexecute(self) -> None:
        """Go on as the process that was started by leaving."""
        self._parents.append(self.world)
        self._kernel = _Kernel(reexecuted(self.world))

    def come_back(self) -> None:
        """Go on as the process that was left, whose child has ended."""
        self.come_back_as(self._parents.pop())

    def come_back_as(self, parent: World) -> None:
        """The same, where the process is told that was left: its world before it was."""
        self._kernel = _Kernel(returned(self.world, parent))

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        return effect.via(self._kernel)


__all__ = ["Ask", "Simulated", "World", "learn", "reexecuted", "returned", "step"]
