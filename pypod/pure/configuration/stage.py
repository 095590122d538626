"""Loading the configuration as Podman's command does.

The command loads it when it starts, exports a rootless user's directories, and loads it again for the runtime.  The
last load counts; the first one already ends the command if anything is wrong.  Where nothing was exported the loads
are the same, and it is done once.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configuration.defaults import (
    FALLBACK_PROCESSES,
    LIBPOD_DIRECTORY_MODE,
    OCI_RUNTIMES,
    PID_MAX_FILE,
    SYSTEM_POLICY,
    DefaultProbes,
    default_graph_root,
    processes_allowed,
    rootless_policy,
    runtime_found_on_path,
    signature_policy,
)
from pypod.pure.configuration.layers import (
    ConfigurationFile,
    drop_ins,
    is_surely_missing,
    listed_directory,
    noted_if_readable,
    only_file_missing,
    read_layers,
    scanned_directory,
)
from pypod.pure.configuration.loading import (
    ONLY_FILE,
    Homes,
    Loaded,
    Probed,
    files_not_read,
    files_to_read,
    heard_of_failure,
    homes,
    libpod_directory,
    nowhere_to_make,
    stacked,
    sticky_bit_refused,
)
from pypod.pure.configuration.validate import paths_to_look_at, wrong_with
from pypod.pure.draft import Draft
from pypod.pure.facts import Diagnostic, FileStatus, Level, Stream
from pypod.pure.failure import HostError, Misconfigured, Problem
from pypod.pure.program import Program, attempt, need, note, notes, reworded, settle, stage
from pypod.pure.settings import Settings
from pypod.pure.storage.stage import default_store_options
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.surroundings.stage import look_around, look_path
from pypod.pure.vocabulary.changes import ChangeMode, MakeDirectories
from pypod.pure.vocabulary.files import ListDirectory, LookAt, ReadFile, Stat
from pypod.pure.vocabulary.process import LimitProcesses, LookUpUser, ReadVariable
from pypod.pure.xdg.decide import CONFIG_HOME, CONTAINERS_COMMON
from pypod.pure.xdg.stage import export_directories, is_absent, runtime_directory

T = TypeVar("T")


def _given(result: Result[T, str], said: tuple[Diagnostic, ...] = ()) -> Program[T]:
    """The value; or what the command's log says, and its end with status 1."""
    if isinstance(result, Failure):
        text = result.failure()
        yield from notes(heard_of_failure(said, text))
        ended: Result[T, Problem] = Failure(Misconfigured(text, exit_status=1))
        return settle(ended)
    return result.unwrap()


def _as_misconfigured(problem: Problem) -> Program[Problem]:
    """A failure of the store options: said in the log like any other of this load."""
    yield from notes(heard_of_failure((), problem.message))
    return Misconfigured(problem.message, problem.subject, cause=problem.cause, exit_status=1)


def _runtime_directory(around: Surroundings) -> Program[Result[str, str]]:
    """The runtime directory behind the default tmp_dir; its ``libpod`` is made, or given its mode again."""
    if not around.unshared:
        return Success("")
    found = yield from runtime_directory(CONTAINERS_COMMON, around.unshared_uid, around.identity.euid)
    if isinstance(found, Failure):
        return found
    libpod = libpod_directory(found.unwrap())
    present = yield from attempt(LookAt(libpod))
    if not isinstance(present, Failure):
        again = yield from attempt(ChangeMode(libpod, LIBPOD_DIRECTORY_MODE))
        return found if not isinstance(again, Failure) else Failure(sticky_bit_refused(again.failure()))
    above = yield from attempt(Stat(found.unwrap()))
    if isinstance(above, Failure):
        return Failure(nowhere_to_make(libpod, above.failure()))
    made = yield from attempt(MakeDirectories(libpod, LIBPOD_DIRECTORY_MODE))
    return found if not isinstance(made, Failure) else Failure(made.failure().message)


def _default_runtime() -> Program[tuple[str, tuple[Diagnostic, ...]]]:
    """The first built-in OCI runtime that is in one of its places, else on PATH."""
    for name, paths in OCI_RUNTIMES.items():
        for path in paths:
            status = yield from attempt(Stat(path))
            if not isinstance(status, Failure):
                return name, ()
        found = yield from look_path(name)
        if found is not None:
            return name, (runtime_found_on_path(found),)
    return "", ()


def _process_limit() -> Program[int]:
    """The limit of processes that could be set; 0 where none could."""
    pid_max = yield from attempt(ReadFile(PID_MAX_FILE))
    for limit in (processes_allowed(pid_max), FALLBACK_PROCESSES):
        limited = yield from attempt(LimitProcesses(limit, limit))
        if not isinstance(limited, Failure):
            return limit
    return 0


def _probe(around: Surroundings) -> Program[Probed]:
    directory = yield from _runtime_directory(around)
    runtime_dir = yield from _given(directory)
    runtime, said = yield from _default_runtime()
    limit = yield from _process_limit()
    return Probed(runtime_dir, runtime, limit, said)


