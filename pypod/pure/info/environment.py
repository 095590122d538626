"""The engine's environment: what ``engine.env`` sets once the runtime is there (podman's ``cmd/podman/root.go``)."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import HostError, Misused, Problem

TEMPORARY: Final = ("TMPDIR", "/var/tmp")  # noqa: S108 - the value that podman sets


def assignment(entry: str) -> Result[tuple[str, str], Problem]:
    """The name and value of an entry."""
    name, equals, value = entry.partition("=")
    if equals:
        return Success((name, value))
    text = f"invalid environment variable for engine {entry}, valid configuration is KEY=value pair"
    return Failure(Misused(text, "engine.env"))


def unset(error: HostError) -> Problem:
    """A variable that cannot be set, such as one without a name: Go's ``os.Setenv`` does not say which."""
    return Misused(f"setenv: {error.reason}", "engine.env", cause=error)


def skipped(name: str) -> Diagnostic:
    """A variable that is set keeps its value."""
    text = f"environment variable {name} is already defined, skip the settings from containers.conf"
    return Diagnostic(Level.DEBUG, text)
