"""Leaving for a child in the namespaces of a process (podman's ``reexec_userns_join``)."""

from __future__ import annotations

import contextlib
import os
import signal

from returns.result import Failure, Result

from pypod.effects.linux import namespace_calls as calls
from pypod.effects.linux.becoming import become_root, execute_as_root, prepare, told
from pypod.effects.linux.forking import close_inherited, complain, forked, wait
from pypod.effects.linux.pausing import create_pause_process
from pypod.effects.linux.refusal import asked
from pypod.pure.failure import HostError
from pypod.pure.userns.decide import namespaces_of
from pypod.pure.userns.facts import Reexec
from pypod.pure.userns.reexec import refused_join


def join(reexec: Reexec, pid: int) -> Result[int, HostError]:
    """Execute a command line as root of a process's user and mount namespaces, and wait for it; the status to end with.

    The failures: ``open`` (there is no such process, or it is somebody else's), ``getwd``, ``fork``, ``wait``.  A
    namespace that is open and cannot be entered is the child's status 1, as in podman.
    """
    directory = asked("getwd", "", os.getcwd)
    if isinstance(directory, Failure):
        return Failure(directory.failure())
    with contextlib.ExitStack() as opened:
        namespaces: list[int] = []
        for path in namespaces_of(pid):
            descriptor = asked("open", path, lambda: os.open(path, os.O_RDONLY | os.O_CLOEXEC))  # noqa: B023 - called at once
            if isinstance(descriptor, Failure):
                return descriptor
            opened.callback(os.close, descriptor.unwrap())
            namespaces.append(descriptor.unwrap())
        where = directory.unwrap()
        parent = os.getpid()
        child = asked("fork", "", lambda: forked(lambda: _child(reexec, namespaces, where, parent)))
    if isinstance(child, Failure):
        return child
    close_inherited()
    return asked("wait", "", lambda: wait(child.unwrap()))


def _child(reexec: Reexec, namespaces: list[int], directory: str, parent: int) -> None:
    """Never comes back: it executes, or raises what the kernel refused."""
    before = frozenset(int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    prepare(before)
    with told("prctl(PR_SET_PDEATHSIG)"):
        calls.signal_at_parent_death(signal.SIGTERM)
    if os.getppid() != parent:
        return
    for descriptor, kind in zip(namespaces, ("user", "mnt"), strict=True):
        try:
            calls.setns(descriptor)
        except OSError:
            complain(refused_join(kind))
            raise
    become_root(directory)
    if reexec.pause_path:
        # The namespace is there without it: podman drops what goes wrong here.
        with contextlib.suppress(OSError):
            create_pause_process(reexec.pause_path)
    execute_as_root(reexec, parent, before)
