"""Robust mutexes in shared memory: the C library's, one function a call.

Rule 1: only glibc touches them.  Another C library has another mutex of the same size.
Rule 2: they are waited for in slices, between which Python's signal handlers run; a mutex that is waited for in one call
        would keep an interrupt until it is free.
Rule 3: the interpreter's lock is let go while one is waited for (``CDLL``, not ``PyDLL``): its holder may be a thread of ours.

The calls answer the errno itself; ``errno`` is not set.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
import time
from typing import Final

from pypod.pure.locks.layout import THREAD

SLICE: Final = 0.1
"""Seconds that a mutex is waited for at a stretch: how long an interrupt may take."""

_ATTRIBUTES: Final = 64
"""Bytes for a ``pthread_mutexattr_t``, which has 4 on every architecture so far."""
_SHARED: Final = 1
_ROBUST: Final = 1
_LOCKED: Final = (1, 2)
"""The word of a mutex that is not robust while it is held: one that was never made."""
_LIBRARY: Final = ctypes.CDLL(None)

_unlock = _LIBRARY.pthread_mutex_unlock
_timedlock = _LIBRARY.pthread_mutex_timedlock


class _Moment(ctypes.Structure):
    """``struct timespec``."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


_PAST: Final = ctypes.byref(_Moment(0, 0))
"""For taking a mutex only if it is free.  ``pthread_mutex_trylock`` is not for that: glibc's leaves a mutex that is not
recoverable locked by whoever tried.
"""


def consistent(mutex: ctypes.c_void_p) -> int:
    """Take over what a dead holder left: 0, or EINVAL where it left nothing."""
    answer: int = _LIBRARY.pthread_mutex_consistent(mutex)
    return answer


def interoperable() -> bool:
    """Whether the C library of this process has the mutex that podman's has."""
    names = os.confstr_names
    name = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in names else None
    return bool(name and name.startswith("glibc"))


def initialize(addresses: tuple[int, ...]) -> None:
    """Make mutexes: shared by processes, robust, of the default type."""
    attributes = ctypes.create_string_buffer(_ATTRIBUTES)
    _done(_LIBRARY.pthread_mutexattr_init(attributes))
    try:
        _done(_LIBRARY.pthread_mutexattr_setpshared(attributes, _SHARED))
        _done(_LIBRARY.pthread_mutexattr_setrobust(attributes, _ROBUST))
        for address in addresses:
            _done(_LIBRARY.pthread_mutex_init(ctypes.c_void_p(address), attributes))
    finally:
        _LIBRARY.pthread_mutexattr_destroy(attributes)


class SharedMutex:
    """The mutex at an address.  A process has one of these for each, whatever maps the memory; each method raises OSError."""

    __slots__ = ("_pointer", "_word", "thread")

    def __init__(self, address: int) -> None:
        # Made once: converting a number costs as much as locking.
        self._pointer = ctypes.c_void_p(address)
        self._word = ctypes.c_uint32.from_address(address)
        self.thread = 0
        """The thread of this process that holds it; 0: none does."""

    def acquire(self) -> None:
        """Take it, however long that lasts; a signal handler that raises ends the waiting.

        One whose holder died is made consistent, and held then.  EDEADLK where this thread holds it, ENOTRECOVERABLE
        where it was ruined.  An interrupt that comes when it is taken already gives it back.
        """
        thread = threading.get_ident()
        # It takes both to know oneself: thread ids of another namespace may be the same, and one of ours that ended may be
        # used again.  The word of one that is not robust is just locked.
        if self.thread == thread and (self._is_own() or self._word.value in _LOCKED):
            raise OSError(errno.EDEADLK, os.strerror(errno.EDEADLK))
        try:
            answer: int = _timedlock(self._pointer, _PAST)
            if answer:
                answer = _waited_for(self._pointer, answer)
            if not answer:
                self.thread = thread
                return
        except BaseException:
            self.give_up()
            raise
        raise OSError(answer, os.strerror(answer))

    def release(self) -> None:
        """Give it back.  EPERM where another thread or process holds it, or nobody."""
        holder, self.thread = self.thread, 0
        answer: int = _unlock(self._pointer)
        if answer:
            self.thread = holder
            raise OSError(answer, os.strerror(answer))

    def give_up(self) -> None:
        """Give it back if this thread holds it.  One that was just taken over is made consistent first: else it were ruined.

        The word of one that is not robust does not tell by whom it is held.
        """
        if self.thread == threading.get_ident() or self._is_own():
            self.thread = 0
            consistent(self._pointer)
            _unlock(self._pointer)

    def _is_own(self) -> bool:
        return self._word.value & THREAD == threading.get_native_id()


def _waited_for(mutex: ctypes.c_void_p, answer: int) -> int:
    """The answer that is neither a time-out nor the death of the holder: then it is taken over."""
    while answer in (errno.ETIMEDOUT, errno.EAGAIN):
        until = time.time() + SLICE
        moment = _Moment(int(until), int(until % 1 * 1_000_000_000))
        answer = _timedlock(mutex, ctypes.byref(moment))
    if answer == errno.EOWNERDEAD:
        answer = consistent(mutex)
    return answer


def _done(answer: int) -> None:
    if answer:
        raise OSError(answer, os.strerror(answer))
