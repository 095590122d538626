"""The observing half of the real machine, whole."""

from __future__ import annotations

import os

from pypod.effects.linux.containers import LinuxContainersSeen
from pypod.effects.linux.content import content_of
from pypod.effects.linux.database import LinuxDatabase
from pypod.effects.linux.files import LinuxFiles
from pypod.effects.linux.host import LinuxHost
from pypod.effects.linux.locks import LinuxLocks
from pypod.effects.linux.namespaces_seen import LinuxNamespacesSeen
from pypod.effects.linux.process import LinuxProcess
from pypod.effects.linux.stored import LinuxStored


class LinuxObserver(
    LinuxFiles,
    LinuxProcess,
    LinuxContainersSeen,
    LinuxHost,
    LinuxLocks,
    LinuxDatabase,
    LinuxStored,
    LinuxNamespacesSeen,
):
    """Everything that can be seen of this machine; nothing here changes it."""


def current_umask() -> int:
    """The umask of this process, read without setting it (``umask(2)`` cannot); 0022 where there is no ``/proc``."""
    try:
        status = content_of("/proc/self/status")
    except OSError:
        return 0o022
    for line in os.fsdecode(status).splitlines():
        name, _, value = line.partition(":")
        if name == "Umask":
            return int(value, 8)
    return 0o022
