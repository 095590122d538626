"""Reading a file from within a user namespace that is gone afterwards (the ``file_to_read`` of podman's
``reexec_in_user_namespace``).

The child reads and ends; it never executes anything.  Whatever interrupts the parent ends the child.
"""

from __future__ import annotations

import os
import socket
from typing import Final

from returns.result import Failure, Result, Success

from pypod.effects.linux import forking
from pypod.effects.linux.becoming import become_root, prepare
from pypod.effects.linux.mapping import born, has_maps, set_up
from pypod.effects.linux.refusal import asked
from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings
from pypod.pure.userns.reexec import READY
from pypod.pure.vocabulary.namespaces import MOST

_READ: Final = b"+"
_REFUSED: Final = b"-"
"""What goes before the bytes that were read, and before the errno of a refusal."""


def read_inside(path: str, mappings: IdMappings) -> Result[bytes, HostError]:
    """The content, at most :data:`MOST` bytes of it; the failure is that of whichever step failed, or of opening it."""
    made = born(lambda theirs, own: _child(path, theirs, own))
    if isinstance(made, Failure):
        return Failure(made.failure())
    child, line = made.unwrap()
    with line:
        try:
            return _answer(child, line, path, mappings)
        finally:
            forking.end_now(child)


def _answer(child: int, line: socket.socket, path: str, mappings: IdMappings) -> Result[bytes, HostError]:
    ready = set_up(child, line, mappings)
    if isinstance(ready, Failure):
        return ready
    if ready.unwrap() != READY:
        return Failure(HostError(0, "setup", path))
    said = asked("setup", path, lambda: _all_of(line))
    return said if isinstance(said, Failure) else _told(path, said.unwrap())


def _all_of(line: socket.socket) -> bytes:
    said = b""
    while more := line.recv(MOST + 1):
        said += more
    return said


def _told(path: str, said: bytes) -> Result[bytes, HostError]:
    if said[:1] == _READ:
        return Success(said[1:])
    return Failure(HostError(said[1] if said[:1] == _REFUSED and len(said) == 2 else 0, "open", path))


def _child(path: str, parent_line: socket.socket, line: socket.socket) -> None:
    parent_line.close()
    prepare(frozenset())
    if not has_maps(line):
        return
    # A working directory that cannot be gone back to is of no account here.
    become_root("/" if path.startswith("/") else ".")
    line.sendall(READY)
    line.sendall(_content(path))


def _content(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return _READ + os.read(descriptor, MOST)
        finally:
            os.close(descriptor)
    except OSError as error:
        return _REFUSED + bytes((min(error.errno or 0, 255),))
