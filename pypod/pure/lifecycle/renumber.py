"""The texts of renumbering (``Runtime.renumberLocks``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from pypod.pure.database.facts import EditJson
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.gotext import quoted

_NO_LIMIT: Final = 1 << 32
"""Lock numbers have 32 bits; a directory of lock files has no other limit."""


class Renumbered(Struct, frozen=True):
    """An object and its configuration's change."""

    what: str
    named: str
    change: EditJson


def in_use(maximum: int) -> int:
    """Below which number a lock must be; ``maximum`` 0: lock files."""
    return maximum or _NO_LIMIT


def unallocated(what: str, named: str) -> Callable[[str], Problem]:
    """No lock for an object."""

    def problem(why: str) -> Problem:
        return Refused(f"error allocating lock for {what} {named}: {why}", named)

    return problem


def unwritten(one: Renumbered) -> Callable[[HostError], Problem]:
    """A configuration could not be written."""

    def problem(error: HostError) -> Problem:
        shown = quoted(one.named) if one.what == "volume" else one.named
        text = f"error rewriting config for {one.what} {shown}"
        return Refused(error.message, error.subject, cause=error).wrapped(text)

    return problem
