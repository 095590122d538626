"""``pypod locks``."""

from __future__ import annotations

from returns.result import Failure

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.looking import document, looked, refusal
from pypod.runtime.locks import look


def run(words: Words) -> int:
    """Show the locks; 1 where anything is wrong."""
    found = looked(words, look)
    if isinstance(found, Failure):
        return refusal(found.failure())
    report = found.unwrap()
    if words.own.get("format") == "json":
        output.say(document(report))
    else:
        from pypod.pure.locks.text import render

        output.say(output.shown(render(report)))
    return output.DONE if report.sound else output.FAILED
