"""``pypod explain KEY...``."""

from __future__ import annotations

import msgspec
from returns.result import Failure

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.plan import refusal
from pypod.cli.planning import planned
from pypod.pure.plan.facts import Plan, Setting
from pypod.pure.plan.text import render_setting


def run(words: Words) -> int:
    """Show the settings that are asked for; 1 where one of them is none."""
    made = planned(words)
    if isinstance(made, Failure):
        return refusal(made.failure())
    plan = made.unwrap()
    found: dict[str, Setting] = {}
    status = output.DONE
    for key in words.arguments:
        matching = matches(plan, key)
        if not matching:
            output.complain(_unknown(plan, key))
            status = output.FAILED
        found |= matching
    if words.own.get("format") == "json":
        output.say(msgspec.json.encode(found).decode() + "\n")
    else:
        output.say("\n".join(output.shown(render_setting(name, one)) for name, one in found.items()))
    return status


def matches(plan: Plan, key: str) -> dict[str, Setting]:
    """The setting of that name, or all settings of that table."""
    if key in plan.settings:
        return {key: plan.settings[key]}
    return {name: one for name, one in plan.settings.items() if name.startswith(f"{key}.")}


def _unknown(plan: Plan, key: str) -> str:
    if plan.failure is not None:
        return f"no setting {key!r} was resolved before the stop: {plan.failure.message}"
    last = key.rpartition(".")[2]
    close = [name for name in plan.settings if name.rpartition(".")[2] == last]
    return f"no setting {key!r}" + (f"; did you mean {' or '.join(close)}?" if close else "")
