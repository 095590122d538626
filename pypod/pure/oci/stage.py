"""Finding the OCI runtimes."""

from __future__ import annotations

import errno
from collections.abc import Iterable

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import (
    RUNTIME,
    RUNTIME_FOUND,
    RUNTIME_NAME,
    RUNTIMES,
    TMP_DIR,
)
from pypod.pure.draft import Draft
from pypod.pure.failure import Problem
from pypod.pure.oci.decide import (
    chosen,
    described,
    exits_directory,
    exits_refused,
    fallback_name,
    found_on_path,
    in_use,
    is_no_directory,
    is_path,
    is_usable,
    left_out,
    nameless,
    none_valid,
)
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.program import Program, attempt, notes, settle, stage
from pypod.pure.settings import Origin, Source
from pypod.pure.surroundings.stage import look_path
from pypod.pure.table import Table
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.files import Stat


def _default_name(draft: Draft) -> Program[Draft]:
    """A name for the default runtime where the configuration gives none."""
    yield from ()
    if draft.setting(RUNTIME):
        return draft
    unified = draft.surroundings.unified
    origin = Origin(Source.COMPUTED, "cgroups v2" if unified else "cgroups v1")
    return draft.claim(RUNTIME, fallback_name(unified=unified), origin)


def locate(name: str, paths: tuple[str, ...]) -> Program[Result[str, Problem]]:
    """The file of a runtime: the first configured path that is one, else what PATH holds under the name."""
    for path in paths:
        usable = is_usable(name, (yield from attempt(Stat(path))))
        if isinstance(usable, Failure):
            return usable
        if usable.unwrap():
            return Success(path)
    found = yield from look_path(name)
    if found is None:
        return Failure(none_valid(name))
    yield from notes((found_on_path(name, found),))
    return Success(found)


def _initialise(draft: Draft, name: str, paths: tuple[str, ...]) -> Program[Result[OciRuntime, Problem]]:
    """One runtime, and the directory of its exit files."""
    if not name:
        return Failure(nameless())
    located = yield from locate(name, paths)
    if isinstance(located, Failure):
        return located
    made = yield from attempt(MakeDirectories(exits_directory(draft.setting(TMP_DIR)), 0o750))
    if isinstance(made, Failure) and made.failure().errno != errno.EEXIST:
        return Failure(exits_refused(made.failure()))
    return Success(described(name, located.unwrap(), draft.configured.runtime_flags, draft.settings))


def _find_all(draft: Draft) -> Program[tuple[Table[str, OciRuntime], Table[str, str]]]:
    """The configured runtimes that are there, by name, and why the others are not.  libpod's order is random."""
    found: Table[str, OciRuntime] = Table()
    failed: Table[str, str] = Table()
    for name, paths in sorted(draft.setting(RUNTIMES).items()):
        runtime = yield from _initialise(draft, name, paths)
        if isinstance(runtime, Failure):
            failed = failed.set(name, runtime.failure().message)
            yield from notes((left_out(name, runtime.failure()),))
        else:
            found = found.set(name, runtime.unwrap())
    return found, failed


def _find(draft: Draft) -> Program[Draft]:
    found, failed = yield from _find_all(draft)
    return msgspec.structs.replace(draft, runtimes=found, runtimes_left_out=failed)


def _choose(draft: Draft) -> Program[Draft]:
    """The default runtime: one of those found, or the one whose path is its name."""
    name = draft.setting(RUNTIME)
    runtimes = draft.runtimes
    if is_path(name):
        runtime = settle((yield from _initialise(draft, name, (name,))))
        runtimes = runtimes.set(name, runtime)
    else:
        runtime = settle(chosen(name, runtimes, draft.runtimes_left_out))
    yield from notes((in_use(runtime),))
    origin = Origin(Source.COMPUTED, "engine.runtimes")
    draft = draft.claim(RUNTIME_NAME, runtime.name, origin).claim(RUNTIME_FOUND, runtime.path, origin)
    return msgspec.structs.replace(draft, runtimes=runtimes, default_runtime=runtime)


def find_for_containers(draft: Draft, names: Iterable[str]) -> Program[Draft]:
    """The runtimes that containers name: a path that is none yet becomes one, others are missing (``getContainerFromDB``)."""
    for name in names:
        if not name or name in draft.runtimes or name in draft.runtimes_missing:
            continue
        found: Result[OciRuntime, Problem] = Failure(none_valid(name))
        if is_path(name) and is_no_directory((yield from attempt(Stat(name)))):
            found = yield from _initialise(draft, name, (name,))
        if isinstance(found, Failure):
            draft = msgspec.structs.replace(draft, runtimes_missing=draft.runtimes_missing | {name})
        else:
            draft = msgspec.structs.replace(draft, runtimes=draft.runtimes.set(name, found.unwrap()))
    return draft


DEFAULT_OCI_RUNTIME = stage("default-oci-runtime", _default_name)
OCI_RUNTIMES = stage("oci-runtimes", _find)
DEFAULT_OCI_RUNTIME_CHECK = stage("default-oci-runtime-check", _choose)
