"""Conversations with a message bus of D-Bus: the socket.  What is said is decided in ``pypod.pure.dbus``."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import Final, TypeVar

from returns.result import Failure, Result

from pypod.effects.linux.refusal import asked
from pypod.pure.dbus.address import UnixSocket, not_reached, sockets
from pypod.pure.dbus.dialogue import Dialogue, Refusal
from pypod.pure.failure import HostError

T = TypeVar("T")

PATIENCE: Final = 25.0
"""For how many seconds a whole conversation may last: as long as D-Bus's own library waits for one answer."""
_AT_ONCE: Final = 65536
_LONGEST: Final = 107
"""How many bytes the kernel takes for the name of a socket."""


def converse(address: str, dialogue: Dialogue[T], patience: float = PATIENCE) -> Result[T, HostError]:
    """Connect to the first of a bus's addresses that answers, and hold a conversation.

    The failures' texts are godbus's; the subject is the name of the error where the bus or a service answered one.
    """
    deadline = time.monotonic() + patience
    connected = _connected(address, deadline)
    if isinstance(connected, Failure):
        return Failure(connected.failure())
    with connected.unwrap() as line:
        return _held(line, dialogue, deadline, patience)


def _connected(address: str, deadline: float) -> Result[socket.socket, HostError]:
    """The text of the failure is that of the last alternative."""
    why = HostError(0, "", "")
    for one in sockets(address):
        if isinstance(one, Failure):
            why = HostError(0, "", "", one.failure())
            continue
        where = one.unwrap()
        line = asked("connect", "", lambda: _connect(where, deadline))  # noqa: B023 - called at once
        if not isinstance(line, Failure):
            return line
        error = line.failure()
        why = HostError(error.errno, "", "", not_reached(where, error.reason))
    return Failure(why)


def _connect(where: UnixSocket, deadline: float) -> socket.socket:
    name = os.fsencode(where.name)
    if b"\0" in name or len(name) > _LONGEST:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        _wait_until(line, deadline)
        line.connect(b"\0" + name if where.abstract else name)
    except TimeoutError:
        line.close()
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from None
    except BaseException:
        line.close()
        raise
    return line


def _held(line: socket.socket, dialogue: Dialogue[T], deadline: float, patience: float) -> Result[T, HostError]:
    try:
        outgoing = next(dialogue)
        while True:
            outgoing = dialogue.send(_exchanged(line, outgoing, deadline))
    except StopIteration as done:
        said: Result[T, Refusal] = done.value
        return said.alt(_refused)
    except TimeoutError:
        return Failure(HostError(errno.ETIMEDOUT, "", "", f"no answer from the message bus within {patience:g} s"))
    except OSError as error:
        return Failure(HostError(error.errno or errno.EIO, "", ""))


def _refused(why: Refusal) -> HostError:
    return HostError(0, "", why.name, why.text)


def _exchanged(line: socket.socket, outgoing: bytes, deadline: float) -> bytes:
    _wait_until(line, deadline)
    if outgoing:
        line.sendall(outgoing)
        _wait_until(line, deadline)
    return line.recv(_AT_ONCE)


def _wait_until(line: socket.socket, deadline: float) -> None:
    """Wait no longer than that with what is done next."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)
