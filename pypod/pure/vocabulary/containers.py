"""Containers through their OCI runtime: signalled, asked for, and waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Effect, Kind, Observation
from pypod.pure.facts import ContainerProcess, Mapper, ProgramOutput, Ran, Waited
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import Machine, Observing


class SignalContainer(Effect[Ran], frozen=True):
    """Run an OCI runtime that sends a signal to a container, with this process's standard streams and with no variable
    but ``XDG_RUNTIME_DIR``.  One that cannot be started is a failure naming ``fork/exec``; one that ran is answered,
    however it ended.

    ``argv`` is what is run.  ``signal`` and ``process`` say what it is about, for whoever does not run it.
    """

    kind = Kind.CHANGE
    answer = Ran

    argv: tuple[str, ...]
    runtime_directory: str
    signal: int
    process: ContainerProcess

    def via(self, machine: Machine, /) -> Result[Ran, HostError]:
        return machine.signal_container(self.argv, self.runtime_directory, self.signal, self.process)

    def describe(self) -> str:
        return f"send signal {self.signal} to a container: {' '.join(self.argv)}"


class AskRuntime(Observation[ProgramOutput], frozen=True):
    """Run an OCI runtime for an answer, with no variable but ``XDG_RUNTIME_DIR``: ``runc state ID``."""

    answer = ProgramOutput

    argv: tuple[str, ...]
    runtime_directory: str

    def see(self, machine: Observing, /) -> Result[ProgramOutput, HostError]:
        return machine.ask_runtime(self.argv, self.runtime_directory)

    def describe(self) -> str:
        return f"run {' '.join(self.argv)}"


class PingProcess(Observation[None], frozen=True):
    """Send signal 0 to a process: success, ESRCH where there is none, EPERM where it may not be signalled.  Process 0 is
    the process's own group, and always there.
    """

    answer = None

    pid: int

    def see(self, machine: Observing, /) -> Result[None, HostError]:
        return machine.ping_process(self.pid)

    def describe(self) -> str:
        return f"send signal 0 to process {self.pid}"


class AwaitEnd(Observation[Waited], frozen=True):
    """Wait until there is no such process any more, at most so many milliseconds; it is looked for every tenth of a second
    (libpod's ``waitPidStop``).
    """

    answer = Waited

    pid: int
    limit: int

    def see(self, machine: Observing, /) -> Result[Waited, HostError]:
        return machine.await_end(self.pid, self.limit)

    def describe(self) -> str:
        return f"wait up to {self.limit} ms for the end of process {self.pid}"


class AwaitFile(Observation[bool], frozen=True):
    """Wait until there is a file, at most so many milliseconds; it is looked for every 25 (libpod's ``WaitForFile``)."""

    answer = bool

    path: str
    limit: int

    def see(self, machine: Observing, /) -> Result[bool, HostError]:
        return machine.await_file(self.path, self.limit)

    def describe(self) -> str:
        return f"wait up to {self.limit} ms for {self.path}"


class ReadChangeTime(Observation[str], frozen=True):
    """When the inode of a path was last changed (``st_ctime``), as the host's clock writes it.  Failures are ``stat``'s."""

    answer = str

    path: str

    def see(self, machine: Observing, /) -> Result[str, HostError]:
        return machine.read_change_time(self.path)

    def describe(self) -> str:
        return f"look when {self.path} was changed"


class FindMappers(Observation[tuple[Mapper, ...]], frozen=True):
    """The other processes that have a file mapped, as far as their maps may be read, by process id; a missing file is
    mapped by none.
    """

    answer = tuple[Mapper, ...]

    path: str

    def see(self, machine: Observing, /) -> Result[tuple[Mapper, ...], HostError]:
        return machine.find_mappers(self.path)

    def describe(self) -> str:
        return f"look which processes have {self.path} mapped"
