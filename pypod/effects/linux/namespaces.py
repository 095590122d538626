"""Leaving the process for a child in a user namespace, and the other way to answer: leaving that to the caller.

A command leaves (:class:`LinuxNamespaces`).  A library must not fork, wait and end in its caller's place: on a machine
with :class:`LeavingToCaller` the effect is refused, and ``left`` tells what would have been executed.  The caller can
do that with :func:`pypod.leave_for`, or in a way of its own, or not at all.
"""

from __future__ import annotations

import os
import sys

from returns.result import Failure, Result

from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings, Namespace, NamespaceOf, NewNamespace, Reexec
from pypod.pure.userns.reexec import REEXECUTION_NEEDED, command_line, reexecution


def own_command_line() -> tuple[str, ...]:
    """The command line that this process was started with."""
    return command_line(sys.executable, tuple(sys.orig_argv))


def leave_for(reexec: Reexec) -> Result[int, HostError]:
    """Execute it in its namespace, and wait for it; the exit status that this process should end with.

    Nothing else runs here meanwhile: signals are passed on to the child, and descriptors that this process was started
    with are closed.
    """
    # Loaded here: most processes never leave.
    from pypod.effects.linux.entering import enter
    from pypod.effects.linux.joining import join

    match reexec.namespace:
        case NewNamespace(mappings):
            return enter(reexec, mappings)
        case NamespaceOf(pid):
            return join(reexec, pid)


class LinuxNamespaces:
    """Leaves, and answers the child's exit status.  ``command`` is executed; else what this process was started with."""

    command: tuple[str, ...] = ()

    def enter_user_namespace(self, pause_path: str, mappings: IdMappings, /) -> Result[int, HostError]:
        return self.leave(self._for(NewNamespace(mappings), pause_path))

    def join_user_namespace(self, pid: int, pause_path: str, /) -> Result[int, HostError]:
        return self.leave(self._for(NamespaceOf(pid), pause_path))

    def leave(self, reexec: Reexec, /) -> Result[int, HostError]:
        """What leaving means here."""
        return leave_for(reexec)

    def _for(self, namespace: Namespace, pause_path: str) -> Reexec:
        command = self.command or own_command_line()
        return reexecution(command, os.geteuid(), os.getegid(), namespace, pause_path)


class LeavingToCaller(LinuxNamespaces):
    """Never leaves: refuses, and keeps in ``left`` what would have been executed."""

    left: Reexec | None = None

    def leave(self, reexec: Reexec, /) -> Result[int, HostError]:
        self.left = reexec
        return Failure(HostError(0, "", "", REEXECUTION_NEEDED))
