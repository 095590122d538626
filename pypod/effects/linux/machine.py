"""The real machine, whole: for a command, and for a caller in tooling."""

from __future__ import annotations

from pypod.effects.linux.changes import LinuxFilesChanged
from pypod.effects.linux.containers import LinuxContainers
from pypod.effects.linux.held import LinuxLocksHeld
from pypod.effects.linux.mounting import LinuxMountsChanged
from pypod.effects.linux.namespaces import LeavingToCaller, LinuxNamespaces
from pypod.effects.linux.observer import LinuxObserver
from pypod.effects.linux.own_process import LinuxProcessChanged
from pypod.effects.linux.replacing import LinuxReplacing
from pypod.effects.linux.services import LinuxServices
from pypod.effects.linux.transaction import LinuxDatabaseChanges


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


class LinuxCommand(_Linux, LinuxProcessChanged, LinuxNamespaces):
    """For a command: it is its process's only business, ends it on a signal, and leaves it for a user namespace."""


class LinuxLibrary(_Linux, LinuxProcessChanged, LeavingToCaller):
    """For a caller in tooling: signal handlers stay the caller's, and leaving is the caller's to decide."""
