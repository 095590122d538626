"""Replaying a recorded case: its steps, one after the other, on one simulated host.

A step whose command constructs a runtime is run by the pipeline.  A step whose command does more (``create``, ``import``,
…) is taken from the recording: its files, its lock segment and its database are put on the simulated host.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pyrsistent import thaw
from returns.result import Failure

from pypod.api import Rehearsal, rehearse
from pypod.hosts import Simulation
from pypod.pure.draft import Request
from pypod.pure.facts import Stream
from pypod.pure.failure import Departed, Misconfigured, Problem
from pypod.pure.options.flags import CommandLine, last, parse
from pypod.pure.vocabulary.telling import Note
from pypod.pure.world import World
from pypod.pure.world.describe import described, next_step
from tests.golden import recorded
from tests.golden.names import Names
from tests.golden.observe import Databases, changes, locks

DOES_MORE = frozenset(
    {
        "import", "create", "pod create", "volume create", "volume rm", "run", "rm",
        "image exists", "secret ls", "generate kube", "unshare", "logs", "system prune",
    }
)  # fmt: skip
"""Commands that go on after construction: they change what the runtime holds, make directories of their own (``image
exists`` that of the short-name cache, ``secret ls`` that of the secrets), or fail before the shutdown.  Once they
constructed a runtime their steps are taken from the recording."""

_CONSTRUCTED = "Setting parallel job count to "
"""What Podman says first once the runtime is there."""

_DEAD = 2
"""The exit status of a Podman that faulted or panicked: it leaves no line with an error."""

_UNORDERED = (("configured OCI runtime ", 'using runtime "'), ("container <id",), ("Error refreshing container <id",))


def outcomes(recording: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    """The outcome of each step in the form of the recordings; ``None`` for one taken from the recording."""
    case, steps = recording["case"], recording["outcome"]["steps"]
    names = Names(recording["outcome"].get("ids", {}))
    databases = Databases()
    world = described(recording, 0).unwrap()
    for index, (step, want) in enumerate(zip(case["steps"], steps, strict=True)):
        if index:
            world = next_step(world, case, index).unwrap()
        parsed = parse(tuple(step["args"]))
        if isinstance(parsed, Failure) or taken_from_recording(parsed.unwrap(), want):
            world = recorded.applied(world, want, names, case)
            databases.know(world, names)
            yield _refused(parsed.failure(), want) if isinstance(parsed, Failure) else None
        else:
            outcome, world = replayed(world, parsed.unwrap(), names, databases)
            yield outcome


def taken_from_recording(line: CommandLine, want: dict[str, Any]) -> bool:
    """Whether the command went on, after construction, to do more."""
    return line.command in DOES_MORE and (
        want["rc"] == 0 or any(entry[1].startswith(_CONSTRUCTED) for entry in want["log"])
    )


def _refused(misuse: Problem, want: dict[str, Any]) -> dict[str, Any]:
    """A command line that Podman does not take constructs nothing: its status and its text are compared."""
    said_plainly = misuse.exit_status == 1  # without "Error: " in front, which is what the recorder looks for
    return {**want, "rc": misuse.exit_status, "error": None if said_plainly else _error_line(misuse.message)}


def replayed(world: World, line: CommandLine, names: Names, databases: Databases) -> tuple[dict[str, Any], World]:
    """Run a command on the simulated host."""
    host = Simulation(world)
    done = rehearse(Request(line.runs, (), (*line.flags, *line.own), line.arguments), host)
    said = _said(done, names)
    if last(line.own, "format") != "json":
        said["info"] = None  # the recorder reads JSON alone
    return {**said, **_left(world, host.world, names, databases)}, host.world


def _said(done: Rehearsal, names: Names) -> dict[str, Any]:
    log = [
        [effect.level.value, names.named(effect.message)]
        for effect, _answer in done.tape
        if isinstance(effect, Note) and effect.stream is Stream.LOG
    ]
    info = names.named_tree(_plain(done.draft.info)) if done.draft.info else None
    ending = done.ending
    said: dict[str, Any] = {"rc": done.draft.status, "error": None, "log": sorted_runs(log), "info": info}
    if isinstance(ending, Departed):
        said["rc"] = ending.status
    elif ending is not None:
        said["rc"] = ending.exit_status
        printed = any(isinstance(effect, Note) and effect.stream is Stream.STDOUT and effect.message == ending.message
                      for effect, _ in done.tape)  # fmt: skip
        silent = isinstance(ending, Misconfigured) or ending.exit_status == _DEAD or printed
        said["error"] = None if silent else _error_line(names.named(ending.message))
    return said


def _error_line(message: str) -> str:
    """The line that the recorder takes: the first, of those texts that have more."""
    return f"Error: {message.splitlines()[0]}" if message else "Error: "


def _plain(value: object) -> Any:
    """JSON of what ``info`` shows, as the recorder reads it."""
    return json.loads(json.dumps(thaw(value)))


def _left(before: World, after: World, names: Names, databases: Databases) -> dict[str, Any]:
    changed = changes(before, after, names)
    touched = frozenset(
        path
        for path, node in after.nodes.items()
        if path.endswith("/bolt_state.db") and before.nodes.get(path) is not node
    )
    return {**changed, "db": databases.after(before, after, names, touched), "locks": locks(after)}


def sorted_runs(lines: list[list[str]]) -> list[list[str]]:
    """Each unbroken run of lines whose order is not the program's, sorted."""
    for prefixes in _UNORDERED:
        out: list[list[str]] = []
        run: list[list[str]] = []
        for line in lines:
            if line[1].startswith(prefixes):
                run.append(line)
                continue
            out += [*sorted(run, key=lambda entry: entry[1]), line]
            run = []
        lines = out + sorted(run, key=lambda entry: entry[1])
    return lines
