"""What a child does in its namespace before the command is executed: become root, and go back to where it was.

A refusal is told on standard error at once, as podman's child tells it; it is raised as well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Generator

from pypod.effects.linux.forking import block_while_preparing, complain, execute, restore_mask
from pypod.pure.userns.facts import Reexec
from pypod.pure.userns.reexec import child_environment, refused_call, refused_execution


def prepare(before: frozenset[int]) -> None:
    """First of all: no handler of the parent's runs here, and only the signals that must act do."""
    block_while_preparing(before)
    if callable(signal.getsignal(signal.SIGTERM)):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def become_root(directory: str) -> None:
    """All ids 0, and the working directory as seen from the new mount namespace."""
    with told("setresgid"):
        os.setresgid(0, 0, 0)
    with told("setresuid"):
        os.setresuid(0, 0, 0)
    with told(f"chdir to {directory}"):
        os.chdir(directory)


def execute_as_root(reexec: Reexec, parent: int, before: frozenset[int]) -> None:
    """Last of all: the command, with its variables and the mask of the parent; raises OSError."""
    environment = child_environment(os.environ, reexec, parent, os.getpid())
    restore_mask(before)
    try:
        execute(reexec.argv, environment)
    except OSError as error:
        complain(refused_execution(reexec.argv[0], error.errno or errno.EIO))
        raise


@contextlib.contextmanager
def told(call: str) -> Generator[None]:
    """Tell of a system call that is refused."""
    try:
        yield
    except OSError as error:
        complain(refused_call(call, error.errno or errno.EIO))
        raise
