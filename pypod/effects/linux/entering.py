"""Leaving for a child in a new user namespace (podman's ``becomeRootInUserNS`` and ``reexec_in_user_namespace``).

The two talk as in :mod:`pypod.effects.linux.mapping`.  A parent that fails ends its child; a child that fails leaves nothing
behind.
"""

from __future__ import annotations

import os
import socket

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.effects.linux import forking
from pypod.effects.linux.becoming import become_root, execute_as_root, prepare
from pypod.effects.linux.content import content_of
from pypod.effects.linux.joining import join
from pypod.effects.linux.mapping import born, has_maps, set_up
from pypod.effects.linux.pausing import create_pause_process
from pypod.effects.linux.refusal import asked
from pypod.pure.failure import HostError
from pypod.pure.userns.decide import parse_pid
from pypod.pure.userns.facts import IdMappings, Reexec
from pypod.pure.userns.reexec import (
    FAILED,
    LISTEN,
    RACE_LOST,
    READY,
    is_socket_activated,
    listening,
    without_pause_process,
)


class _Leaving(Struct, frozen=True):
    """What the child needs to know: the command, where the parent is, and the parent's mask."""

    reexec: Reexec
    directory: str
    parent: int
    mask: frozenset[int]


def enter(reexec: Reexec, mappings: IdMappings) -> Result[int, HostError]:
    """Execute a command line in a new user and mount namespace, and wait for it; the status to end with.

    The failures: ``getwd``, ``fork``, ``clone`` (no namespace could be made), a mapping tool's name, or ``open`` and
    ``write`` of a file of ``/proc/PID`` (a map could not be written), ``setup`` (the child did not become root, or has no
    pause process), ``wait``.  Who is not the first to make a pause process joins the one that is there.
    """
    directory = asked("getwd", "", os.getcwd)
    if isinstance(directory, Failure):
        return Failure(directory.failure())
    with forking.signals_waiting() as mask:
        left = _left(_Leaving(reexec, directory.unwrap(), os.getpid(), mask), mappings)
    if isinstance(left, Failure):
        return Failure(left.failure())
    status = left.unwrap()
    return _joined(reexec) if status is None else Success(status)


def _joined(reexec: Reexec) -> Result[int, HostError]:
    """The way of whoever was not the first."""
    content = asked("open", reexec.pause_path, lambda: content_of(reexec.pause_path))
    if isinstance(content, Failure):
        error = content.failure()
        return Failure(HostError(error.errno, "setup", error.subject, error.message))
    pid = parse_pid(content.unwrap())
    if pid is None:
        return Failure(HostError(0, "setup", reexec.pause_path))
    return join(without_pause_process(reexec), pid)


def _left(leaving: _Leaving, mappings: IdMappings) -> Result[int | None, HostError]:
    """The status of the child, or None where somebody else's pause process was faster."""
    made = born(lambda theirs, own: _child(leaving, theirs, own))
    if isinstance(made, Failure):
        return Failure(made.failure())
    child, line = made.unwrap()
    with line:
        try:
            answer = set_up(child, line, mappings)
        except BaseException:
            forking.end_now(child)
            raise
    if isinstance(answer, Failure):
        forking.end_now(child)
        return Failure(answer.failure())
    if answer.unwrap() != READY:
        forking.end_now(child)
        return (
            Success(None) if answer.unwrap() == RACE_LOST else Failure(HostError(0, "setup", leaving.reexec.pause_path))
        )
    _give_away_sockets()
    return asked("wait", "", lambda: forking.wait_forwarding(child))


def _give_away_sockets() -> None:
    """What systemd passed to this process is the child's now."""
    if is_socket_activated(os.environ, os.getpid()):
        forking.close_inherited(listening(os.environ))
        for name in LISTEN:
            os.environ.pop(name, None)


def _child(leaving: _Leaving, parent_line: socket.socket, line: socket.socket) -> None:
    """Never comes back from a success: it executes, or raises what the kernel refused."""
    parent_line.close()
    prepare(leaving.mask)
    if not has_maps(line):
        return
    try:
        become_root(leaving.directory)
    except OSError:
        line.sendall(FAILED)
        raise
    path = leaving.reexec.pause_path
    if path and not create_pause_process(path):
        line.sendall(RACE_LOST)
        return
    line.sendall(READY)
    line.close()
    execute_as_root(leaving.reexec, leaving.parent, leaving.mask)
