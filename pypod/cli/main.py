"""The command's entry: which command, and what becomes of whatever goes wrong.

Nothing is imported before it is needed: ``--version`` and ``--help`` load no more than the tables.
"""

from __future__ import annotations

import gc
import os
import sys

from pypod import TYPE_CHECKING, __version__
from pypod.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypod.cli.commands import Words

LIBPOD = "3.4.7"
INTERNAL = 70


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit status.  Nothing raises, interrupts included.

    Without ``argv`` it is the process's own command line, and the process ends here.
    """
    if argv is None:
        # The process is over before collecting cycles would pay.
        gc.disable()
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:
        output.complain("interrupted")
        status = output.INTERRUPTED
    except output.UnwritableError as error:
        output.complain(f"cannot write to standard output: {error}")
        status = output.FAILED
    except Exception as error:
        # A bug of ours: one line for its user, the traceback for whoever looks for it.
        if os.environ.get("PYPOD_TRACEBACK"):
            raise
        output.complain(
            f"a mistake of pypod's own: {type(error).__name__}: {error}; with PYPOD_TRACEBACK=1 in the environment it tells "
            "where"
        )
        status = INTERNAL
    output.finish()
    if argv is None:
        # Everything is written; taking down module after module would only take time.
        os._exit(status)
    return status


def _run(argv: list[str]) -> int:
    if argv in (["--version"], ["-v"]):
        return _version()
    if argv in (["--help"], ["-h"], ["help"]):
        return _help("")

    from returns.result import Failure

    from pypod.cli.podman import takes_value
    from pypod.cli.words import taken_apart

    taken = taken_apart(argv, takes_value)
    if isinstance(taken, Failure):
        return _not_taken(argv, taken.failure())
    return _obey(taken.unwrap())


def _not_taken(argv: list[str], why: str) -> int:
    """A line that is no line of ours.  Where it has a command that Podman has too, Podman's refusal of it comes first: what
    stands behind an unknown flag may be its value.
    """
    from pypod.cli.commands import PODMANS

    if {command.name.partition(" ")[0] for command in PODMANS} & set(argv):
        from pypod.cli.constructing import refused

        status = refused(tuple(argv))
        if status is not None:
            return status
    return _misused(why)


def _obey(words: Words) -> int:
    from pypod.cli.commands import BY_NAME

    if "version" in words.own:
        return _version()
    if "help" in words.own:
        return _help(words.command)
    if "completion" in words.own:
        from pypod.cli.help import completion
        from pypod.cli.podman import names

        output.say(completion(words.own["completion"], names()))
        return output.DONE
    if not words.command:
        return _misused("a command is missing; `pypod --help` lists what there is")
    command = BY_NAME[words.command]
    least, most = command.arguments
    if len(words.arguments) < least:
        return _misused(f"{command.name} needs an argument: {command.usage}")
    if most is not None and len(words.arguments) > most:
        return _misused(f"{command.name} takes no argument {words.arguments[most]!r}")
    return command.run(words)


def _version() -> int:
    output.say(f"pypod {__version__} (rules of libpod {LIBPOD})\n")
    return output.DONE


def _help(command: str) -> int:
    from pypod.cli import help as helping
    from pypod.cli.commands import BY_NAME
    from pypod.cli.podman import described

    output.say(helping.of_command(BY_NAME[command]) if command else helping.overview(described()))
    return output.DONE


def _misused(text: str) -> int:
    output.complain(text)
    return output.MISUSED
