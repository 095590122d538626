"""The system calls of namespaces that Python 3.11 has no name for, one function each.  Each raises OSError.

Call them in a child that was forked for it: they change the calling process for good, and the kernel refuses them
(EINVAL) where another thread runs.
"""

from __future__ import annotations

import ctypes
import errno
import os
from functools import cache

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_AT_FDCWD = -100
_RENAME_NOREPLACE = 1


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int) -> None:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare(flags: int) -> None:
    """Go on in new namespaces."""
    _checked(_libc().unshare(flags))


def setns(descriptor: int) -> None:
    """Go on in the namespace of which this is the open file."""
    _checked(_libc().setns(descriptor, 0))


def signal_at_parent_death(number: int) -> None:
    """Get a signal when the parent's thread ends."""
    _checked(_libc().prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(number), 0, 0, 0))


def make_visible() -> None:
    """Let the files in ``/proc`` of this process be the user's own (``PR_SET_DUMPABLE``)."""
    _checked(_libc().prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(1), 0, 0, 0))


def name_process(name: str) -> None:
    """The name in a process list, 15 bytes."""
    _checked(_libc().prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()), 0, 0, 0))


def rename_without_replacing(path: str, to: str) -> None:
    """``renameat2(RENAME_NOREPLACE)``; ENOSYS where the C library has not got it, EINVAL where the filesystem has not."""
    call = getattr(_libc(), "renameat2", None)
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    _checked(call(_AT_FDCWD, os.fsencode(path), _AT_FDCWD, os.fsencode(to), _RENAME_NOREPLACE))
