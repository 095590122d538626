"""Closing descriptors in a process that holds record locks.

Linux drops every record lock of a process on a file as soon as the process closes *any* descriptor of that file.  So
whoever takes such a lock says so here, and whoever has opened a file that can be a lock file, if only to read it, closes
it here: where the process holds a lock on the file, the descriptor stays open until the last of them is given up.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

_File = tuple[int, int]
"""Device and inode."""


class _Waiting:
    """The locks on a file, and the descriptors that are to be closed with the last of them."""

    def __init__(self) -> None:
        self.locks = 0
        self.descriptors: list[int] = []


# Not by way of threading: whoever reads a file loads this, and starts no thread for it.
_guard = allocate_lock()
_locked: dict[_File, _Waiting] = {}


def _in_child() -> None:
    """A child has none of the locks."""
    _locked.clear()
    _guard.release()


os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_in_child)


def keep(descriptor: int) -> None:
    """The descriptor has a record lock from now on."""
    with _guard:
        _locked.setdefault(_file(descriptor), _Waiting()).locks += 1


def give_up(descriptor: int) -> None:
    """Close the descriptor of a record lock, and so give the lock up; with others on the file, when they are."""
    with _guard:
        file = _file(descriptor)
        waiting = _locked.get(file, _Waiting())
        waiting.locks -= 1
        waiting.descriptors.append(descriptor)
        if waiting.locks <= 0:
            _locked.pop(file, None)
            for one in waiting.descriptors:
                os.close(one)


def close(descriptor: int) -> None:
    """Close a descriptor; one of a file that this process has locked is closed with the last lock."""
    with _guard:
        waiting = _locked.get(_file(descriptor)) if _locked else None
        if waiting is None:
            os.close(descriptor)
        else:
            waiting.descriptors.append(descriptor)


def _file(descriptor: int) -> _File:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
