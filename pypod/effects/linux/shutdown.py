"""Ending the process on SIGINT and SIGTERM (``libpod/shutdown``).

Theory of operation.  A handler of the interpreter runs in its main thread and only between two of its steps, so that it
would wait for as long as the thread waits for a lock.  So the handler does nothing, and a thread of our own reads from the
interpreter's wake-up descriptor which signal came.  The first one runs the handlers; further ones are swallowed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator
from typing import Final

from pypod.pure.facts import Diagnostic, Level

SIGNALS: Final = {signal.SIGINT: "interrupt", signal.SIGTERM: "terminated"}
"""The signals that shut down, by the names that Go gives them."""

_quiet = threading.Condition()
_inhibitors: list[int] = []
"""The threads that must not be interrupted; one can be in it several times."""


@contextlib.contextmanager
def inhibited() -> Generator[None]:
    """Keep the shutdown handlers from running meanwhile.

    Without handlers of ours, the signals wait until this thread is done; one that another thread gets raises
    ``KeyboardInterrupt`` in the main thread all the same.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with _quiet:
        _inhibitors.append(threading.get_ident())
    try:
        yield
    finally:
        with _quiet:
            _inhibitors.remove(threading.get_ident())
            _quiet.notify_all()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Shutdown:
    """The shutdown handlers of this process, and the watch for signals; there is one for a command.

    ``say`` is told what libpod logs.  ``end`` ends the process with a status, as it stands: locks are taken over from
    a process that is gone, and nothing that a caller left open is closed.  It is to be made in the main thread.
    """

    def __init__(self, say: Callable[[Diagnostic], object], end: Callable[[int], object] = os._exit) -> None:
        self._say = say
        self._end = end
        self._names: list[str] = []
        self._watched = -1

    def register(self, name: str) -> bool:
        """Watch for the signals, and end with status 1 after one; whether no handler of that name was there."""
        if name in self._names:
            return False
        self._names.insert(0, name)
        if self._watched < 0:
            self._watch()
        return True

    def _watch(self) -> None:
        self._watched, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self._watched, True)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _swallow)
        os.register_at_fork(after_in_child=_leave_to_default)
        threading.Thread(target=self._run, name="shutdown", daemon=True).start()

    def _run(self) -> None:
        while True:
            for number in os.read(self._watched, 64):
                if number in SIGNALS:
                    self._shut_down(SIGNALS[signal.Signals(number)])
                    return

    def _shut_down(self, word: str) -> None:
        self._say(Diagnostic(Level.INFO, f"Received shutdown signal {word}, terminating!"))
        with _quiet:
            _quiet.wait_for(lambda: not _inhibitors)
            for name in self._names:
                self._say(Diagnostic(Level.INFO, f"Invoking shutdown handler {name}"))
                self._end(1)


def _swallow(_number: int, _frame: object) -> None:
    """The watch is told by the wake-up descriptor."""


def _leave_to_default() -> None:
    """A child has no watch."""
    signal.set_wakeup_fd(-1)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
