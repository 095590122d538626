"""A host that looks at this machine and changes databases on it, nothing else."""

from __future__ import annotations

import errno
from typing import TypeVar, cast

from returns.result import Failure, Result, Success

from pypod.effects.linux.observer import LinuxObserver
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.effect import DatabaseEffect, Effect, Kind, Observation
from pypod.pure.failure import HostError

T = TypeVar("T")


class DatabaseHost:
    """Answers observations and the effects of databases; every other change is refused (EPERM)."""

    def __init__(self, changes: LinuxDatabaseChanges) -> None:
        self._machine = LinuxObserver()
        self._changes = changes

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if isinstance(effect, Observation):
            return effect.see(self._machine)
        if isinstance(effect, DatabaseEffect):
            return cast("Result[T, HostError]", effect.change(self._changes))
        if effect.kind is Kind.TELL:
            return Success(cast("T", None))
        return Failure(HostError(errno.EPERM, "change", effect.describe()))
