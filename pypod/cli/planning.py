"""What ``plan`` and ``explain`` share: the plan that a command line asks for."""

from __future__ import annotations

from returns.result import Failure, Result

from pypod import hosts
from pypod.api import plan
from pypod.cli.commands import Words
from pypod.cli.podman import flags_of
from pypod.cli.progress import Progress
from pypod.pure.failure import Misused, Problem
from pypod.pure.plan.facts import Plan

PLANNED = (
    "construction", "info", "container exists", "ps", "system renumber", "system migrate",
)  # fmt: skip


def planned(words: Words) -> Result[Plan, Problem]:
    """The plan, or why pypod cannot make one; a ``Misused`` is the fault of the command line."""
    flags = flags_of(words.podman)
    if isinstance(flags, Failure):
        return flags
    host = _host(words)
    if isinstance(host, Failure):
        return host
    command, *arguments = _command(words.own.get("for", "construction"))
    with Progress("planning"):
        return plan(host=host.unwrap(), command=command, flags=flags.unwrap(), arguments=tuple(arguments))


def _command(text: str) -> tuple[str, ...]:
    """The command and its arguments: the longest known name first."""
    words = text.split()
    for length in (2, 1):
        if " ".join(words[:length]) in PLANNED:
            return (" ".join(words[:length]), *words[length:])
    return (text,)
