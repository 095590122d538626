"""Which storage.conf counts, and what a rootless user gets (containers/storage ``DefaultStoreOptions``)."""

from __future__ import annotations

import errno
from functools import cache
from typing import Any, Final

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import (
    AUTO_USERNS_MAX_SIZE,
    AUTO_USERNS_MIN_SIZE,
    CONFIG_FILE,
    DISABLE_VOLATILE,
    GID_MAP,
    GRAPH_DRIVER,
    GRAPH_OPTIONS,
    GRAPH_ROOT,
    PULL_OPTIONS,
    ROOT_AUTO_USERNS_USER,
    ROOTLESS_STORAGE_PATH,
    RUN_ROOT,
    UID_MAP,
)
from pypod.pure.configured import Configured
from pypod.pure.facts import Diagnostic, FileStatus, Identity, Level
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.gotext import joined
from pypod.pure.settings import BUILTIN, Claim, Key, Origin, Settings, Source
from pypod.pure.storage.facts import SYSTEM_FILE, StorageUser, StorageVariables, StoreOptions, SubordinateFiles
from pypod.pure.storage.id_maps import map_texts
from pypod.pure.storage.parse import FROM_DRIVER, FROM_OPTIONS, split_options

_KEYS: Final[dict[str, Key[Any]]] = {
    "config_file": CONFIG_FILE,
    "run_root": RUN_ROOT,
    "graph_root": GRAPH_ROOT,
    "graph_driver": GRAPH_DRIVER,
    "graph_options": GRAPH_OPTIONS,
    "rootless_storage_path": ROOTLESS_STORAGE_PATH,
    "uid_map": UID_MAP,
    "gid_map": GID_MAP,
    "root_auto_userns_user": ROOT_AUTO_USERNS_USER,
    "auto_userns_min_size": AUTO_USERNS_MIN_SIZE,
    "auto_userns_max_size": AUTO_USERNS_MAX_SIZE,
    "pull_options": PULL_OPTIONS,
    "disable_volatile": DISABLE_VOLATILE,
}
_ROOTLESS_DRIVERS: Final = frozenset({"btrfs", "overlay", "overlay2", "vfs"})
_NOT_INHERITED: Final = dict.fromkeys(
    ("run_root", "graph_root", "graph_options", "uid_map", "gid_map", "root_auto_userns_user", "auto_userns_min_size",
     "auto_userns_max_size", "pull_options", "disable_volatile"),
    "of the system's file a rootless user gets the driver and rootless_storage_path only",
) | {"rootless_storage_path": "it is the graph root already"}  # fmt: skip
_NO_HOME_OR_DATA: Final = "neither XDG_DATA_HOME nor HOME was set non-empty: could not get either XDG_DATA_HOME or HOME"
_MAPS: Final = frozenset({"uid_map", "gid_map"})
EXPANDED: Final = ("run_root", "graph_root", "rootless_storage_path")
"""The fields in which variables are replaced and links resolved."""


def explicit_file(variables: StorageVariables) -> tuple[str, Origin] | None:
    """The file that CONTAINERS_STORAGE_CONF names; present is enough, even empty."""
    if variables.config is None:
        return None
    return variables.config, Origin(Source.ENVIRONMENT, "CONTAINERS_STORAGE_CONF")


def user_file(config_home: str | None, home: str) -> Result[tuple[str, Origin], Problem]:
    """A rootless user's storage.conf, from XDG_CONFIG_HOME and the home directory."""
    if config_home:
        path = joined(config_home, "containers/storage.conf")
        return Success((path, Origin(Source.ENVIRONMENT, "XDG_CONFIG_HOME")))
    if not home:
        return Failure(Refused.saying("cannot determine user's homedir"))
    return Success((joined(home, ".config/containers/storage.conf"), Origin(Source.COMPUTED, "home directory")))


