"""The process on the real machine: environment, identity, users, programs run for an answer."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Iterator

from returns.result import Failure, Result, Success

from pypod.effects.linux import running
from pypod.effects.linux.content import content_of
from pypod.effects.linux.refusal import asked
from pypod.pure.facts import Identity, ProgramOutput, UserEntry
from pypod.pure.failure import HostError

_PID_MAX = (1 << 31) - 1


def _identity() -> Identity:
    return Identity(os.getuid(), os.geteuid(), os.getgid(), os.getegid(), _capabilities())


def _capabilities() -> int:
    for line in content_of("/proc/self/status").splitlines():
        name, _, value = line.partition(b":")
        if name == b"CapEff":
            return int(value, 16)
    return 0


def _user(uid: int) -> UserEntry | None:
    try:
        found = pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        return None
    return UserEntry(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class LinuxProcess:
    """The process that it runs in, and its user.

    ``meanwhile`` is work of this process's own, a little with each step, for the time in which a program is waited for.
    """

    meanwhile: Iterator[object] = iter(())

    def read_variable(self, name: str, /) -> Result[str | None, HostError]:
        return asked("getenv", name, lambda: os.environ.get(name))

    def working_directory(self) -> Result[str, HostError]:
        return asked("getwd", "", os.getcwd)

    def ask_identity(self) -> Result[Identity, HostError]:
        return asked("open", "/proc/self/status", _identity)

    def look_up_user(self, uid: int, /) -> Result[UserEntry | None, HostError]:
        return asked("getpwuid", str(uid), lambda: _user(uid))

    def run_program(
        self, argv: tuple[str, ...], stdin: bytes, environment: tuple[tuple[str, str], ...], /
    ) -> Result[ProgramOutput, HostError]:
        """Failures carry Go's texts: ``exec: "x": executable file not found in $PATH``, ``fork/exec P: permission denied``."""
        own = dict(os.environ)
        found = running.find_program(argv[0] if argv else "", own.get("PATH", ""))
        if isinstance(found, Failure):
            return found
        path = found.unwrap()
        if any("\0" in word for word in (*argv, *(part for pair in environment for part in pair))):
            return Failure(HostError(errno.EINVAL, "fork/exec", path))
        return asked("fork/exec", path, lambda: running.run(path, argv, stdin, own | dict(environment), self.meanwhile))

    def is_alive(self, pid: int, /) -> Result[bool, HostError]:
        if not 0 < pid <= _PID_MAX:
            return Success(False)
        return asked("kill", str(pid), lambda: _is_alive(pid))
