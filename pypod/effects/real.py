"""The machine that this process runs on, for real: for a command, and for a caller in tooling."""

from __future__ import annotations

from collections.abc import Callable

from pypod.effects.linux.machine import LinuxCommand, LinuxLibrary
from pypod.effects.linux.setup import set_up_as_podman
from pypod.pure.effect import On
from pypod.pure.facts import Diagnostic


def command_host(say: Callable[[Diagnostic], object]) -> On:
    """The real machine for a command that Podman has too: the process is set up as podman's, and leaves as podman's does.

    ``say`` is told what libpod logs when a signal ends the process.
    """
    set_up_as_podman()
    return On(LinuxCommand(say))


def library_machine() -> LinuxLibrary:
    """The real machine for a caller in tooling, whose process is neither left nor given signal handlers."""
    return LinuxLibrary()
