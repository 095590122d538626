"""The process: its environment, its identity, its limits, programs run for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Effect, Kind, Observation
from pypod.pure.facts import Changed, Identity, ProgramOutput, UserEntry
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import Machine, Observing


class ReadVariable(Observation[str | None], frozen=True):
    """The value of an environment variable; ``None`` where it is absent (an empty one is present)."""

    answer = str | None

    name: str

    def see(self, machine: Observing, /) -> Result[str | None, HostError]:
        return machine.read_variable(self.name)

    def describe(self) -> str:
        return f"read the variable {self.name}"


class WorkingDirectory(Observation[str], frozen=True):
    """The working directory."""

    answer = str

    def see(self, machine: Observing, /) -> Result[str, HostError]:
        return machine.working_directory()

    def describe(self) -> str:
        return "read the working directory"


class AskIdentity(Observation[Identity], frozen=True):
    """Who the process is: its ids and its effective capabilities."""

    answer = Identity

    def see(self, machine: Observing, /) -> Result[Identity, HostError]:
        return machine.ask_identity()

    def describe(self) -> str:
        return "ask who this process is"


class LookUpUser(Observation[UserEntry | None], frozen=True):
    """The user database's entry for an id; ``None`` where there is none."""

    answer = UserEntry | None

    uid: int

    def see(self, machine: Observing, /) -> Result[UserEntry | None, HostError]:
        return machine.look_up_user(self.uid)

    def describe(self) -> str:
        return f"look up user {self.uid}"


class RunProgram(Observation[ProgramOutput], frozen=True):
    """Run a program for its answer.  ``argv[0]`` is found on PATH if it has no slash; ``environment`` is added to the
    process's own.  A program that cannot be started is a failure naming ``fork/exec``; one that ran is an output.
    """

    answer = ProgramOutput

    argv: tuple[str, ...]
    stdin: bytes = b""
    environment: tuple[tuple[str, str], ...] = ()

    def see(self, machine: Observing, /) -> Result[ProgramOutput, HostError]:
        return machine.run_program(self.argv, self.stdin, self.environment)

    def describe(self) -> str:
        return f"run {' '.join(self.argv)}"


class IsAlive(Observation[bool], frozen=True):
    """Whether a process with this id exists (``kill(pid, 0)``)."""

    answer = bool

    pid: int

    def see(self, machine: Observing, /) -> Result[bool, HostError]:
        return machine.is_alive(self.pid)

    def describe(self) -> str:
        return f"look whether process {self.pid} is alive"


class SetVariable(Effect[Changed], frozen=True):
    """Set an environment variable of this process and of those it starts.  The host is not changed by it."""

    kind = Kind.CHANGE
    answer = Changed

    name: str
    value: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.set_variable(self.name, self.value)

    def describe(self) -> str:
        return f"set the variable {self.name}"


class LimitProcesses(Effect[Changed], frozen=True):
    """Set RLIMIT_NPROC of this process.  The host is not changed by it; EPERM where the hard limit may not be raised."""

    kind = Kind.CHANGE
    answer = Changed

    soft: int
    hard: int

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.limit_processes(self.soft, self.hard)

    def describe(self) -> str:
        return f"limit processes to {self.soft}"


class HandleSignals(Effect[Changed], frozen=True):
    """Run the named shutdown handler on SIGINT and SIGTERM (``libpod/shutdown``).  EEXIST where one of that name is
    registered.
    """

    kind = Kind.CHANGE
    answer = Changed

    name: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.handle_signals(self.name)

    def describe(self) -> str:
        return f"register the shutdown handler {self.name}"
