"""Other processes: the journal, systemd, and processes that are signalled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from returns.result import Result

from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError
from pypod.pure.systemd.facts import Scope

if TYPE_CHECKING:
    from pypod.pure.machine import Machine

JOURNAL: Final = "/run/systemd/journal/socket"
DEADLY: Final = frozenset({1, 2, 3, 6, 9, 15})
"""Signals that end a process unless it handles them: those that anybody sends here."""


class SendToJournal(Effect[Changed], frozen=True):
    """One datagram to ``/run/systemd/journal/socket``, in journald's native protocol."""

    kind = Kind.CHANGE
    answer = Changed

    payload: bytes

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.send_to_journal(self.payload)

    def describe(self) -> str:
        return "write to the journal"


class StartScope(Effect[Changed], frozen=True):
    """Have the systemd of a user's session start a scope for a process, and wait until that is done
    (``utils.RunUnderSystemdScope``).

    ``bus`` is the address of the session's bus, with its alternatives; ``uid`` whom the bus is told to talk to.  A
    failure that the bus or systemd answered has the name of their error as its subject; its text is godbus's in any case.
    """

    kind = Kind.CHANGE
    answer = Changed

    bus: str
    uid: int
    scope: Scope

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.start_scope(self.bus, self.uid, self.scope)

    def describe(self) -> str:
        return f"move a process into a scope of its own in {self.scope.slice}"


class KillProcess(Effect[Changed], frozen=True):
    """Send a signal to a process; ESRCH where there is none."""

    kind = Kind.CHANGE
    answer = Changed

    pid: int
    signal: int

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.kill_process(self.pid, self.signal)

    def describe(self) -> str:
        return f"send signal {self.signal} to process {self.pid}"
