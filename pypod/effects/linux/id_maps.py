"""Writing the id maps of a child in a new user namespace, as podman's ``becomeRootInUserNS`` does it."""

from __future__ import annotations

import contextlib
import errno
import os

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.effects.linux import running
from pypod.effects.linux.content import content_of
from pypod.effects.linux.refusal import asked
from pypod.pure.conmon.decide import exit_text
from pypod.pure.failure import HostError
from pypod.pure.userns.facts import IdMappings, IdRange
from pypod.pure.userns.reexec import copied_map, mapping_command, single_map


class _Side(Struct, frozen=True):
    """One of the two maps: its file in ``/proc``, the tool that may write it, and what it is to hold."""

    file: str
    name: str
    tool: str
    ranges: tuple[IdRange, ...]


def write_maps(pid: int, mappings: IdMappings) -> Result[None, HostError]:
    """Write both maps of a process: this process's own ones if the kernel lets it, else with the tools, else single ones.

    A refusal has the tool's name or the path of the file in ``/proc`` as its subject.
    """
    uids = _Side("uid_map", "newuidmap", mappings.newuidmap, mappings.uids)
    gids = _Side("gid_map", "newgidmap", mappings.newgidmap, mappings.gids)
    written = _write_map(pid, uids, denying_groups=True)
    return written if isinstance(written, Failure) else _write_map(pid, gids, denying_groups=False)


def _write_map(pid: int, side: _Side, *, denying_groups: bool) -> Result[None, HostError]:
    path = f"/proc/{pid}/{side.file}"
    with contextlib.suppress(OSError):
        _write(path, copied_map(content_of(f"/proc/self/{side.file}")))
        return Success(None)
    if side.tool:
        return _with_tool(pid, side)
    if denying_groups:
        denied = _asked_to_write(f"/proc/{pid}/setgroups", b"deny\n")
        if isinstance(denied, Failure):
            return denied
    return _asked_to_write(path, single_map(side.ranges[0].outside))


def _with_tool(pid: int, side: _Side) -> Result[None, HostError]:
    argv = mapping_command(side.tool, pid, side.ranges)
    ran = asked("fork/exec", side.tool, lambda: running.run(side.tool, argv, b"", dict(os.environ)))
    if isinstance(ran, Failure):
        return Failure(HostError(ran.failure().errno, side.name, side.tool, ran.failure().message))
    failed = exit_text(ran.unwrap())
    return Failure(HostError(0, side.name, side.tool, failed)) if failed else Success(None)


def _asked_to_write(path: str, content: bytes) -> Result[None, HostError]:
    try:
        _write(path, content)
    except OSError as error:
        return Failure(HostError(error.errno or errno.EIO, "open" if error.filename else "write", path))
    return Success(None)


def _write(path: str, content: bytes) -> None:
    """Write in one go, as the kernel wants these files written; an OSError names the file if it could not be opened.

    The flags are those of Go's ``WriteFile``: a file of the kernel's is neither created nor cut by them.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
