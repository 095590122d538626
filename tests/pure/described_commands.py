"""Podman's commands run on a described host, for tests of what they do and show."""

from __future__ import annotations

from typing import Any

from pypod.api import Rehearsal, rehearse
from pypod.hosts import Simulation
from pypod.pure.draft import Request
from pypod.pure.options.flags import parse
from pypod.pure.world import World
from pypod.pure.world.describe import described

CONMON = {"stdout": "conmon version 2.0.30\ncommit: abcdef\n"}
HOST: dict[str, Any] = {
    "programs": {
        "/usr/bin/conmon": CONMON,
        "/usr/bin/runc": {"stdout": "runc version 1.0.3\n"},
        "/usr/bin/nsenter": {},
    },
    "env": {"STORAGE_DRIVER": "vfs"},
    "files": {
        "/etc/containers/storage.conf": {
            "text": '[storage]\ndriver = "vfs"\ngraphroot = "/var/lib/containers/storage"\n'
            'runroot = "/run/containers/storage"\n'
        }
    },
}


def ran(*words: str, **more: Any) -> tuple[Rehearsal, World, World]:
    """What a command line did, and the host before and after."""
    world = described({**HOST, **more, "steps": [{"args": list(words)}]}).unwrap()
    line = parse(words).unwrap()
    host = Simulation(world)
    done = rehearse(Request(line.runs, (), (*line.flags, *line.own), line.arguments), host)
    return done, world, host.world


def ran_described(*words: str, env: dict[str, str] | None = None, files: dict[str, Any] | None = None) -> Rehearsal:
    """The same with more variables and files than the small host has."""
    return ran(*words, env={**HOST["env"], **(env or {})}, files={**HOST["files"], **(files or {})})[0]
