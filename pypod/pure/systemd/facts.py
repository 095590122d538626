"""A scope: a unit of systemd for processes that it did not start."""

from __future__ import annotations

from msgspec import Struct

from pypod.pure.facts import Change, Changed


class Scope(Struct, frozen=True):
    """A scope: the slice that it is in, its name, and the process that is moved into it."""

    slice: str
    unit: str
    pid: int


def started(scope: Scope) -> Changed:
    """What starting it changes: neither its number nor the process's is told, which nobody could foretell."""
    return Changed((Change(scope.slice, detail="a scope of its own"),))
