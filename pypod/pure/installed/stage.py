"""Which podman a host has."""

from __future__ import annotations

from pypod.pure.installed.decide import (
    CHANGELOG,
    PACKAGED,
    may_be_run,
    version_in_changelog,
    version_printed,
)
from pypod.pure.program import Program, attempt, need
from pypod.pure.surroundings.stage import look_path
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.process import AskIdentity, RunProgram


def installed_podman() -> Program[str]:
    """The version that ``podman --version`` would print, such as ``4.3.1``; empty where none is installed, or where only
    running it could tell and it would make directories.
    """
    path = yield from look_path("podman")
    if path is None:
        return ""
    if path == PACKAGED:
        version = version_in_changelog((yield from attempt(ReadFile(CHANGELOG))))
        if version:
            return version
    identity = yield from need(AskIdentity())
    if not may_be_run(identity):
        return ""
    return version_printed((yield from attempt(RunProgram((path, "--version")))))
