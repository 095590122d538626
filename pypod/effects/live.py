"""The planning host over the machine that this process runs on."""

from __future__ import annotations

from collections.abc import Iterator

from pypod.effects.linux.observer import LinuxObserver, current_umask
from pypod.effects.planning import Planning
from pypod.pure.tape import Exchange
from pypod.pure.vocabulary.files import LookAt
from pypod.pure.vocabulary.process import AskIdentity
from pypod.pure.world import World, learn


def planning_host(assumed: tuple[Exchange, ...] = (), meanwhile: Iterator[object] = iter(())) -> Planning:  # noqa: B008
    """A planning host over this machine, with the umask of this process.

    ``assumed`` are answers that hold instead of the machine's; where an identity is among them, permissions are taken
    from modes and owners, not from what this process may do.  ``meanwhile`` is work, a little with each step, for the time
    in which a program is waited for.

    A world is born with a root directory, and so never asks what it is: it is told.
    """
    machine = LinuxObserver()
    machine.meanwhile = meanwhile
    another = any(isinstance(effect, AskIdentity) for effect, _ in assumed)
    world = learn(World(umask=current_umask(), assumed=another), LookAt("/"), machine.look_at("/"))
    return Planning(machine, world, assumed)
