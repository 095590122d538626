"""The process, its environment, its host and other processes, in the simulated kernel."""

from __future__ import annotations

import errno
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from returns.result import Failure, Result, Success

from pypod.pure.digest import sha256
from pypod.pure.facts import (
    NOTHING_CHANGED,
    Change,
    Changed,
    FileType,
    HostFacts,
    Identity,
    ProgramOutput,
    UserEntry,
)
from pypod.pure.failure import HostError
from pypod.pure.gotext import quoted
from pypod.pure.vocabulary.host import DescribeHost, ReadClock, SessionIsValid
from pypod.pure.vocabulary.process import AskIdentity, IsAlive, LookUpUser, ReadVariable, RunProgram
from pypod.pure.world.locks import Locks
from pypod.pure.world.state import Program
from pypod.pure.world.tree import EXECUTE, KILL, SYS_RESOURCE, refusal, replaced

if TYPE_CHECKING:
    from pypod.pure.dbus.address import UnixSocket
    from pypod.pure.systemd.facts import Scope

_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)
_UNSET: Final[Result[str | None, HostError]] = Success(None)


# The variables are asked for again and again.
@lru_cache(maxsize=64)
def _holding(value: str | None) -> Result[str | None, HostError]:
    return Success(value)


class Processes(Locks):
    """A program runs as its description says; nothing it does has effects."""

    # -- environment and identity

    def read_variable(self, name: str, /) -> Result[str | None, HostError]:
        world = self.world
        if name in world.environment:
            return _holding(world.environment[name])
        return self.asked(ReadVariable(name)) if world.open else _UNSET

    def set_variable(self, name: str, value: str, /) -> Result[Changed, HostError]:
        if not name or "=" in name or "\0" in name + value:
            return refusal(errno.EINVAL, "setenv", name)
        self.world = replaced(self.world, environment=self.world.environment.set(name, value))
        return _NOTHING

    def working_directory(self) -> Result[str, HostError]:
        return Success(self.cwd())

    def ask_identity(self) -> Result[Identity, HostError]:
        # A machine that does not tell (no /proc) does not tell a plan either.
        return self.asked(AskIdentity()) if self.world.identity is None else Success(self.world.identity)

    def limit_processes(self, soft: int, hard: int, /) -> Result[Changed, HostError]:
        if soft > hard:
            return refusal(errno.EINVAL, "setrlimit", "")
        if hard > self.world.limits[1] and not (self.world.mappings is None and self.capable(SYS_RESOURCE)):
            return refusal(errno.EPERM, "setrlimit", "")
        self.world = replaced(self.world, limits=(soft, hard))
        return _NOTHING

    def handle_signals(self, name: str, /) -> Result[Changed, HostError]:
        if name in self.world.handlers:
            return refusal(errno.EEXIST, "", name)
        self.world = replaced(self.world, handlers=(*self.world.handlers, name))
        return _NOTHING

    def look_up_user(self, uid: int, /) -> Result[UserEntry | None, HostError]:
        if self.world.open:
            return self.asked(LookUpUser(uid))
        text = self.read_file("/etc/passwd").value_or(b"").decode("utf-8", "surrogateescape")
        for line in text.splitlines():
            fields = line.split(":")
            if len(fields) == 7 and fields[2] == str(uid) and fields[3].isdecimal():
                return Success(UserEntry(fields[0], uid, int(fields[3]), fields[5]))
        return Success(None)

    # -- programs

    def run_program(
        self, argv: tuple[str, ...], stdin: bytes, environment: tuple[tuple[str, str], ...], /
    ) -> Result[ProgramOutput, HostError]:
        if not argv or not argv[0]:
            return Failure(HostError(0, "exec", "", "no command"))
        path = argv[0] if "/" in argv[0] else self._on_path(argv[0])
        if path is None:
            text = f"exec: {quoted(argv[0])}: executable file not found in $PATH"
            return Failure(HostError(errno.ENOENT, "", argv[0], text))
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "fork/exec", path)
        node = found[1]
        if self.world.open and node.seen:
            return self.asked(RunProgram(argv, stdin, environment))
        if node.type is not FileType.FILE or not self.permits(node, EXECUTE):
            return refusal(errno.EACCES, "fork/exec", path)
        program = node.content
        if not isinstance(program, Program):
            return refusal(errno.ENOEXEC, "fork/exec", path)
        return Success(ProgramOutput(program.rc & 0xFF, program.stdout, program.stderr))

    def _on_path(self, name: str) -> str | None:
        """Go's ``exec.LookPath``: the first file with any execute bit."""
        searched = self.read_variable("PATH").value_or(None)
        for directory in (searched or "").split(":") if searched else ():
            path = f"{directory.rstrip('/') or ('/' if directory else '.')}/{name}".replace("//", "/")
            found = self.found(path)
            if isinstance(found, tuple) and found[1].type is not FileType.DIRECTORY and found[1].mode & 0o111:
                return path
        return None

    # -- other processes

    def is_alive(self, pid: int, /) -> Result[bool, HostError]:
        if pid in self.world.processes:
            return Success(bool(self.world.processes[pid]))
        return self.asked(IsAlive(pid)) if self.world.open else Success(inner_value=False)

    def kill_process(self, pid: int, signal: int, /) -> Result[Changed, HostError]:
        from pypod.pure.vocabulary.services import DEADLY

        if not self.is_alive(pid).value_or(default_value=False):
            return refusal(errno.ESRCH, "kill", str(pid))
        if pid == 1 and not self.capable(KILL):
            return refusal(errno.EPERM, "kill", str(pid))
        if signal not in DEADLY:
            return _NOTHING
        self.world = replaced(
            self.world, processes=self.world.processes.set(pid, ""), pauses=self.world.pauses.without((pid,))
        )
        return Success(Changed((Change(f"/proc/{pid}", detail=f"signal {signal}"),)))

    def send_to_journal(self, payload: bytes, /) -> Result[Changed, HostError]:
        from pypod.pure.vocabulary.services import JOURNAL

        found = self.found(JOURNAL)
        number = found if isinstance(found, int) else 0
        if isinstance(found, tuple):
            where, node = found
            number = self.writable(where, node) or (0 if node.type is FileType.SOCKET else errno.ECONNREFUSED)
        if number:
            return refusal(number, "write", f"unixgram @<rand>->{JOURNAL}: sendmsg")
        return Success(Changed((Change(JOURNAL, detail=f"{len(payload)} bytes"),)))

    def start_scope(self, bus: str, uid: int, scope: Scope, /) -> Result[Changed, HostError]:
        """A described host has a user's systemd where logind has a session of the user; of a real one whose bus is there it is
        taken that it has.
        """
        from pypod.pure.dbus.address import not_reached, sockets
        from pypod.pure.systemd.facts import started

        del uid
        why = HostError(0, "", "")
        for one in sockets(bus):
            if isinstance(one, Failure):
                why = HostError(0, "", "", one.failure())
                continue
            number = 0 if self.world.open and one.unwrap().abstract else self._connected(one.unwrap())
            if not number:
                return Success(started(scope))
            why = HostError(number, "", "", not_reached(one.unwrap(), HostError(number, "", "").reason))
        return Failure(why)

    def _connected(self, where: UnixSocket) -> int:
        """The errno of connecting to the socket of a bus; 0 where somebody answers."""
        if where.abstract:
            return errno.ECONNREFUSED
        found = self.found(where.name)
        if isinstance(found, int):
            return found
        answers = found[1].type is FileType.SOCKET and (self.world.open or self.world.session)
        return self.writable(*found) or (0 if answers else errno.ECONNREFUSED)

    # -- the host

    def describe_host(self) -> Result[HostFacts, HostError]:
        facts = self.world.facts
        return self.asked(DescribeHost()) if facts is None else Success(facts)

    def session_is_valid(self, uid: int, /) -> Result[bool, HostError]:
        if self.world.open:
            return self.asked(SessionIsValid(uid))
        bus = self.found("/var/run/dbus/system_bus_socket")
        if isinstance(bus, int):
            text = HostError(bus, "", "").reason
            return Failure(HostError(bus, "", "", f"dial unix /var/run/dbus/system_bus_socket: connect: {text}"))
        return Success(self.world.session)

    def read_clock(self) -> Result[str, HostError]:
        return self.asked(ReadClock()) if self.world.open else Success(self.world.clock)

    def draw_token(self, digits: int, /) -> Result[str, HostError]:
        """Digits that follow from how many tokens were drawn before: the same run draws the same ones."""
        drawn = self.world.drawn + 1
        self.world = replaced(self.world, drawn=drawn)
        token = ""
        while len(token) < digits:
            token += sha256(f"{drawn}:{len(token)}".encode()).hexdigest()
        return Success(token[:digits])
