"""Podman's global flags, as the command needs them: their names, their help, and the request that a command line makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from returns.result import Failure, Result

from pypod.pure.options.commands import GLOBAL_FLAGS, FlagKind

if TYPE_CHECKING:
    from pypod.pure.draft import Request
    from pypod.pure.failure import Problem

_OURS: Final = ("help", "version")
CONSTRUCTION: Final = "construction"
_STANDS_IN: Final = "info"
"""A command without flags that change anything: the construction alone has none of its own on Podman's command line."""


def takes_value(name: str) -> bool:
    """Whether this flag of Podman's, named with its dashes, is followed by a value."""
    return any(
        flag.kind is not FlagKind.BOOLEAN and name in (f"--{flag.name}", f"-{flag.short}") for flag in GLOBAL_FLAGS
    )


def names() -> Iterator[str]:
    """The flags, with their dashes."""
    return (f"--{flag.name}" for flag in GLOBAL_FLAGS if not flag.hidden and flag.name not in _OURS)


def described() -> Iterator[tuple[str, str]]:
    """The flags and their help."""
    shown = (flag for flag in GLOBAL_FLAGS if not flag.hidden and not flag.before and flag.name not in _OURS)
    return ((f"--{flag.name} {'' if flag.kind is FlagKind.BOOLEAN else flag.kind.value}", flag.help) for flag in shown)


def requested(words: tuple[str, ...], command: str) -> Result[Request, Problem]:
    """What is to be planned: Podman's global flags as given, and a command of Podman's with its own words, or
    ``construction``.  A ``Misused`` has Podman's text where Podman would not take the line.
    """
    from pypod.pure.draft import Request
    from pypod.pure.failure import Misused
    from pypod.pure.options.flags import parse

    said: list[str] = []
    if command != CONSTRUCTION:
        import shlex

        try:
            said = shlex.split(command)
        except ValueError as error:
            return Failure(Misused(f"--for {command!r}: {error}"))
    alone = said in ([], [CONSTRUCTION])
    line = parse((*words, *([_STANDS_IN] if alone else said)))
    if line.map(lambda one: one.help or one.version or not one.command).value_or(default_value=False):
        return Failure(Misused(f"--for {command!r}: with these words Podman builds no runtime"))
    return line.map(lambda one: Request(CONSTRUCTION if alone else one.runs, (), (*one.flags, *one.own), one.arguments))
