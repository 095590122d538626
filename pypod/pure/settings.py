"""Settings: what a value is, where it comes from, what it overrode, and what was set but ignored.

A setting is a typed key to claims.  Every source (a file, a variable, an option, the database) adds a claim; the
latest claim wins, as in libpod every later source overwrites.  What lost stays on record: that is what ``explain``
and a plan show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from pypod.pure.table import Table

T = TypeVar("T")


class Source(Enum):
    """What kind of place a value comes from."""

    BUILTIN = "builtin"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"
    DATABASE = "database"
    COMPUTED = "computed"


class Origin(Struct, frozen=True):
    """Where a value comes from: ``at`` is ``/etc/containers/containers.conf:12``, a variable's or a flag's name."""

    source: Source
    at: str = ""


BUILTIN = Origin(Source.BUILTIN)


class Claim(Struct, frozen=True):
    """One source's word on a setting.  Values are plain: text, numbers, booleans, tuples and tables of those."""

    value: Any
    origin: Origin = BUILTIN


class Ignored(Struct, frozen=True):
    """A value that was set where libpod does not look, or that it drops, and why."""

    value: Any
    origin: Origin
    because: str


class Setting(Struct, frozen=True):
    """The claims on one key: the winning one, those it overrode (latest first), and those that never counted."""

    claim: Claim
    overrode: tuple[Claim, ...] = ()
    ignored: tuple[Ignored, ...] = ()


class Key(Generic[T]):
    """The typed name of a setting, such as ``Key[str]("engine.tmp_dir")``."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Key({self.name!r})"


class Settings(Struct, frozen=True):
    """All settings of a runtime, by dotted name."""

    entries: Table[str, Setting] = Table()

    def __contains__(self, key: Key[Any]) -> bool:
        return key.name in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.entries))

    def get(self, key: Key[T]) -> T:
        """The value in force.  A key that nobody claimed is a bug: every key has a built-in default."""
        value: T = self.entries[key.name].claim.value
        return value

    def origin(self, key: Key[Any]) -> Origin:
        """Where the value in force comes from."""
        return self.entries[key.name].claim.origin

    def claim(self, key: Key[T], value: T, origin: Origin) -> Settings:
        """A later source speaks: its value wins, the former claim is kept as overridden."""
        return self.claims(((key.name, Claim(value, origin)),))

    def claims(self, named: Iterable[tuple[str, Claim]]) -> Settings:
        """Several claims at once, in order."""
        latest: dict[str, Setting] = {}
        for name, claim in named:
            held = latest.get(name) or self.entries.get(name)
            latest[name] = Setting(claim, (held.claim, *held.overrode), held.ignored) if held else Setting(claim)
        return msgspec.structs.replace(self, entries=self.entries.having(latest))

    def claimed_over(self, first: Settings) -> Settings:
        """With what others claimed before, for the settings that nobody claimed yet."""
        return msgspec.structs.replace(self, entries=first.entries.having(self.entries))

    def ignore(self, key: Key[T], value: T, origin: Origin, because: str) -> Settings:
        """A value that is set somewhere but does not count, and why.  The key must be claimed already."""
        return self.ignores(((key.name, Ignored(value, origin, because)),))

    def ignores(self, named: Iterable[tuple[str, Ignored]]) -> Settings:
        """Several such values at once, in order."""
        latest: dict[str, Setting] = {}
        for name, one in named:
            held = latest.get(name) or self.entries[name]
            latest[name] = Setting(held.claim, held.overrode, (*held.ignored, one))
        return msgspec.structs.replace(self, entries=self.entries.having(latest))
