"""What the database decides: which of its values replace the configured ones, and which may not differ from them.

The order is libpod's: the values are merged (``mergeDBConfig``), the six that are in force are said, then all seven are
compared (``ValidateDBConfig``), and what the database does not hold yet becomes law.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import (
    EVENTS_LOGFILE_PATH,
    GRAPH_DRIVER,
    GRAPH_ROOT,
    NAMESPACE,
    RUN_ROOT,
    STATIC_DIR,
    TMP_DIR,
    VOLUME_PATH,
)
from pypod.pure.configured import Configured, StorageSet
from pypod.pure.database.facts import TOP_LEVEL, DatabaseFacts, MakeBucket, Put
from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import DatabaseMismatch, DatabaseUnreadable, HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import cleaned, joined, quoted
from pypod.pure.settings import Claim, Key, Origin, Settings, Source
from pypod.pure.surroundings.facts import Surroundings

FILE_NAME: Final = "bolt_state.db"
CONFIG_BUCKET: Final = "runtime-config"
GOOS: Final = "linux"

IN_MEMORY, SQLITE, BOLTDB = 1, 2, 3
_FAULT: Final = 2
"""The exit status of a Go program that faulted or panicked."""
_DISABLED: Final = {IN_MEMORY: "in-memory state is currently disabled", SQLITE: "SQLite state is currently disabled"}

_REPLACED: Final = "Overriding {what} {ours} with {theirs} from database"
_DRIVER_REPLACED: Final = (
    "User-selected graph driver {ours} overwritten by graph driver {theirs} from database"
    " - delete libpod local files to resolve"
)


class _Merged(Struct, frozen=True):
    """A value that the database replaces: unless it was set explicitly, and unless the database's is empty."""

    key: Key[str]
    entry: str
    what: str
    explicit: Callable[[StorageSet], bool]
    level: Level = Level.DEBUG
    text: str = _REPLACED


_MERGED: Final = (
    _Merged(RUN_ROOT, "run-root", "run root", lambda was_set: was_set.run_root),
    _Merged(GRAPH_ROOT, "graph-root", "graph root", lambda was_set: was_set.graph_root),
    _Merged(
        GRAPH_DRIVER,
        "graph-driver-name",
        "graph driver",
        lambda was_set: was_set.graph_driver,
        Level.ERROR,
        _DRIVER_REPLACED,
    ),
    _Merged(STATIC_DIR, "static-dir", "static dir", lambda was_set: was_set.static_dir),
    _Merged(TMP_DIR, "tmp-dir", "tmp dir", lambda was_set: was_set.tmp_dir),
    _Merged(VOLUME_PATH, "volume-path", "volume path", lambda was_set: was_set.volume_path),
)

_USED: Final = (
    ("graph driver", GRAPH_DRIVER),
    ("graph root", GRAPH_ROOT),
    ("run root", RUN_ROOT),
    ("static dir", STATIC_DIR),
    ("tmp dir", TMP_DIR),
    ("volume path", VOLUME_PATH),
)


class _Law(Struct, frozen=True):
    """A value that may not differ: its entry, its name in messages, ours, and what stands in for an empty one."""

    entry: str
    name: str
    key: Key[str] | None
    ours: Callable[[Configured], str]
    fallback: Callable[[Configured], str]


def _nothing(_: Configured) -> str:
    return ""


_LAWS: Final = (
    _Law("os", "OS", None, lambda _: GOOS, lambda _: GOOS),
    _Law(
        "static-dir",
        "libpod root directory (staticdir)",
        STATIC_DIR,
        lambda it: cleaned(it.settings.get(STATIC_DIR)),
        _nothing,
    ),
    _Law(
        "tmp-dir",
        "libpod temporary files directory (tmpdir)",
        TMP_DIR,
        lambda it: cleaned(it.settings.get(TMP_DIR)),
        _nothing,
    ),
    _Law(
        "run-root",
        "storage temporary directory (runroot)",
        RUN_ROOT,
        lambda it: cleaned(it.settings.get(RUN_ROOT)),
        lambda it: it.default_run_root,
    ),
    _Law(
        "graph-root",
        "storage graph root directory (graphroot)",
        GRAPH_ROOT,
        lambda it: cleaned(it.settings.get(GRAPH_ROOT)),
        lambda it: it.default_graph_root,
    ),
    _Law(
        "graph-driver-name",
        "storage graph driver",
        GRAPH_DRIVER,
        lambda it: it.settings.get(GRAPH_DRIVER),
        lambda it: it.default_graph_driver,
    ),
    _Law("volume-path", "volume path", VOLUME_PATH, lambda it: it.settings.get(VOLUME_PATH), _nothing),
)
"""In libpod's order.  Paths are cleaned, so ours is never empty; the volume path is not."""

