"""Leaving the process for a child in a user namespace, and looking from within one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from returns.result import Result

from pypod.pure.effect import Effect, Kind, Observation
from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings

if TYPE_CHECKING:
    from pypod.pure.machine import Machine, Observing

MOST: Final = 32
"""How many bytes of a file are read from within a namespace."""


class EnterUserNamespace(Effect[int], frozen=True):
    """Re-execute this command as root of a new user namespace with these mappings, kept by a pause process whose id goes
    into ``pause_path``, and wait for it; answers its exit status (``rootless.BecomeRootInUserNS``).
    """

    kind = Kind.LEAVE
    answer = int

    pause_path: str
    mappings: IdMappings

    def via(self, machine: Machine, /) -> Result[int, HostError]:
        return machine.enter_user_namespace(self.pause_path, self.mappings)

    def describe(self) -> str:
        return "re-execute in a new user namespace"


class JoinUserNamespace(Effect[int], frozen=True):
    """Re-execute this command in the namespaces of a process, and wait for it; answers its exit status.  ``pause_path`` is
    where to put the id of a new pause process, empty for none.
    """

    kind = Kind.LEAVE
    answer = int

    pid: int
    pause_path: str = ""

    def via(self, machine: Machine, /) -> Result[int, HostError]:
        return machine.join_user_namespace(self.pid, self.pause_path)

    def describe(self) -> str:
        return f"re-execute in the user namespace of process {self.pid}"


class ReadInUserNamespace(Observation[bytes], frozen=True):
    """The content of a small file as root of a new user namespace with these mappings reads it; nothing stays of that
    namespace (the throw-away ones of ``rootless.TryJoinFromFilePaths``).  No more than ``MOST`` bytes are read.
    """

    answer = bytes

    path: str
    mappings: IdMappings

    def see(self, machine: Observing, /) -> Result[bytes, HostError]:
        return machine.read_in_user_namespace(self.path, self.mappings)

    def describe(self) -> str:
        return f"read {self.path} as root of a user namespace"
