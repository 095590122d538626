"""``pypod state import``."""

from __future__ import annotations

import sys
from typing import Final

from returns.result import Failure, Result

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.looking import looked
from pypod.effects.linux.databases import DatabaseHost
from pypod.effects.linux.files import LinuxFiles, standard_input
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.failure import HostError, Misused, Problem
from pypod.pure.program import drive
from pypod.pure.state.export import imported
from pypod.pure.state.restore import Restoration
from pypod.runtime.restore import prepare, restore

LOCK_LIMIT: Final = 2.0
"""Seconds: a Podman that works on the database for longer is one to be waited for by its user."""


def run(words: Words) -> int:
    """Restore an export into an empty database; the exit status."""
    file = words.arguments[0]
    read = _document(file)
    if isinstance(read, Failure):
        return _failed(read.failure().message)
    export = imported(read.unwrap())
    if isinstance(export, Failure):
        return _failed(f"{file}: {export.failure()}")
    content = export.unwrap()
    found = looked(words, lambda wanted: prepare(wanted, content, any_podman="any-podman" in words.own))
    if isinstance(found, Failure):
        return _refusal(found.failure())
    wanted = found.unwrap()
    if "yes" not in words.own and not _agreed(wanted, file):
        return output.FAILED
    return _restored(wanted)


def _document(file: str) -> Result[bytes, HostError]:
    return standard_input() if file == "-" else LinuxFiles().read_file(file)


def _restored(wanted: Restoration) -> int:
    ended = drive(restore(wanted), DatabaseHost(LinuxDatabaseChanges(LOCK_LIMIT)))
    if isinstance(ended, Failure):
        ending = ended.failure()
        return _failed(ending.message if isinstance(ending, Problem) else "the command went on in another process")
    output.say(f"restored {_held(wanted)} into {wanted.path}\n")
    if wanted.backup:
        output.say(f"what was there is in {wanted.backup}\n")
    return output.DONE


def _agreed(wanted: Restoration, file: str) -> bool:
    """Whether the user, asked on a terminal, wants it."""
    if file == "-" or not sys.stdin.isatty():
        output.complain("not restored: --yes is needed where nobody can be asked")
        return False
    output.say(f"Restore {_held(wanted)} into {wanted.path}? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _held(wanted: Restoration) -> str:
    return ", ".join(f"{count} {kind if count != 1 else kind[:-1]}" for kind, count in wanted.held)


def _failed(text: str) -> int:
    output.complain(text)
    return output.FAILED


def _refusal(problem: Problem) -> int:
    _failed(problem.message + (f" ({problem.hint})" if problem.hint else ""))
    return output.MISUSED if isinstance(problem, Misused) else output.FAILED
