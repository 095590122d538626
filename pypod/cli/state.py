"""``pypod state show``, ``state check`` and ``state export``."""

from __future__ import annotations

from returns.result import Failure

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.looking import document, looked, refusal
from pypod.runtime import state

OWNER_ONLY = 0o600


def show(words: Words) -> int:
    """Show the database at a glance."""
    found = looked(words, state.show)
    if isinstance(found, Failure):
        return refusal(found.failure())
    if words.own.get("format") == "json":
        output.say(document(found.unwrap()))
        return output.DONE
    from pypod.pure.state.summary import render

    output.say(output.shown(render(found.unwrap())) + "\n")
    return output.DONE


def check(words: Words) -> int:
    """Say what is wrong; 1 where anything is."""
    found = looked(words, state.check)
    if isinstance(found, Failure):
        return refusal(found.failure())
    report = found.unwrap()
    if words.own.get("format") == "json":
        output.say(document(report))
    else:
        from pypod.pure.state.report import render

        output.say(output.shown(render(report)))
    return output.DONE if report.sound else output.FAILED


def export(words: Words) -> int:
    """Write everything, to a file that only its owner may read or to standard output."""
    from pypod.pure.state.export import exported

    found = looked(words, state.export)
    if isinstance(found, Failure):
        return refusal(found.failure())
    document = exported(found.unwrap())
    path = words.own.get("out")
    if path is None:
        output.say(document.decode())
        return output.DONE
    wrong = output.write_whole(path, document, OWNER_ONLY)
    if wrong:
        output.complain(wrong)
        return output.FAILED
    return output.DONE
