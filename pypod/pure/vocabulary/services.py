"""Other processes: the journal, and processes that are signalled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from returns.result import Result

from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError

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
