"""``pypod name``: names as libpod draws them for containers and pods that are given none."""

from __future__ import annotations

import secrets
from typing import Final

import msgspec
from returns.result import Failure

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.plan import refusal
from pypod.cli.planning import planned
from pypod.effects.linux.observer import LinuxObserver
from pypod.pure.configuration.keys import STATIC_DIR
from pypod.pure.names.decide import DIGITS, drawn, taken
from pypod.pure.plan.facts import Plan

MOST: Final = 1000


def run(words: Words) -> int:
    """Draw as many names as are asked for, none twice and none that is in use; the exit status."""
    given = words.own.get("count", "1")
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= MOST):
        output.complain(f"--count is a number from 1 to {MOST}, not {given!r}")
        return output.MISUSED
    made = planned(words)
    if isinstance(made, Failure):
        return refusal(made.failure())
    names = draw(int(given), _in_use(made.unwrap()))
    if words.own.get("format") == "json":
        output.say(msgspec.json.encode(names).decode() + "\n")
    else:
        output.say("".join(f"{name}\n" for name in names))
    return output.DONE


def draw(count: int, in_use: frozenset[str]) -> list[str]:
    """Different names, none of those in use."""
    names: dict[str, None] = {}
    while len(names) < count:
        name = drawn(secrets.token_hex(DIGITS // 2))
        if name is not None and name not in in_use:
            names[name] = None
    return list(names)


def _in_use(plan: Plan) -> frozenset[str]:
    """The names of the containers and pods in Podman's database; none where there is no database that can be read."""
    directory = plan.settings.get(STATIC_DIR.name)
    if directory is None:
        return frozenset()
    found = LinuxObserver().read_objects(f"{directory.value}/bolt_state.db")
    return frozenset() if isinstance(found, Failure) else taken(found.unwrap())
