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
_LIBRARY: Final = ctypes.CDLL(None)

_unlock = _LIBRARY.pthread_mutex_unlock
_timedlock = _LIBRARY.pthread_mutex_timedlock
_consistent = _LIBRARY.pthread_mutex_consistent


class _Moment(ctypes.Structure):
    """``struct timespec``."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


_PAST: Final = ctypes.byref(_Moment(0, 0))
"""For taking a mutex only if it is free.  ``pthread_mutex_trylock`` is not for that: glibc's leaves a mutex that is not
recoverable locked by whoever tried.
"""


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
        try:
            answer: int = _timedlock(self._pointer, _PAST)
            if answer:
                answer = self._slowly(answer)
            if not answer:
                self.thread = threading.get_ident()
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
        """Give it back if this thread holds it.  The word of one that is not robust does not tell by whom it is held."""
        if self.thread == threading.get_ident() or self._is_own():
            self.thread = 0
            _unlock(self._pointer)

    def _slowly(self, answer: int) -> int:
        if answer != errno.ETIMEDOUT:
            return _taken_over(self._pointer, answer)
        # It takes both to know oneself: thread ids of another namespace may be the same.
        if self.thread == threading.get_ident() and self._is_own():
            return errno.EDEADLK
        return _waited_for(self._pointer)

    def _is_own(self) -> bool:
        return self._word.value & THREAD == threading.get_native_id()


def _waited_for(mutex: ctypes.c_void_p) -> int:
    while True:
        until = time.time() + SLICE
        moment = _Moment(int(until), int(until % 1 * 1_000_000_000))
        answer = _taken_over(mutex, _timedlock(mutex, ctypes.byref(moment)))
        if answer not in (errno.ETIMEDOUT, errno.EAGAIN):
            return answer


def _taken_over(mutex: ctypes.c_void_p, answer: int) -> int:
    if answer != errno.EOWNERDEAD:
        return answer
    consistent: int = _consistent(mutex)
    return consistent


def _done(answer: int) -> None:
    if answer:
        raise OSError(answer, os.strerror(answer))
