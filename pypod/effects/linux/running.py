"""Running a program for its answer: bounded in time and in what is kept of its output.

``os.posix_spawn`` is used because it tells the errno of a failed start, and because the usual module takes longer to
load than most programs that are run here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import time
from collections.abc import Iterator
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import ProgramOutput
from pypod.pure.failure import HostError

LIMIT_SECONDS: Final = 5.0
KEPT_BYTES: Final = 4 << 20
_CHUNK: Final = 1 << 16
_KILL: Final = 9
_RESET: Final = (13, 25)
"""SIGPIPE and SIGXFSZ: Python ignores these; a program that is started must not inherit that.

Linux's numbers: the module that names them takes a millisecond to load.
"""


def find_program(name: str, search_path: str) -> Result[str, HostError]:
    """Go's ``exec.LookPath``: the name itself if it has a slash, else the first executable file on the search path."""
    if "/" in name:
        return Success(name)
    for directory in search_path.split(":") if search_path and name else ():
        candidate = f"{directory or '.'}/{name}"
        if _is_executable(candidate):
            return Success(candidate)
    return Failure(HostError(errno.ENOENT, "", name, f'exec: "{name}": executable file not found in $PATH'))


def _is_executable(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - one function a system call
    except OSError:
        return False
    return mode & 0o170000 != 0o040000 and bool(mode & 0o111)


def run(
    path: str,
    argv: tuple[str, ...],
    stdin: bytes,
    environment: dict[str, str],
    meanwhile: Iterator[object] = iter(()),  # noqa: B008 - nothing to do
) -> ProgramOutput:
    """Run a program to its end, or kill it and what it started after the time limit.  Raises OSError if it does not start.

    ``meanwhile`` is work of this process's own, a little with each step, that is gone on with while the program is silent.
    """
    child, ends = _start(path, argv, environment)
    deadline = time.monotonic() + LIMIT_SECONDS
    try:
        stdout, stderr, in_time = _converse(ends, stdin, deadline, meanwhile)
        status = _wait(child, deadline) if in_time else None
    except BaseException:
        _kill(child)
        raise
    finally:
        for end in ends:
            _close(end)
    if status is None:
        _kill(child)
        return ProgramOutput(-1, stdout, stderr, _KILL, timed_out=True)
    code = os.waitstatus_to_exitcode(status)
    return ProgramOutput(code, stdout, stderr) if code >= 0 else ProgramOutput(-1, stdout, stderr, -code)


def run_through(path: str, argv: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run a program with this process's standard streams, however long it takes: its exit code, or the negative number of
    the signal that ended it.  Raises OSError if it does not start.
    """
    child = os.posix_spawn(path, argv, environment, setsigdef=_RESET)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _start(path: str, argv: tuple[str, ...], environment: dict[str, str]) -> tuple[int, list[int]]:
    """The child's id, and our ends of its standard input, output and error."""
    pipes = [os.pipe(), os.pipe(), os.pipe()]
    theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
    ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
    actions = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(theirs)]
    try:
        child = os.posix_spawn(path, argv, environment, file_actions=actions, setpgroup=0, setsigdef=_RESET)
    except BaseException:
        for end in ours:
            os.close(end)
        raise
    finally:
        for end in theirs:
            os.close(end)
    return child, ours


def _converse(ends: list[int], stdin: bytes, deadline: float, meanwhile: Iterator[object]) -> tuple[bytes, bytes, bool]:
    """Write and read until both outputs are closed; False when the time was up first."""
    kept = {ends[1]: bytearray(), ends[2]: bytearray()}
    poll, waiting = select.poll(), set(kept)
    for end in kept:
        poll.register(end, select.POLLIN)
    rest = memoryview(stdin)
    if stdin:
        os.set_blocking(ends[0], False)
        poll.register(ends[0], select.POLLOUT)
    else:
        _close_first(ends)
    in_time = True
    while waiting and in_time:
        for end, _ in _ready(poll, deadline, meanwhile):
            if end in kept:
                if not _keep(end, kept[end]):
                    waiting.discard(end)
                    poll.unregister(end)
            elif not (rest := _send(end, rest)):
                poll.unregister(end)
                _close_first(ends)
        in_time = time.monotonic() < deadline
    return bytes(kept[ends[1]]), bytes(kept[ends[2]]), not waiting


_NOTHING: Final = object()


def _ready(poll: select.poll, deadline: float, meanwhile: Iterator[object]) -> list[tuple[int, int]]:
    """The ends that can be read or written, at the latest when the time is up."""
    while True:
        ready = poll.poll(0)
        if ready or next(meanwhile, _NOTHING) is _NOTHING:
            return ready or poll.poll(max(0, (deadline - time.monotonic()) * 1000))


def _keep(end: int, kept: bytearray) -> bool:
    chunk = os.read(end, _CHUNK)
    if len(kept) < KEPT_BYTES:
        kept += chunk[: KEPT_BYTES - len(kept)]
    return bool(chunk)


def _send(end: int, rest: memoryview) -> memoryview:
    """What is left to be written; nothing when nobody reads it any more."""
    try:
        return rest[os.write(end, rest[:_CHUNK]) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]


def _close_first(ends: list[int]) -> None:
    os.close(ends[0])
    ends[0] = -1


def _close(end: int) -> None:
    if end >= 0:
        os.close(end)


def _wait(child: int, deadline: float) -> int | None:
    """The wait status, or nothing when the time is up: a program can close its outputs and stay."""
    # One that has closed its outputs is nearly always gone by the next time.
    pause = 0.0001
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() >= deadline:
            return None
        time.sleep(pause)
        pause = min(pause * 2, 0.02)


def _kill(child: int) -> None:
    """End the whole process group that the child leads, and take the child's status."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, _KILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
