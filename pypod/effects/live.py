"""Hosts over the machine that this process runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pypod.effects.linux.observer import LinuxObserver, current_umask
from pypod.effects.planning import Planning
from pypod.pure.effect import On
from pypod.pure.facts import Diagnostic
from pypod.pure.tape import Exchange
from pypod.pure.vocabulary.files import LookAt
from pypod.pure.vocabulary.process import AskIdentity
from pypod.pure.world import World, learn

if TYPE_CHECKING:
    from pypod.effects.linux.machine import LinuxLibrary


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


def command_host(say: Callable[[Diagnostic], object]) -> On:
    """The real machine for a command that Podman has too: the process is set up as podman's, and leaves as podman's does.

    ``say`` is told what libpod logs when a signal ends the process.
    """
    from pypod.effects.linux.machine import LinuxCommand
    from pypod.effects.linux.setup import set_up_as_podman

    set_up_as_podman()
    return On(LinuxCommand(say))


def library_machine() -> LinuxLibrary:
    """The real machine for a caller in tooling, whose process is neither left nor given signal handlers."""
    from pypod.effects.linux.machine import LinuxLibrary

    return LinuxLibrary()
