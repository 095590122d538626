"""Containers in the simulated kernel: what their OCI runtime, their monitor and waiting do.

A container's process dies of a signal that it was sent, unless that one kills nobody; its monitor, where it lives, then
leaves the exit status and ends too.  Nobody waits: what has not happened does not happen while a run waits for it.
"""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import Change, ContainerProcess, FileType, Mapper, ProgramOutput, Ran, Waited
from pypod.pure.failure import HostError
from pypod.pure.world.state import Node, Program
from pypod.pure.world.stored import Stored
from pypod.pure.world.tree import EXECUTE, KILL, Place, above, refusal, replaced

_PINGED: Final[Result[None, HostError]] = Success(None)
_HARMLESS: Final = frozenset({17, 18, 19, 20, 21, 22, 23, 28})
"""Signals of which nobody dies: of children, of stopping and going on, of urgent data, of a terminal's size."""


class Containers(Stored):
    """The seeing and the changing half."""

    def ping_process(self, pid: int, /) -> Result[None, HostError]:
        if pid in self.world.processes:
            if not self.world.processes[pid]:
                return refusal(errno.ESRCH, "kill", str(pid))
            return refusal(errno.EPERM, "kill", str(pid)) if pid == 1 and not self.capable(KILL) else _PINGED
        if pid == 0:
            return _PINGED
        from pypod.pure.vocabulary.containers import PingProcess

        return self.asked(PingProcess(pid)) if self.world.open else refusal(errno.ESRCH, "kill", str(pid))

    def await_end(self, pid: int, limit: int, /) -> Result[Waited, HostError]:
        pinged = self.ping_process(pid)
        if isinstance(pinged, Failure):
            number = pinged.failure().errno
            return Success(Waited(gone=True) if number == errno.ESRCH else Waited(False, max(limit // 100, 1), number))
        return Success(Waited(gone=False))

    def await_file(self, path: str, limit: int, /) -> Result[bool, HostError]:
        del limit
        seen = self.stat(path)
        if isinstance(seen, Failure):
            return Success(False) if seen.failure().errno == errno.ENOENT else Failure(seen.failure())
        return Success(True)

    def read_change_time(self, path: str, /) -> Result[str, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "stat", path)
        from pypod.pure.vocabulary.containers import ReadChangeTime

        return self.asked(ReadChangeTime(path)) if found[1].seen else self.read_clock()

    def find_mappers(self, path: str, /) -> Result[tuple[Mapper, ...], HostError]:
        from pypod.pure.vocabulary.containers import FindMappers

        return self.asked(FindMappers(path)) if self.world.open else Success(())

    # -- OCI runtimes

    def ask_runtime(self, argv: tuple[str, ...], runtime_directory: str, /) -> Result[ProgramOutput, HostError]:
        """What a runtime knows of a container is its own state, which a world does not hold."""
        del runtime_directory
        started = self._runtime(argv)
        if isinstance(started, Failure):
            return started
        return Success(ProgramOutput(1, stderr=b"container does not exist\n"))

    def signal_container(
        self, argv: tuple[str, ...], runtime_directory: str, signal: int, process: ContainerProcess, /
    ) -> Result[Ran, HostError]:
        del runtime_directory
        started = self._runtime(argv)
        if isinstance(started, Failure):
            return started
        status = started.unwrap()
        if status or not process.pid or isinstance(self.ping_process(process.pid), Failure):
            return Success(Ran(status=status or 1, assumed=True))
        told = Change(f"/proc/{process.pid}", detail=f"signal {signal}")
        if signal not in _HARMLESS:
            self._ended(process.pid)
            if process.conmon and not isinstance(self.ping_process(process.conmon), Failure):
                self._leave_status(process.exit_file, 128 + signal)
                self._ended(process.conmon)
        return Success(Ran((told,), assumed=True))

    def _runtime(self, argv: tuple[str, ...]) -> Result[int, HostError]:
        """The status with which a runtime ends, where it can be started.  A described one ends as it is described."""
        path = argv[0] if argv else ""
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "fork/exec", path)
        node = found[1]
        if node.type is not FileType.FILE or not self.permits(node, EXECUTE):
            return refusal(errno.EACCES, "fork/exec", path)
        return Success(node.content.rc & 0xFF if isinstance(node.content, Program) else 0)

    def _ended(self, pid: int) -> None:
        self.world = replaced(self.world, processes=self.world.processes.set(pid, ""))

    def _leave_status(self, exit_file: str, status: int) -> None:
        """What a monitor does at the end, as root of the host: it is nobody's change but its own."""
        place = self.walk(exit_file)
        if isinstance(place, Place) and above(place.path) in self.world.nodes:
            content = str(status).encode()
            self.put(place.path, Node(FileType.FILE, 0o644, size=len(content), content=content))
