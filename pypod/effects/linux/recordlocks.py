"""Record locks on lock files, as containers/storage takes them: ``fcntl(F_SETLKW)``, the whole file.

Rule 1: such a lock belongs to the process, and closing any descriptor of the file drops it.  So a file that is locked has
        one entry in this process, whoever takes it and under whatever name; what was opened for it is closed when the
        last of its holders gives it back, and not before (:mod:`pypod.effects.linux.descriptors`).
Rule 2: the kernel keeps processes apart, the entry keeps threads apart: many readers or one writer.  A thread that takes
        what it holds goes on at once.
Rule 3: a child that was forked holds nothing.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections import Counter
from typing import Final

from pypod.effects.linux import descriptors

RETRY: Final = 0.01
"""Seconds between attempts where the kernel sees a deadlock or an interrupt, as in containers/storage."""

_AGAIN: Final = frozenset({errno.EINTR, errno.EDEADLK})


class Entry:
    """A lock file that this process has locked, or that a thread of it waits for."""

    def __init__(self, place: tuple[int, int]) -> None:
        self.place = place
        self.descriptors: list[int] = []
        self.holders: Counter[int] = Counter()
        """How often each thread holds it."""
        self.exclusive = False
        self.waiting = False
        """A thread waits for the kernel's answer."""

    def admits(self, thread: int, *, exclusive: bool) -> bool:
        """Whether a thread may hold it beside those who do."""
        alone = not self.holders.keys() - {thread}
        return not self.waiting and (alone or not (exclusive or self.exclusive))


_entries: dict[tuple[int, int], Entry] = {}
_changed = threading.Condition()


def take(path: str, *, exclusive: bool) -> Entry:
    """Take the lock of a file that exists; waits for it.  A signal handler that raises ends the waiting.  Raises OSError."""
    descriptor = os.open(path, (os.O_RDWR if exclusive else os.O_RDONLY) | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        with _changed:
            entry = _admitted(descriptor, exclusive=exclusive)
            if entry.holders and (entry.exclusive or not exclusive):
                entry.holders[threading.get_ident()] += 1
                descriptors.close(descriptor)
                return entry
            entry.waiting = True
    except BaseException:
        descriptors.close(descriptor)
        raise
    return _locked(entry, descriptor, exclusive=exclusive)


def give_back(entry: Entry, thread: int) -> None:
    """Give back what a thread took once; what was opened is closed when nobody holds it any more."""
    with _changed:
        entry.holders[thread] -= 1
        if entry.holders[thread] <= 0:
            del entry.holders[thread]
        _close_unheld(entry)


def _admitted(descriptor: int, *, exclusive: bool) -> Entry:
    """The file's entry, once this thread may hold it."""
    status = os.fstat(descriptor)
    place = (status.st_dev, status.st_ino)
    entry = _entries.setdefault(place, Entry(place))
    while not entry.admits(threading.get_ident(), exclusive=exclusive):
        _changed.wait()
        entry = _entries.setdefault(place, Entry(place))
    return entry


def _locked(entry: Entry, descriptor: int, *, exclusive: bool) -> Entry:
    """Wait for the kernel.  A reader becomes a writer by a descriptor that may be written."""
    taken = False
    try:
        descriptors.keep(descriptor)
        entry.descriptors.append(descriptor)
        _wait_for(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        taken = True
        return entry
    finally:
        with _changed:
            entry.waiting = False
            if taken:
                entry.exclusive = exclusive
                entry.holders[threading.get_ident()] += 1
            _close_unheld(entry)


def _wait_for(descriptor: int, kind: int) -> None:
    while True:
        try:
            fcntl.lockf(descriptor, kind)
        except OSError as error:
            if error.errno not in _AGAIN:
                raise
            time.sleep(RETRY)
        else:
            return


def _close_unheld(entry: Entry) -> None:
    if not entry.holders and not entry.waiting:
        _entries.pop(entry.place, None)
        for descriptor in entry.descriptors:
            descriptors.give_up(descriptor)
    _changed.notify_all()


def _forget() -> None:
    global _changed  # noqa: PLW0603 - one that another thread of the parent held would never be free
    _changed = threading.Condition()
    for entry in _entries.values():
        for descriptor in entry.descriptors:
            os.close(descriptor)
    _entries.clear()


os.register_at_fork(after_in_child=_forget)
