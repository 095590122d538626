"""The commands that Podman has too: the runtime is constructed for real, and the command done as Podman does it."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.log import Log
from pypod.effects.hearing import Hearing
from pypod.effects.real import command_host
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.failure import Departed, Ending, Misconfigured, Problem
from pypod.pure.options.commands import REWRITING
from pypod.pure.options.flags import CommandLine, last, parse
from pypod.pure.program import drive
from pypod.pure.program import run as run_program
from pypod.runtime.guards import may_change

FAULTED: Final = 2
"""The exit status of a Podman that dies of a signal or a panic."""


def run(words: Words) -> int:
    """Do what Podman would do with this line; the exit status is Podman's."""
    parsed = parse(words.line)
    if isinstance(parsed, Failure):
        return _told(parsed.failure())
    line = parsed.unwrap()
    log = Log(line.log_level)
    host = Hearing(command_host(log.say), log.hear)
    guarded = drive(may_change(any_podman="any-podman" in words.own), host)
    if isinstance(guarded, Failure):
        return _stopped(guarded.failure())
    request = _safeguarded(Request(line.runs, (), (*line.flags, *line.own), line.arguments))
    if isinstance(request, Failure):
        return _stopped(request.failure())
    asked = request.unwrap()
    done = run_program(program_of(asked)(Draft(asked)), host)
    if isinstance(done.result, Failure):
        return _ended(done.result.failure(), log)
    return _shown(done.result.unwrap(), line)


def _safeguarded(request: Request) -> Result[Request, Ending]:
    """The request with what makes it safe; the failure is what would be harmed."""
    if request.command not in REWRITING:
        return Success(request)
    # Loaded here: few commands rewrite anything.
    from pypod.effects.live import planning_host
    from pypod.runtime.safeguard import safeguarded

    return drive(safeguarded(request), planning_host())


def refused(argv: tuple[str, ...]) -> int | None:
    """Say why Podman would not take a line, with its exit status; nothing where it would."""
    parsed = parse(argv)
    return _told(parsed.failure()) if isinstance(parsed, Failure) else None


def _shown(draft: Draft, line: CommandLine) -> int:
    """The exit status of a command that came to its end, and what it shows."""
    if draft.info:
        from pypod.cli.info import rendered

        text = rendered(draft.info, last(line.own, "format"))
        if isinstance(text, Failure):
            output.complain_like_podman(text.failure())
            return _ERROR
        output.say(text.unwrap())
    return draft.status


_ERROR: Final = 125


def _told(misuse: Problem) -> int:
    """A line that Podman does not take: what ends with status 1 it says without ``Error:`` in front."""
    if misuse.exit_status == output.FAILED:
        output.tell(misuse.message + "\n")
    else:
        output.complain_like_podman(misuse.message)
    return misuse.exit_status


def _stopped(ending: Ending) -> int:
    """Why nothing was begun."""
    if isinstance(ending, Departed):
        return ending.status
    output.complain(f"{ending.message} ({ending.hint})" if ending.hint else ending.message)
    return _ERROR


def _ended(ending: Ending, log: Log) -> int:
    """How the command failed: said once, where Podman says it, and what to do about it in our own words."""
    if isinstance(ending, Departed):
        return ending.status
    if ending.exit_status == FAULTED:
        # Podman would have died here without such a line.
        output.complain(ending.message)
    elif not isinstance(ending, Misconfigured) and ending.message not in log.printed:
        output.complain_like_podman(ending.message)
    if ending.hint:
        output.complain(ending.hint + (f" [{ending.diagnosis}]" if ending.diagnosis else ""))
    return ending.exit_status
