"""``pypod apply``."""

from __future__ import annotations

import os
import sys
from typing import Final

import msgspec
from returns.result import Failure, Result, Success

from pypod.applying import Applied, apply
from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.log import Log
from pypod.cli.plan import refusal, shown
from pypod.cli.podman import CONSTRUCTION, requested
from pypod.effects.hearing import Hearing
from pypod.effects.linux.files import LinuxFiles, standard_input
from pypod.effects.real import command_host
from pypod.pure.draft import Request
from pypod.pure.failure import Misused, Problem
from pypod.pure.plan.facts import Plan, decoded, encoded
from pypod.pure.plan.report import render_done

AGREED: Final = "_PYPOD_AGREED"
"""Set for the process that applying is gone on with inside a user namespace: its user was asked already."""


def run(words: Words) -> int:
    """Show the plan, ask, do it, tell what was done; the exit status."""
    saved = _saved(words.arguments[0]) if words.arguments else Success(None)
    if isinstance(saved, Failure):
        return refusal(saved.failure())
    plan = saved.unwrap()
    request = _request(words, plan)
    if isinstance(request, Failure):
        return refusal(request.failure())
    wanted = request.unwrap()
    log = Log("error")
    done = apply(
        machine=Hearing(command_host(log.say), log.hear),
        saved=plan,
        command=wanted.command,
        flags=wanted.flags,
        arguments=wanted.arguments,
        agreed=lambda made: _agreed(made, words),
        any_podman="any-podman" in words.own,
    )
    if isinstance(done, Failure):
        return refusal(done.failure())
    return _told(done.unwrap(), words)


def _saved(path: str) -> Result[Plan, Problem]:
    read = standard_input() if path == "-" else LinuxFiles().read_file(path)
    if isinstance(read, Failure):
        return Failure(Misused(f"cannot read the plan: {read.failure().message}", path))
    try:
        return Success(decoded(read.unwrap()))
    except msgspec.MsgspecError as error:
        return Failure(Misused(f"{path} is no plan: {error}", path))
    except RecursionError:
        return Failure(Misused(f"{path} is no plan: it is nested too deeply", path))


def _request(words: Words, saved: Plan | None) -> Result[Request, Problem]:
    """What is applied: what the plan says, or the command line where there is no plan."""
    if saved is None:
        return requested(words.podman, words.own.get("for", CONSTRUCTION))
    if words.podman or "for" in words.own:
        return Failure(Misused("a saved plan brings its own flags: leave --for and Podman's flags out"))
    return Success(Request(saved.command, (), saved.flags, saved.arguments))


def _agreed(plan: Plan, words: Words) -> bool:
    """Show the plan, and whether its user, asked on a terminal, wants it."""
    if os.environ.get(AGREED):
        return True
    output.say(shown(plan, words))
    if plan.errored or not plan.actions or not ("yes" in words.own or _answered()):
        return False
    # What goes on inside a user namespace is this very command: nobody is asked twice.
    os.environ[AGREED] = "1"
    return True


def _answered() -> bool:
    if not sys.stdin.isatty():
        output.complain("not applied: --yes is needed where nobody can be asked")
        return False
    output.say("\nApply these changes? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _told(applied: Applied, words: Words) -> int:
    if applied.status is not None:
        return applied.status
    done = applied.done
    if done is None:
        return output.FAILED if applied.planned.actions or applied.planned.errored else output.DONE
    if words.own.get("format") == "json":
        output.say(encoded(done).decode() + "\n")
    else:
        colour = output.wants_colour(None)
        output.say("\n" + render_done(done, applied.undone, verbose="verbose" in words.own, colour=colour))
    return output.FAILED if done.errored else output.DONE
