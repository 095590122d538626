"""``pypod plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from returns.result import Failure

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.planning import planned
from pypod.pure.failure import Misused, Problem

if TYPE_CHECKING:
    from pypod.pure.plan.facts import Plan

_COLOUR: Final = {"color": True, "no-color": False}


def run(words: Words) -> int:
    """Make the plan, save it where that is asked for, show it; the exit status."""
    made = planned(words)
    if isinstance(made, Failure):
        return refusal(made.failure())
    plan = made.unwrap()
    status = status_of(plan, detailed="detailed-exitcode" in words.own)
    out = words.own.get("out")
    if out is not None and (wrong := output.write_whole(out, _encoded(plan) + b"\n")):
        output.complain(wrong)
        status = output.FAILED
    output.say(shown(plan, words))
    return status


def refusal(problem: Problem) -> int:
    """Say why pypod itself cannot plan; the exit status."""
    output.complain(problem.message + (f" ({problem.hint})" if problem.hint else ""))
    return output.MISUSED if isinstance(problem, Misused) else output.FAILED


def status_of(plan: Plan, *, detailed: bool) -> int:
    """0: construction would succeed; 1: it would fail; 2: changes are pending, where that is asked for."""
    if plan.errored:
        return output.FAILED
    return output.PENDING if detailed and plan.actions else output.DONE


def _encoded(plan: Plan) -> bytes:
    from pypod.pure.plan.facts import encoded

    return encoded(plan)


def shown(plan: Plan, words: Words) -> str:
    """The plan in the form that the command line asks for."""
    if words.own.get("format") == "json":
        return _encoded(plan).decode() + "\n"
    from pypod.pure.plan.text import render

    choice = next((value for name, value in _COLOUR.items() if name in words.own), None)
    return render(plan, verbose="verbose" in words.own, colour=output.wants_colour(choice))
