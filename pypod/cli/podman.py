"""Podman's global flags, as the command needs them: their names, their help, and the options that a command line sets."""

from __future__ import annotations

from returns.result import Result

from pypod.pure.failure import Problem
from pypod.pure.options.flags import FLAGS, parse


def flags_of(words: tuple[str, ...]) -> Result[tuple[tuple[str, str], ...], Problem]:
    """Name and value of each flag that is given, as Podman reads them; a ``Misused`` where it would not take one."""
    return parse([*words, "info"]).map(lambda line: line.flags)
