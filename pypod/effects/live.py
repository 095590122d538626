"""Hosts over the machine that this process runs on."""

from __future__ import annotations

from pypod.effects.linux.observer import LinuxObserver, current_umask
from pypod.effects.planning import Planning
from pypod.pure.tape import Exchange
from pypod.pure.vocabulary.files import LookAt
from pypod.pure.world import World, learn


def planning_host(assumed: tuple[Exchange, ...] = ()) -> Planning:
    """A planning host over this machine, with the umask of this process.

    A world is born with a root directory, and so never asks what it is: it is told.
    """
    machine = LinuxObserver()
    world = learn(World(umask=current_umask()), LookAt("/"), machine.look_at("/"))
    return Planning(machine, world, assumed)