def _homes(around: Surroundings) -> Program[Homes]:
    variable = yield from need(ReadVariable("HOME"))
    user = None
    if not variable:
        user = yield from need(LookUpUser(around.unshared_uid))
    given = yield from need(ReadVariable(CONFIG_HOME))
    return (yield from _given(homes(around, variable, user, given)))


def _signature_policy(around: Surroundings, configuration: str) -> Program[str]:
    if not around.unshared:
        return SYSTEM_POLICY
    own = rootless_policy(configuration)
    seen = yield from attempt(Stat(own))
    system = yield from attempt(Stat(SYSTEM_POLICY))
    return signature_policy(own, seen, system)


def _present(path: str) -> Program[tuple[ConfigurationFile, ...]]:
    """A file if it can be looked at: one that is there but cannot be read is kept, and fails when it is read."""
    content = yield from attempt(ReadFile(path))
    if isinstance(content, Failure):
        if is_surely_missing(content.failure()):
            return ()
        status = yield from attempt(Stat(path))
        if isinstance(status, Failure):
            return ()
    return (ConfigurationFile(path, content),)


def _additions(directory: str) -> Program[tuple[ConfigurationFile, ...]]:
    seen = yield from attempt(LookAt(directory))
    there = yield from _given(scanned_directory(seen))
    if not there:
        return ()
    entries = yield from attempt(ListDirectory(directory))
    found: list[ConfigurationFile] = []
    for path in (yield from _given(listed_directory(directory, entries))):
        content = yield from attempt(ReadFile(path))
        found.append(ConfigurationFile(path, content))
    return tuple(found)


def _only(path: str) -> Program[tuple[ConfigurationFile, ...]]:
    found = yield from _present(path)
    if not found:
        status = yield from attempt(Stat(path))
        missing: Result[None, str] = status.map(lambda _: None).alt(only_file_missing)
        yield from _given(missing)
    return found


def _files(around: Surroundings, configuration: str, only: str) -> Program[tuple[ConfigurationFile, ...]]:
    """The files that count, lowest first."""
    if only:
        return (yield from _only(only))
    found: list[ConfigurationFile] = []
    for path, has_additions in files_to_read(around, configuration):
        found.extend((yield from _present(path)))
        if has_additions:
            found.extend((yield from _additions(drop_ins(path))))
    return tuple(found)


def _note_unread(loaded: Loaded, around: Surroundings, configuration: str, only: str) -> Program[Loaded]:
    """Note what stands in files that are not read."""
    settings = loaded.settings
    for path, because in files_not_read(around, configuration, only):
        for file in (yield from _present(path)):
            settings = noted_if_readable(settings, file, because)
    return msgspec.structs.replace(loaded, settings=settings)


def _check(loaded: Loaded, around: Surroundings, home: str) -> Program[None]:
    """End the command where the configuration says what it may not."""
    seen: dict[str, Result[FileStatus, HostError]] = {}
    for path in paths_to_look_at(loaded.settings, home, rootless=around.unshared):
        seen[path] = yield from attempt(Stat(path))
    wrong = wrong_with(loaded.settings, seen, home, rootless=around.unshared)
    yield from _given(Failure(wrong) if wrong else Success(None), loaded.said)


def _load(around: Surroundings, probed: Probed) -> Program[Loaded]:
    """One load: the defaults, the files, the check."""
    store = yield from reworded(default_store_options(around), _as_misconfigured)
    graph_root, unset = default_graph_root(store.graph_root)
    yield from notes(unset)
    own = yield from _homes(around)
    policy = yield from _signature_policy(around, own.configuration)
    probes = DefaultProbes(
        probed.runtime_directory, graph_root, own.configuration, probed.runtime, policy, probed.process_limit
    )
    only = (yield from need(ReadVariable(ONLY_FILE))) or ""
    files = yield from _files(around, own.configuration, only)
    loaded = stacked(around, probes, probed.said, read_layers(files))
    yield from _given(Failure(loaded.wrong) if loaded.wrong else Success(None), loaded.said)
    yield from _check(loaded, around, own.home)
    return (yield from _note_unread(loaded, around, own.configuration, only))


def _export(around: Surroundings) -> Program[bool]:
    """The command's own ``setXdgDirs``: a failure is printed raw, and ends it with status 1."""
    exported = yield from export_directories(around, is_absent)
    if isinstance(exported, Failure):
        text = exported.failure()
        yield from note(Level.ERROR, text, Stream.STDERR)
        ended: Result[bool, Problem] = Failure(Misconfigured(text, exit_status=1))
        return settle(ended)
    return exported.unwrap()


def load_configuration(around: Surroundings) -> Program[Settings]:
    """The settings of the last load, after all that the command does before it."""
    probed = yield from _probe(around)
    loaded = yield from _load(around, probed)
    exported = yield from _export(around)
    if exported:
        loaded = yield from _load(around, probed)
    yield from notes(loaded.said)
    return loaded.settings


def _configure(draft: Draft) -> Program[Draft]:
    around = yield from look_around()
    settings = yield from load_configuration(around)
    return msgspec.structs.replace(draft.with_settings(settings), surroundings=around)


CONFIGURATION = stage("configuration", _configure)
"""containers/common's ``NewConfig``, as often as Podman's command calls it."""
