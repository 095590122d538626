"""Finding and exporting a rootless user's directories."""

from __future__ import annotations

from collections.abc import Callable

from returns.result import Failure, Result, Success

from pypod.pure.draft import Draft
from pypod.pure.failure import Refused
from pypod.pure.program import Program, attempt, need, settle, stage
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.files import ResolveLinks, Stat
from pypod.pure.vocabulary.process import ReadVariable, SetVariable
from pypod.pure.xdg.decide import (
    BUS_ADDRESS,
    CONFIG_HOME,
    NO_HOME,
    PODMAN,
    RUNTIME_DIR,
    Search,
    accepted_config_home,
    accepts,
    bus_address,
    bus_socket,
    config_in_home,
    given_runtime,
    moves_configuration,
    runtime_candidates,
    runtime_in_home,
)


def runtime_directory(search: Search, uid: int, euid: int) -> Program[Result[str, str]]:
    """A rootless user's runtime directory, or libpod's text why there is none.  Candidates are made as they are tried."""
    given = yield from need(ReadVariable(RUNTIME_DIR))
    if given:
        if not search.checked:
            return Success(given)
        status = yield from attempt(Stat(given))
        return given_runtime(given, status, euid)
    temporary = yield from need(ReadVariable("TMPDIR"))
    for candidate in runtime_candidates(uid, temporary):
        yield from attempt(MakeDirectories(candidate, 0o700))
        status = yield from attempt(Stat(candidate))
        if accepts(search, status, euid):
            return Success(candidate)
    home = yield from need(ReadVariable("HOME"))
    if not home:
        return Failure(NO_HOME)
    resolved = yield from attempt(ResolveLinks(home))
    return runtime_in_home(search, home, resolved)


def config_home(euid: int) -> Program[Result[str, str]]:
    """Podman's ``GetRootlessConfigHomeDir``: empty where there is none, which is no failure."""
    given = yield from need(ReadVariable(CONFIG_HOME))
    home = yield from need(ReadVariable("HOME"))
    if given or not home:
        return Success(given or "")
    resolved = yield from attempt(ResolveLinks(home))
    if isinstance(resolved, Failure):
        return Failure(f"cannot resolve {home}: {resolved.failure().message}")
    path = config_in_home(resolved.unwrap())
    status = yield from attempt(Stat(path))
    return Success(accepted_config_home(path, status, euid))


def export_directories(around: Surroundings, lacks: Callable[[str | None], bool]) -> Program[Result[bool, str]]:
    """Export the directories that are lacking, if rootless.

    Whether a configuration that is loaded now could differ from one loaded before, or libpod's text of what failed.
    """
    if not around.rootless:
        return Success(False)
    directory = yield from need(ReadVariable(RUNTIME_DIR))
    exported = lacks(directory)
    if exported:
        found = yield from runtime_directory(PODMAN, around.rootless_uid, around.identity.euid)
        if isinstance(found, Failure):
            return found
        directory = found.unwrap()
        yield from need(SetVariable(RUNTIME_DIR, directory))
    yield from _export_bus(directory or "", lacks)
    configuration = yield from need(ReadVariable(CONFIG_HOME))
    if not lacks(configuration):
        return Success(exported)
    own = yield from config_home(around.identity.euid)
    if isinstance(own, Failure):
        return own
    yield from need(SetVariable(CONFIG_HOME, own.unwrap()))
    home = yield from need(ReadVariable("HOME"))
    return Success(exported or moves_configuration(own.unwrap(), home or ""))


def _export_bus(directory: str, lacks: Callable[[str | None], bool]) -> Program[None]:
    address = yield from need(ReadVariable(BUS_ADDRESS))
    if lacks(address):
        socket = bus_socket(directory)
        status = yield from attempt(Stat(socket))
        if not isinstance(status, Failure):
            yield from need(SetVariable(BUS_ADDRESS, bus_address(socket)))


def is_absent(value: str | None) -> bool:
    """The command's notion of lacking: an empty variable counts as given."""
    return value is None


def is_unset(value: str | None) -> bool:
    """Libpod's notion of lacking: absent or empty."""
    return not value


def _export(draft: Draft) -> Program[Draft]:
    exported = yield from export_directories(draft.surroundings, is_unset)
    settle(exported.alt(Refused))
    return draft


XDG_DIRECTORIES = stage("xdg-directories", _export)
"""libpod's ``SetXdgDirs``; a no-op for root."""
