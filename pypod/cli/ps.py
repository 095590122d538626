"""``pypod ps``."""

from __future__ import annotations

from returns.result import Failure

from pypod.cli import output
from pypod.cli.commands import Words
from pypod.cli.looking import looked
from pypod.pure.failure import Problem
from pypod.pure.state import ps
from pypod.runtime.state import list_containers, list_ids


def run(words: Words) -> int:
    """List the containers; Podman's exit status."""
    whole = "no-trunc" in words.own
    if "quiet" in words.own and "format" not in words.own:
        ids = looked(words, list_ids)
        if isinstance(ids, Failure):
            return _refusal(ids.failure())
        output.say(ps.ids(ids.unwrap(), whole=whole))
        return output.DONE
    listing = looked(words, list_containers)
    if isinstance(listing, Failure):
        return _refusal(listing.failure())
    found = listing.unwrap()
    for line in ps.damages(found.containers):
        output.complain(line)
    if words.own.get("format") == "json":
        output.say(ps.document(found.containers, found.now).decode())
    else:
        output.say(ps.table(found.containers, found.now, whole=whole))
    return output.DONE


def _refusal(problem: Problem) -> int:
    output.complain_like_podman(problem.message)
    return problem.exit_status
