"""Containers on the real machine: their OCI runtime run, their processes pinged, and waiting for what they do."""

from __future__ import annotations

import errno
import os
import time
from typing import Final

from returns.result import Failure, Result, Success

from pypod.effects.linux import running
from pypod.effects.linux.content import content_of
from pypod.effects.linux.host import local_time
from pypod.effects.linux.refusal import asked
from pypod.pure.facts import Change, ContainerProcess, Mapper, ProgramOutput, Ran, Waited
from pypod.pure.failure import HostError

_PID_MAX: Final = (1 << 31) - 1
_PING_EVERY: Final = 0.1
_LOOK_EVERY: Final = 0.025


class LinuxContainersSeen:
    """The observing half."""

    def ask_runtime(self, argv: tuple[str, ...], runtime_directory: str, /) -> Result[ProgramOutput, HostError]:
        path = argv[0] if argv else ""
        return asked("fork/exec", path, lambda: running.run(path, argv, b"", _only(runtime_directory)))

    def ping_process(self, pid: int, /) -> Result[None, HostError]:
        if not 0 <= pid <= _PID_MAX:
            return Failure(HostError(errno.ESRCH, "kill", str(pid)))
        return asked("kill", str(pid), lambda: os.kill(pid, 0))

    def await_end(self, pid: int, limit: int, /) -> Result[Waited, HostError]:
        deadline = time.monotonic() + limit / 1000
        refusals = refusal = 0
        while True:
            pinged = self.ping_process(pid)
            if isinstance(pinged, Failure):
                number = pinged.failure().errno
                if number == errno.ESRCH:
                    return Success(Waited(True, refusals, refusal))
                refusals, refusal = refusals + 1, number
            left = deadline - time.monotonic()
            if left <= 0:
                return Success(Waited(False, refusals, refusal))
            time.sleep(min(_PING_EVERY, left))

    def await_file(self, path: str, limit: int, /) -> Result[bool, HostError]:
        deadline = time.monotonic() + limit / 1000
        while True:
            seen = asked("stat", path, lambda: os.stat(path))  # noqa: PTH116 - one function a system call
            if not isinstance(seen, Failure):
                return Success(True)
            if seen.failure().errno != errno.ENOENT:
                return seen
            left = deadline - time.monotonic()
            if left <= 0:
                return Success(False)
            time.sleep(min(_LOOK_EVERY, left))

    def read_change_time(self, path: str, /) -> Result[str, HostError]:
        return asked("stat", path, lambda: local_time(os.stat(path).st_ctime_ns))  # noqa: PTH116

    def find_mappers(self, path: str, /) -> Result[tuple[Mapper, ...], HostError]:
        found = asked("stat", path, lambda: os.stat(path))  # noqa: PTH116
        if isinstance(found, Failure):
            return Success(()) if found.failure().errno == errno.ENOENT else found
        status = found.unwrap()
        wanted = f" {os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x} {status.st_ino} ".encode()
        return asked("open", "/proc", lambda: tuple(_mappers(wanted)))


class LinuxContainers(LinuxContainersSeen):
    """The changing half with it."""

    def signal_container(
        self, argv: tuple[str, ...], runtime_directory: str, signal: int, process: ContainerProcess, /
    ) -> Result[Ran, HostError]:
        path = argv[0] if argv else ""
        ended = asked("fork/exec", path, lambda: running.run_through(path, argv, _only(runtime_directory)))
        told = (Change(f"/proc/{process.pid}", detail=f"signal {signal}"),)
        return ended.map(lambda code: Ran(told if not code else (), status=max(code, 0), signal=max(-code, 0)))


def _only(runtime_directory: str) -> dict[str, str]:
    """The whole environment of an OCI runtime that libpod runs."""
    return {"XDG_RUNTIME_DIR": runtime_directory}


def _mappers(wanted: bytes) -> list[Mapper]:
    """The other processes one of whose maps names this device and inode; those that end meanwhile map nothing."""
    others = sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208
    own = os.getpid()
    return [Mapper(pid, _name(pid)) for pid in others if pid != own and _maps(pid, wanted)]


def _maps(pid: int, wanted: bytes) -> bool:
    try:
        return wanted in content_of(f"/proc/{pid}/maps")
    except OSError:
        return False


def _name(pid: int) -> str:
    try:
        return os.fsdecode(content_of(f"/proc/{pid}/comm")).rstrip("\n")
    except OSError:
        return ""
