"""Other processes of the real machine: the journal, systemd, and processes that are signalled."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Final

from returns.result import Failure, Result

from pypod.effects.linux.refusal import asked
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.services import DEADLY, JOURNAL

if TYPE_CHECKING:
    from socket import socket

    from pypod.pure.systemd.facts import Scope

_TOO_LARGE: Final = (errno.EMSGSIZE, errno.ENOBUFS)


class LinuxServices:
    """``journal`` is the socket of journald."""

    def __init__(self, journal: str = JOURNAL) -> None:
        self._journal = journal

    def send_to_journal(self, payload: bytes, /) -> Result[Changed, HostError]:
        def send() -> Changed:
            _sent(payload, self._journal)
            return Changed((Change(self._journal, detail=f"{len(payload)} bytes"),))

        return asked("write", f"unixgram @<rand>->{self._journal}: sendmsg", send)

    def start_scope(self, bus: str, uid: int, scope: Scope, /) -> Result[Changed, HostError]:
        # Loaded here: only a run that leaves for a namespace comes to it.
        from pypod.effects.linux.message_bus import converse
        from pypod.pure.systemd.facts import started
        from pypod.pure.systemd.scope import starting

        return converse(bus, starting(scope, uid)).map(lambda _: started(scope))

    def kill_process(self, pid: int, signal: int, /) -> Result[Changed, HostError]:
        if pid <= 0:
            # To the kernel these are groups of processes.
            return Failure(HostError(errno.ESRCH, "kill", str(pid)))
        answer = asked("kill", str(pid), lambda: os.kill(pid, signal))
        changed = Changed((Change(f"/proc/{pid}", detail=f"signal {signal}"),))
        return answer.map(lambda _: changed if signal in DEADLY else NOTHING_CHANGED)


def _sent(payload: bytes, journal: str) -> None:
    """One datagram from an address of its own; one that is too large goes as the descriptor of a file (go-systemd)."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.bind("")
        try:
            sender.sendto(payload, journal)
        except OSError as refused:
            if refused.errno not in _TOO_LARGE:
                raise
            _sent_as_file(sender, payload, journal)


def _sent_as_file(sender: socket, payload: bytes, journal: str) -> None:
    import socket

    from pypod.effects.linux import calls

    descriptor = os.memfd_create("journal", os.MFD_CLOEXEC)
    try:
        calls.write(descriptor, payload)
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor.to_bytes(4, sys.byteorder))
        sender.sendmsg([b""], [rights], 0, journal)
    finally:
        os.close(descriptor)
