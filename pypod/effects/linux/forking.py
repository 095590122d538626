"""Forking a child, waiting for it, and what the two have open."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable
from typing import Final

from pypod.pure.userns.reexec import HELD_BACK, LEFT_OPEN, exit_status, is_forwarded

_TAKEN: Final = frozenset(int(number) for number in signal.valid_signals()) - HELD_BACK
_SET_BY_PYTHON: Final = (13, 25)
"""SIGPIPE and SIGXFSZ: Python ignores these; what is executed must not inherit that."""


def forked(run: Callable[[], None]) -> int:
    """The id of a child that does ``run`` and ends, with status 0 if nothing was raised.  Raises OSError."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        run()
        status = 0
    except OSError:
        pass
    except BaseException as error:  # noqa: BLE001 - a bug: told, and kept from running on as a second copy of the parent
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(status)


def complain(text: str) -> None:
    """A line on standard error, from a process that has no buffers of its own."""
    with contextlib.suppress(OSError):
        os.write(2, f"{text}\n".encode(errors="surrogateescape"))


def execute(argv: tuple[str, ...], environment: dict[str, str]) -> None:
    """Execute a program in place of this process, looked for on the search path.  Raises OSError."""
    for number in _SET_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    os.execvpe(argv[0], argv, environment)  # noqa: S606 - that is what it is for


@contextlib.contextmanager
def signals_waiting() -> Generator[frozenset[int]]:
    """Keep every signal waiting that can be, but for those that stop a process from the terminal; gives the mask before."""
    before = frozenset(int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, _TAKEN))
    _count_children()
    try:
        yield before
    finally:
        restore_mask(before)


def _count_children() -> None:
    """A process that was started with SIGCHLD ignored would never be told of its children."""
    with contextlib.suppress(ValueError):  # only the main thread may; in another one the caller chose
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def block_while_preparing(before: frozenset[int]) -> None:
    """The mask of a child that prepares: all but the signals that must act on a pause process."""
    signal.pthread_sigmask(signal.SIG_SETMASK, before | {*signal.valid_signals()} - LEFT_OPEN)


def restore_mask(before: Iterable[int]) -> None:
    """Set the mask of this process."""
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait_forwarding(pid: int) -> int:
    """Wait for a child, giving it the signals that come meanwhile; the status to end with.

    All signals must be kept waiting (:func:`signals_waiting`).
    """
    while True:
        taken = signal.sigwaitinfo(_TAKEN).si_signo
        if taken == signal.SIGCHLD:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return exit_status(os.waitstatus_to_exitcode(status))
        elif is_forwarded(taken):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, taken)


def wait(pid: int) -> int:
    """Wait for a child; the status to end with.  Whatever interrupts that ends the child first."""
    try:
        _, status = os.waitpid(pid, 0)
    except BaseException:
        _end(pid, signal.SIGTERM)
        raise
    return exit_status(os.waitstatus_to_exitcode(status))


def end_now(pid: int) -> None:
    """End a child that is of no use, and take its status, so that it is no zombie."""
    _end(pid, signal.SIGKILL)


def _end(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def close_inherited(among: Iterable[int] | None = None) -> None:
    """Close the descriptors that this process was started with, from 3 on, or those among the given ones.

    What Python opened itself closes on execution; what does not was there before.
    """
    numbers = [int(name) for name in os.listdir("/proc/self/fd")] if among is None else list(among)  # noqa: PTH208
    for number in numbers:
        with contextlib.suppress(OSError):
            if number > 2 and not fcntl.fcntl(number, fcntl.F_GETFD) & fcntl.FD_CLOEXEC:
                os.close(number)