def found(status: Result[FileStatus, HostError]) -> Result[bool, Problem]:
    """Whether the file exists; any refusal but absence ends it all, in the kernel's words."""
    if isinstance(status, Failure):
        error = status.failure()
        missing = error.errno == errno.ENOENT
        return Success(False) if missing else Failure(Refused(error.message, error.subject, cause=error))
    return Success(True)


def is_missing(answer: Result[FileStatus, HostError]) -> bool:
    """Whether a path does not exist."""
    return isinstance(answer, Failure) and answer.failure().errno == errno.ENOENT


def may_use_run_user(first_process: Result[bytes, HostError]) -> bool:
    """Whether ``/run/user/UID`` is considered: process 1 is unreadable, or its name is systemd without the newline that
    every real one ends with.
    """
    return first_process.value_or(b"systemd") == b"systemd"


def is_private(status: Result[FileStatus, HostError], identity: Identity) -> bool:
    """Whether a directory is this user's and nobody else may read or write it (``isRootlessRuntimeDirOwner``)."""
    if isinstance(status, Failure):
        return False
    held = status.unwrap()
    return held.uid == identity.uid and held.mode & 0o700 == 0o700 and not held.mode & 0o066


def run_user_directory(uid: int) -> str:
    """Where a login session keeps the user's run-time files."""
    return f"/run/user/{uid}"


def temporary_user_directory(temporary: str | None, uid: int) -> str:
    """Where they are without a session; ``temporary`` is TMPDIR."""
    return f"{temporary or '/tmp'}/containers-user-{uid}"  # noqa: S108 - containers/storage's own choice


def mkdir_refusal(error: HostError, path: str) -> HostError:
    """The refusal of ``mkdir``, whichever call showed it."""
    return HostError(error.errno, "mkdir", path, error.text)


def no_temporary_directory(error: HostError) -> tuple[Diagnostic, ...]:
    """What is said when the directory cannot be made; the search goes on."""
    return (Diagnostic(Level.ERROR, f"Failed to create temp directory for user: {error.message}"),)


def home_for_runtime(home: str) -> Result[str, Problem]:
    """The home directory as the last resort for run-time files."""
    if home:
        return Success(home)
    return Failure(Refused.saying("neither XDG_RUNTIME_DIR nor temp dir nor HOME was set non-empty"))


def user_graph_root(base: StoreOptions, data_home: str | None, home: str) -> Result[tuple[str, Origin], Problem]:
    """The graph root of a rootless user: what the system's file allots, else below the data directory."""
    if base.rootless_storage_path:
        return Success((base.rootless_storage_path, base.origin("rootless_storage_path")))
    if data_home:
        return Success((joined(data_home, "containers", "storage"), Origin(Source.ENVIRONMENT, "XDG_DATA_HOME")))
    if home:
        return Success(
            (joined(home, ".local/share", "containers", "storage"), Origin(Source.COMPUTED, "home directory"))
        )
    return Failure(Refused.saying(_NO_HOME_OR_DATA))


def user_options(
    base: StoreOptions, run_root: str, graph_root: tuple[str, Origin], variables: StorageVariables
) -> StoreOptions:
    """The options of a rootless user without a file of his own (``getRootlessStorageOpts``).

    Of the system's file only the driver counts, if it is one of those that work without privileges, and
    ``rootless_storage_path`` as the graph root.
    """
    options = StoreOptions(ignored=base.ignored, config_file=base.config_file)
    for field, because in _NOT_INHERITED.items():
        if getattr(base, field) != getattr(options, field):
            options = options.ignoring(field, getattr(base, field), base.origin(field), because)
    options = options.saying("run_root", run_root, Origin(Source.COMPUTED, "runtime directory"))
    options = options.saying("graph_root", *graph_root)
    options = _with_user_driver(options, base, variables)
    if variables.options:
        options = options.saying("graph_options", split_options(variables.options), FROM_OPTIONS)
    return options