ENTRIES: Final = tuple(law.entry for law in _LAWS)
"""The keys of ``runtime-config``, in the order in which they are compared."""


def database_path(configured: Configured) -> str:
    """Where the database is: in the static directory as configured, before the database has its say."""
    return joined(configured.settings.get(STATIC_DIR), FILE_NAME)


def supported_state(state_type: int) -> Result[int, Problem]:
    """Only BoltDB is supported; ErrInvalidArg for the others."""
    if state_type == BOLTDB:
        return Success(state_type)
    text = _DISABLED.get(state_type, f"unrecognized state type passed ({state_type})")
    return Failure(InvalidArgument.saying(text, "state_type"))


def initializing(path: str) -> str:
    """The line before the database is opened."""
    return f"Initializing boltdb state at {path}"


def unopened(path: str) -> Callable[[HostError], Problem]:
    """The database could not be opened: the kernel's word, or bbolt's; where bbolt dies, podman's status is Go's 2."""

    def problem(error: HostError) -> Problem:
        if error.errno not in {0, errno.EFAULT}:
            return Refused(error.message, path, cause=error).wrapped(f"error opening database {path}")
        return DatabaseUnreadable(
            f"error opening database {path}: {error.message}",
            path,
            cause=error,
            exit_status=_FAULT if error.errno else 125,
            hint="the file is damaged; keep a copy of it before anything else",
            diagnosis="DB-06",
        )

    return problem


def unmade(error: HostError) -> Problem:
    """The missing buckets could not be made."""
    return DatabaseUnreadable(f"error creating buckets for DB: {error.message}", error.subject, cause=error)


def unreadable(path: str) -> Callable[[HostError], Problem]:
    """The configuration could not be read from the database."""
    return lambda error: unopened(path)(error).wrapped("error retrieving runtime configuration from database")


def missing_buckets(facts: DatabaseFacts) -> tuple[MakeBucket, ...]:
    """The buckets of a 3.4 database that are not there, in libpod's order."""
    return tuple(MakeBucket((name,)) for name in TOP_LEVEL if name not in facts.buckets)


def merged(configured: Configured, facts: DatabaseFacts) -> tuple[Configured, tuple[Diagnostic, ...]]:
    """The configuration with the database's values over it (``mergeDBConfig``), and what libpod says of each.

    What was set explicitly stays; the database's other value is then on record as ignored, and validation will fail.
    """
    said: list[Diagnostic] = []
    settings = configured.settings
    stored = dict(facts.config or ())
    for one in _MERGED:
        theirs = stored.get(one.entry, "")
        ours = settings.get(one.key)
        if theirs and one.explicit(configured.storage_set):
            settings = _ignored(settings, one, theirs)
        elif theirs:
            if ours and ours != theirs:
                text = one.text.format(what=one.what, ours=quoted(ours), theirs=quoted(theirs))
                said.append(Diagnostic(one.level, text))
            settings = _replaced(settings, one, theirs)
    return msgspec.structs.replace(configured, settings=settings), tuple(said)


def _origin(entry: str) -> Origin:
    return Origin(Source.DATABASE, f"{FILE_NAME}: {CONFIG_BUCKET}/{entry}")


def _ignored(settings: Settings, one: _Merged, theirs: str) -> Settings:
    held = settings.entries[one.key.name]
    if held.claim.value == theirs or any(ignored.origin == _origin(one.entry) for ignored in held.ignored):
        return settings
    return settings.ignore(one.key, theirs, _origin(one.entry), f"the {one.what} was set explicitly")


def _replaced(settings: Settings, one: _Merged, theirs: str) -> Settings:
    """The database's value claims the setting where it differs; the tmp dir takes the events log along."""
    wanted: list[tuple[Key[str], str]] = [(one.key, theirs)]
    if one.key is TMP_DIR:
        wanted.append((EVENTS_LOGFILE_PATH, joined(theirs, "events", "events.log")))
    claims = [
        (key.name, Claim(value, _origin(one.entry)))
        for key, value in wanted
        if key not in settings or settings.get(key) != value
    ]
    return settings.claims(claims) if claims else settings


