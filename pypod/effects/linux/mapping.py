"""A child in a new user namespace and the parent that writes its maps: what the two say to each other.

They talk a byte at a time.  Child: the errno of ``unshare``.  Parent: the maps are written.  Child: ready, or failed, or
somebody else's pause process was faster.  An end of file means that the other one is gone, so that neither waits for ever.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Final

from returns.result import Failure, Result, Success

from pypod.effects.linux import namespace_calls as calls
from pypod.effects.linux.forking import forked
from pypod.effects.linux.id_maps import write_maps
from pypod.effects.linux.refusal import asked
from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings
from pypod.pure.userns.reexec import READY

_DONE: Final = b"\0"
"""No errno."""


def born(run: Callable[[socket.socket, socket.socket], None]) -> Result[tuple[int, socket.socket], HostError]:
    """A child that does ``run`` with the parent's end of a line and its own; its id, and the parent's end."""
    lines = asked("socketpair", "", socket.socketpair)
    if isinstance(lines, Failure):
        return Failure(lines.failure())
    ours, theirs = lines.unwrap()
    with theirs:
        child = asked("fork", "", lambda: forked(lambda: run(ours, theirs)))
    if isinstance(child, Failure):
        ours.close()
        return Failure(child.failure())
    return Success((child.unwrap(), ours))


def set_up(child: int, line: socket.socket, mappings: IdMappings) -> Result[bytes, HostError]:
    """The parent's side of the conversation, and the child's last word; nothing where it is gone."""
    said = asked("clone", "", lambda: line.recv(1) or errno.ESRCH.to_bytes(1, "big"))
    if isinstance(said, Failure):
        return said
    if said.unwrap() != _DONE:
        return Failure(HostError(said.unwrap()[0], "clone", ""))
    written = write_maps(child, mappings)
    if isinstance(written, Failure):
        return Failure(written.failure())
    return asked("setup", "", lambda: _told_ready(line))


def _told_ready(line: socket.socket) -> bytes:
    line.sendall(READY)
    return line.recv(1)


def has_maps(line: socket.socket) -> bool:
    """The child's side: go on in new namespaces, and wait for the maps; whether they were written."""
    line.sendall(_unshared().to_bytes(1, "big"))
    return line.recv(1) == READY


def _unshared() -> int:
    """The errno with which the kernel refused; 0 if it did not."""
    try:
        calls.unshare(calls.CLONE_NEWUSER | calls.CLONE_NEWNS)
    except OSError as error:
        return error.errno or errno.EIO
    return 0
