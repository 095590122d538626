"""Making a pause process, in the child that is root of the namespace already (podman's ``create_pause_process``).

Three processes take part.  The child forks a middle one and waits for it; the middle one leads a session of its own,
forks the pause process and writes its id; the pause process waits until that is done, so that one whose id was not
written ends, however the middle one ended.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Callable
from typing import Final

from pypod.effects.linux import calls, namespace_calls
from pypod.effects.linux.forking import complain, forked
from pypod.pure.userns.pause_program import NAME, pause_program
from pypod.pure.userns.reexec import IGNORED_WHILE_PAUSED, PAUSES, READY, refused_temporary

_MFD_EXEC: Final = 0x0010
_LETTERS: Final = 6


def create_pause_process(path: str) -> bool:
    """Leave a pause process behind, its id in the file at ``path``; whether it came to be.

    It did not where the file is there already: somebody was faster.  The signal mask is inherited by it.
    """
    reading, writing = os.pipe()
    try:
        middle = forked(lambda: _write_of_pause_process(path, reading, writing))
    except OSError:
        os.close(reading)
        return False
    finally:
        os.close(writing)
    try:
        written = _read_byte(reading) == READY
    finally:
        os.close(reading)
        _, status = os.waitpid(middle, 0)
    return written and status == 0


def _write_of_pause_process(path: str, reading: int, writing: int) -> None:
    """The middle process: everything but the end of it; raises OSError."""
    os.close(reading)
    os.setsid()
    waiting, going = os.pipe()
    pid = forked(lambda: _pause(waiting, (writing, going)))
    try:
        _write_pid(path, pid)
        os.write(going, READY)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    os.write(writing, READY)


def _write_pid(path: str, pid: int) -> None:
    """Put the id into a file that was not there: digits alone, mode 0600."""
    try:
        temporary, descriptor = _temporary(path)
    except OSError as error:
        complain(refused_temporary(error.errno or errno.EIO))
        raise
    try:
        try:
            calls.write(descriptor, str(pid).encode())
        finally:
            os.close(descriptor)
        _rename_to_new(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            calls.unlink(temporary)
        raise


def _temporary(path: str) -> tuple[str, int]:
    """``mkstemp``: a new file beside another, and its descriptor."""
    while True:
        name = f"{path}.{os.urandom(_LETTERS).hex()[:_LETTERS]}"
        with contextlib.suppress(FileExistsError):
            return name, os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def _rename_to_new(path: str, to: str) -> None:
    """Rename without replacing; raises FileExistsError.  Where that cannot be asked for, the name is taken first."""
    try:
        namespace_calls.rename_without_replacing(path, to)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOSYS}:
            raise
    else:
        return
    os.close(os.open(to, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700))
    calls.rename(path, to)


def _pause(waiting: int, others: tuple[int, int]) -> None:
    """The pause process; comes back only if its id was not written.  After that nothing keeps it from pausing."""
    for descriptor in others:
        os.close(descriptor)
    if _read_byte(waiting) != READY:
        return
    for number in IGNORED_WHILE_PAUSED:
        signal.signal(number, signal.SIG_IGN)
    preparations: tuple[Callable[[], None], ...] = (
        _stand_aside, _silence, _close_others, _execute_pause_program, namespace_calls.make_visible, _name,
    )  # fmt: skip
    for preparation in preparations:
        with contextlib.suppress(OSError):
            preparation()
    # It was not executed: stay as this process, as libpod's does where it cannot execute.
    while True:
        signal.pause()


def _stand_aside() -> None:
    """A mount that a process stands in could not be unmounted any more."""
    os.chdir("/")


def _silence() -> None:
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for number in (0, 1, 2):
        with contextlib.suppress(OSError):
            os.dup2(null, number)


def _close_others() -> None:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) > 2:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _name() -> None:
    namespace_calls.name_process(NAME)


def _execute_pause_program() -> None:
    """Execute it from memory: there need be no file of it anywhere.  Raises OSError."""
    program = pause_program(os.uname().machine)
    if program is None:
        return
    try:
        descriptor = os.memfd_create(NAME, os.MFD_CLOEXEC | _MFD_EXEC)
    except OSError:  # the kernel is older than that flag
        descriptor = os.memfd_create(NAME, os.MFD_CLOEXEC)
    calls.write(descriptor, program)
    os.execve(descriptor, (NAME,), {PAUSES: "1"})  # noqa: S606 - that is what it is for


def _read_byte(descriptor: int) -> bytes:
    """One byte, or nothing where nobody is left who could write it."""
    return os.read(descriptor, 1)