def _with_user_driver(options: StoreOptions, base: StoreOptions, variables: StorageVariables) -> StoreOptions:
    if base.graph_driver in _ROOTLESS_DRIVERS:
        options = options.saying("graph_driver", base.graph_driver, base.origin("graph_driver"))
    elif base.graph_driver:
        because = "the driver does not work without root"
        options = options.ignoring("graph_driver", base.graph_driver, base.origin("graph_driver"), because)
    if variables.driver:
        return options.saying("graph_driver", variables.driver, FROM_DRIVER)
    return (
        options if options.graph_driver else options.saying("graph_driver", "vfs", Origin(Source.COMPUTED, "rootless"))
    )


def filled(parsed: StoreOptions, defaults: StoreOptions) -> StoreOptions:
    """A rootless user's own file, with the roots that it leaves open."""
    options = parsed
    if not options.run_root:
        options = options.saying("run_root", defaults.run_root, defaults.origin("run_root"))
    if options.graph_root:
        return options
    if options.rootless_storage_path:
        return options.saying("graph_root", options.rootless_storage_path, options.origin("rootless_storage_path"))
    return options.saying("graph_root", defaults.graph_root, defaults.origin("graph_root"))


def noting_unread_variables(options: StoreOptions, variables: StorageVariables) -> StoreOptions:
    """With a note on the variables that count only together with a file or for a rootless user."""
    because = "without a storage.conf it does not count for root"
    taken = {claim.origin for _, claim in options.claims}
    if variables.driver and FROM_DRIVER not in taken:
        options = options.ignoring("graph_driver", variables.driver, FROM_DRIVER, because)
    if variables.options and FROM_OPTIONS not in taken:
        options = options.ignoring("graph_options", split_options(variables.options), FROM_OPTIONS, because)
    return options


def system_file() -> tuple[str, Origin]:
    """Root's storage.conf."""
    return SYSTEM_FILE, BUILTIN


def subordinate_files(
    users: Result[bytes, HostError], subuid: Result[bytes, HostError], subgid: Result[bytes, HostError]
) -> SubordinateFiles:
    """The three files as far as the host gave them."""
    return SubordinateFiles(_text(users), _text(subuid), _text(subgid), _refusal(subuid), _refusal(subgid))


def _text(answer: Result[bytes, HostError]) -> str:
    return answer.map(lambda content: content.decode(errors="surrogateescape")).value_or("")


def _refusal(answer: Result[bytes, HostError]) -> str:
    return answer.failure().message if isinstance(answer, Failure) else ""


def same_store(one: StorageUser, other: StorageUser) -> bool:
    """Whether both see the same storage.conf, so that the second look finds it read already."""
    return one.has_own_store == other.has_own_store


def configured_with(configured: Configured, options: StoreOptions) -> Configured:
    """The configuration with claims on every ``storage.*`` setting, and what a fresh look-up gives."""
    return msgspec.structs.replace(
        configured,
        settings=_claimed(configured.settings, options),
        default_run_root=options.run_root,
        default_graph_root=options.graph_root,
        default_graph_driver=options.graph_driver,
    )


@cache
def builtin_options() -> Settings:
    """The ``storage.*`` settings that nothing says anything about; made once."""
    builtin = StoreOptions()
    return Settings().claims((key.name, Claim(_plain(field, getattr(builtin, field)))) for field, key in _KEYS.items())


def _claimed(settings: Settings, options: StoreOptions) -> Settings:
    settings = settings.claimed_over(builtin_options())
    later = ((_KEYS[field].name, Claim(_plain(field, claim.value), claim.origin)) for field, claim in options.claims)
    settings = settings.claims(later)
    for field, note in options.ignored:
        settings = settings.ignore(_KEYS[field], _plain(field, note.value), note.origin, note.because)
    return settings


def _plain(field: str, value: Any) -> Any:
    """A field's value as a setting holds it: no options are an empty list, a map is a list of texts.

    What was set in place of a map may be the name of a user.
    """
    if value is None:
        return ()
    return map_texts(value) if field in _MAPS and not isinstance(value, str) else value
