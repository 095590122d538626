"""Hosts over the machine that this process runs on."""

from __future__ import annotations

from pypod.effects.linux.observer import LinuxObserver, current_umask
from pypod.effects.planning import Planning
from pypod.pure.tape import Exchange
from pypod.pure.world import World


def planning_host(assumed: tuple[Exchange, ...] = ()) -> Planning:
    """A planning host over this machine, with the umask of this process."""
    return Planning(LinuxObserver(), World(umask=current_umask()), assumed)
