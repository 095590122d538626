"""What the process does to itself on the real machine."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from returns.result import Failure, Result, Success

from pypod.effects.linux.refusal import asked
from pypod.pure.facts import NOTHING_CHANGED, Changed
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.effects.linux.shutdown import Shutdown

_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)


class LinuxProcessChanged:
    """The process that it runs in.

    ``shutdown`` is what ends the process on a signal.  Without one, which is the way in somebody else's program, no
    signal is touched: handlers are registered by name alone.
    """

    def __init__(self, shutdown: Shutdown | None = None) -> None:
        self._shutdown = shutdown
        self._registered: set[str] = set()

    def set_variable(self, name: str, value: str, /) -> Result[Changed, HostError]:
        if not name or "=" in name or "\0" in name + value:
            return Failure(HostError(errno.EINVAL, "setenv", name))

        def put() -> Changed:
            os.environ[name] = value
            return NOTHING_CHANGED

        return asked("setenv", name, put)

    def limit_processes(self, soft: int, hard: int, /) -> Result[Changed, HostError]:
        return asked("setrlimit", "", lambda: _limit(soft, hard))

    def handle_signals(self, name: str, /) -> Result[Changed, HostError]:
        if name in self._registered or not (self._shutdown is None or self._shutdown.register(name)):
            return Failure(HostError(errno.EEXIST, "", name))
        self._registered.add(name)
        return _NOTHING


def _limit(soft: int, hard: int) -> Changed:
    import resource

    if soft > hard:
        raise OSError(errno.EINVAL, "the soft limit is over the hard one")
    try:
        resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
    except ValueError as error:
        # The interpreter's word for EPERM.
        raise PermissionError(errno.EPERM, "the hard limit may not be raised") from error
    return NOTHING_CHANGED