def using(configured: Configured) -> tuple[Diagnostic, ...]:
    """The six lines that say what is in force."""
    return tuple(Diagnostic(Level.DEBUG, f"Using {what} {configured.settings.get(key)}") for what, key in _USED)


def validated(configured: Configured, facts: DatabaseFacts) -> Result[tuple[Put, ...], Problem]:
    """The entries that the database lacks and that now become law (``ValidateDBConfig``).

    Fails with ErrDBBadConfig at the first entry that differs, in libpod's order, or without the bucket.
    """
    if facts.config is None:
        return Failure(DatabaseMismatch.saying("runtime configuration bucket not found in DB", CONFIG_BUCKET))
    stored = dict(facts.config)
    missing: list[Put] = []
    for law in _LAWS:
        ours, fallback, theirs = law.ours(configured), law.fallback(configured), stored.get(law.entry)
        if theirs is None:
            value = (ours or fallback).encode("utf-8", "surrogateescape")
            missing.append(Put((CONFIG_BUCKET,), law.entry, value))
        elif not _agree(ours, theirs, fallback):
            return Failure(_mismatch(law, ours, theirs, configured))
    return Success(tuple(missing))


def _agree(ours: str, theirs: str, fallback: str) -> bool:
    """Equal, or one is empty and the other is what stands in for it."""
    if ours == theirs:
        return True
    return bool(fallback) and ((not ours and theirs == fallback) or (not theirs and ours == fallback))


def _mismatch(law: _Law, ours: str, theirs: str, configured: Configured) -> Problem:
    text = f"database {law.name} {quoted(theirs)} does not match our {law.name} {quoted(ours)}"
    empty_driver = law.key is GRAPH_DRIVER and not theirs
    return DatabaseMismatch.saying(
        text, law.entry, hint=_advice(law, ours, theirs, configured), diagnosis="DB-02" if empty_driver else "DB-01"
    )


def _advice(law: _Law, ours: str, theirs: str, configured: Configured) -> str:
    """Whose value came from where, and which one to change."""
    if law.key is None:
        return f"The database was made on {theirs or 'no known system'}; this is {ours}."
    origin = configured.settings.origin(law.key)
    place = origin.at or origin.source.value
    if not theirs:
        return f"Ours comes from {place}; the database was made before the value was known and holds an empty one."
    if origin.source is Source.DATABASE:
        return f"The database's own spelling is not clean: {theirs} becomes {ours}."
    first = f"Leave {place} out, or give" if origin.source is Source.OPTION else f"Ours comes from {place}: give"
    return (
        f"{first} the database's value {theirs}. To really move: stop and export what runs, `podman system reset`, then "
        "start with the new value."
    )


def completed(facts: DatabaseFacts, missing: tuple[Put, ...]) -> DatabaseFacts:
    """The facts after the missing entries were written."""
    added = tuple((put.key, put.value.decode("utf-8", "surrogateescape")) for put in missing)
    return msgspec.structs.replace(facts, config=tuple(sorted((*(facts.config or ()), *added))))


def unsaved(path: str) -> Callable[[HostError], Problem]:
    """What the database lacked could not be written."""

    def problem(error: HostError) -> Problem:
        name = next((law.name for law in _LAWS if error.subject.endswith(f"{CONFIG_BUCKET}/{law.entry}")), "")
        if not name:
            return unopened(path)(error)
        return DatabaseUnreadable(f"error updating {name} in DB runtime config: {error.message}", path, cause=error)

    return problem


def session_matters(surroundings: Surroundings) -> bool:
    """Rootless on cgroup v2: without a valid session the run root may be missing or not ours."""
    return surroundings.unified and surroundings.rootless


def run_root_is_missing(writable: Result[None, HostError]) -> bool:
    """Then libpod tries to make it."""
    return isinstance(writable, Failure) and writable.failure().errno == errno.ENOENT


_RUN_ROOT_UNUSABLE: Final = (
    Diagnostic(
        Level.WARNING, "XDG_RUNTIME_DIR is pointing to a path which is not writable. Most likely podman will fail."
    ),
)


def run_root_warning(usable: Result[None, HostError]) -> tuple[Diagnostic, ...]:
    """The warning about a run root that is not writable and could not be made."""
    return _RUN_ROOT_UNUSABLE if isinstance(usable, Failure) else ()


def namespace_set(configured: Configured) -> str:
    """The line that says the namespace; setting it cannot fail."""
    return f"Set libpod namespace to {quoted(configured.settings.get(NAMESPACE))}"
