"""What the commands that look into a database share: which one a command line means, the look, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from returns.result import Failure, Result, Success

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.podman import CONSTRUCTION, requested
from pypod.cli.progress import Progress
from pypod.effects.live import planning_host
from pypod.pure.failure import Departed, Misused, Problem, Refused
from pypod.pure.program import Program, drive
from pypod.runtime.state import Wanted

T = TypeVar("T")


def looked(words: Words, program: Callable[[Wanted], Program[T]]) -> Result[T, Problem]:
    """What a program finds on this machine, seen through a host that changes nothing."""
    request = requested(words.podman, CONSTRUCTION)
    if isinstance(request, Failure):
        return request
    wanted = Wanted(request.unwrap(), words.own.get("database", ""))
    with Progress("looking into the database"):
        found = drive(program(wanted), planning_host())
    if not isinstance(found, Failure):
        return Success(found.unwrap())
    ending = found.failure()
    if isinstance(ending, Departed):
        return Failure(Refused("the command would go on in another process"))
    return Failure(ending)


def document(record: object) -> str:
    """What was found as JSON."""
    import msgspec

    from pypod.pure.state.ps import printable

    plain = printable(msgspec.to_builtins(record))
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"


def refusal(problem: Problem) -> int:
    """Say why nothing was found; the exit status."""
    output.complain(problem.message + (f" ({problem.hint})" if problem.hint else ""))
    return output.MISUSED if isinstance(problem, Misused) else output.FAILED
