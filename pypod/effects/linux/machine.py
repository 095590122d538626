"""The real machine, whole: for a command, and for a caller in tooling."""

from __future__ import annotations

from collections.abc import Callable

from pypod.effects.linux.changes import LinuxFilesChanged
from pypod.effects.linux.containers import LinuxContainers
from pypod.effects.linux.held import LinuxLocksHeld
from pypod.effects.linux.mounting import LinuxMountsChanged
from pypod.effects.linux.namespaces import LeavingToCaller, LinuxNamespaces
from pypod.effects.linux.observer import LinuxObserver
from pypod.effects.linux.own_process import LinuxProcessChanged
from pypod.effects.linux.replacing import LinuxReplacing
from pypod.effects.linux.services import LinuxServices
from pypod.effects.linux.shutdown import Shutdown
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.facts import Diagnostic


class _Linux(
    LinuxObserver,
    LinuxFilesChanged,
    LinuxReplacing,
    LinuxMountsChanged,
    LinuxContainers,
    LinuxLocksHeld,
    LinuxDatabaseChanges,
    LinuxServices,
):
    """All that a command and a caller in tooling may do alike."""

    def __init__(self) -> None:
        LinuxLocksHeld.__init__(self)
        LinuxDatabaseChanges.__init__(self)
        LinuxServices.__init__(self)


class LinuxCommand(_Linux, LinuxProcessChanged, LinuxNamespaces):
    """For a command: it is its process's only business, ends it on a signal, and leaves it for a user namespace.

    ``say`` is told what libpod logs when a signal comes.
    """

    def __init__(self, say: Callable[[Diagnostic], object]) -> None:
        _Linux.__init__(self)
        LinuxProcessChanged.__init__(self, Shutdown(say))


class LinuxLibrary(_Linux, LinuxProcessChanged, LeavingToCaller):
    """For a caller in tooling: signal handlers stay the caller's, and leaving is the caller's to decide."""

    def __init__(self) -> None:
        _Linux.__init__(self)
        LinuxProcessChanged.__init__(self)
