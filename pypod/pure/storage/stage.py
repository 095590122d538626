"""The store options: storage.conf and the environment, read as containers/storage reads them.

The system's file is read first in any case, as at the start of every process that uses containers/storage.  A file that
was read once and has not changed is not read again: what was said about it is said once.
"""

from __future__ import annotations

from typing import Final

import msgspec
from returns.result import Failure

from pypod.pure.draft import Draft
from pypod.pure.facts import Identity
from pypod.pure.gotext import cleaned, joined, parent
from pypod.pure.program import Program, Stage, attempt, need, notes, refused, settle, stage
from pypod.pure.settings import Origin
from pypod.pure.storage.decide import (
    EXPANDED,
    configured_with,
    explicit_file,
    filled,
    found,
    home_for_runtime,
    is_missing,
    is_private,
    may_use_run_user,
    mkdir_refusal,
    no_temporary_directory,
    noting_unread_variables,
    run_user_directory,
    same_store,
    subordinate_files,
    system_file,
    temporary_user_directory,
    user_file,
    user_graph_root,
    user_options,
)
from pypod.pure.storage.expand import expanded, variables_in, with_uid
from pypod.pure.storage.facts import (
    SYSTEM_FILE,
    Parsed,
    StorageUser,
    StorageVariables,
    StoreOptions,
    SubordinateFiles,
)
from pypod.pure.storage.id_maps import SUBGID, SUBUID, USERS
from pypod.pure.storage.parse import decoded, emptied, file_options, remapped_names, undecodable, unreadable
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.files import LookAt, ReadFile, ResolveLinks, Stat
from pypod.pure.vocabulary.process import LookUpUser, ReadVariable


def default_store_options(surroundings: Surroundings) -> Program[StoreOptions]:
    """The options for containers.conf's defaults: the first look of a process, by containers/storage's rootless probe."""
    user = StorageUser(surroundings.unshared, surroundings.unshared_uid)
    return (yield from read_store_options(user, surroundings, _Telling()))


class _Telling(msgspec.Struct, frozen=True):
    """Which files are read for the first time, and so are worth a word."""

    system: bool = True
    own: bool = True


def read_store_options(user: StorageUser, surroundings: Surroundings, telling: _Telling) -> Program[StoreOptions]:
    """containers/storage's ``DefaultStoreOptions``: what a store is opened with unless the caller says otherwise."""
    variables = yield from _variables()
    base = yield from _read_file(SYSTEM_FILE, variables, StoreOptions(), telling.system)
    explicit = explicit_file(variables)
    if explicit is not None:
        base = yield from _read_file(explicit[0], variables, base, telling.system)
    path, origin = explicit or (yield from _config_file(user, surroundings))
    options = base
    if user.has_own_store:
        options = yield from _user_defaults(user, surroundings, base, variables)
    options = options.saying("config_file", path, origin)
    exists = settle(found((yield from attempt(Stat(path)))))
    if exists and explicit is None and user.has_own_store:
        own = yield from _read_file(path, variables, emptied(options, path), telling.own)
        options = filled(own, options)
    options = yield from _expand(options, user.uid)
    return noting_unread_variables(options, variables)


def _variables() -> Program[StorageVariables]:
    config = yield from need(ReadVariable("CONTAINERS_STORAGE_CONF"))
    driver = yield from need(ReadVariable("STORAGE_DRIVER"))
    options = yield from need(ReadVariable("STORAGE_OPTS"))
    return StorageVariables(config, driver, options)


def _config_file(user: StorageUser, surroundings: Surroundings) -> Program[tuple[str, Origin]]:
    if not user.has_own_store:
        return system_file()
    config_home = yield from need(ReadVariable("XDG_CONFIG_HOME"))
    home = "" if config_home else (yield from _home(surroundings))
    return settle(user_file(config_home, home))


def _home(surroundings: Surroundings) -> Program[str]:
    """HOME, else the home directory in the user database (``unshare.HomeDir``)."""
    home = yield from need(ReadVariable("HOME"))
    if home:
        return home
    entry = yield from attempt(LookUpUser(surroundings.unshared_uid))
    known = entry.value_or(None)
    return known.home if known else ""


def _read_file(path: str, variables: StorageVariables, before: StoreOptions, telling: bool) -> Program[StoreOptions]:
    """The options with what a storage.conf says; one that cannot be read leaves them as they were."""
    parsed = yield from _parse_file(path, variables, before)
    if telling:
        yield from notes(parsed.said)
    return parsed.options


def _parse_file(path: str, variables: StorageVariables, before: StoreOptions) -> Program[Parsed]:
    status = yield from attempt(Stat(path))
    if isinstance(status, Failure):
        return Parsed(before, unreadable(path, status.failure()))
    content = yield from attempt(ReadFile(path))
    if isinstance(content, Failure):
        return Parsed(before, unreadable(path, content.failure()))
    document = decoded(content.unwrap())
    if isinstance(document, Failure):
        return Parsed(before, undecodable(path, document.failure()))
    files = SubordinateFiles()
    if remapped_names(document.unwrap())[0]:
        files = yield from read_subordinate_files()
    return file_options(document.unwrap(), path, variables, files, before)


def read_subordinate_files() -> Program[SubordinateFiles]:
    """The files in which the ids of a user are looked up by name."""
    users = yield from attempt(ReadFile(USERS))
    subuid = yield from attempt(ReadFile(SUBUID))
    subgid = yield from attempt(ReadFile(SUBGID))
    return subordinate_files(users, subuid, subgid)


def _user_defaults(
    user: StorageUser, surroundings: Surroundings, base: StoreOptions, variables: StorageVariables
) -> Program[StoreOptions]:
    runtime = yield from _runtime_directory(user, surroundings)
    run_root = joined(runtime, "containers")
    yield from need(MakeDirectories(run_root, 0o700), refused("unable to make rootless runtime"))
    data_home = yield from need(ReadVariable("XDG_DATA_HOME"))
    home = "" if data_home else (yield from _home(surroundings))
    return user_options(base, run_root, settle(user_graph_root(base, data_home, home)), variables)


def _runtime_directory(user: StorageUser, surroundings: Surroundings) -> Program[str]:
    """Where the user's run-time files are (``getRootlessRuntimeDir``)."""
    given = yield from need(ReadVariable("XDG_RUNTIME_DIR"))
    if given:
        return given
    identity = surroundings.identity
    if may_use_run_user((yield from attempt(ReadFile("/proc/1/comm")))):
        run_user = run_user_directory(user.uid)
        if is_private((yield from attempt(LookAt(run_user))), identity):
            return run_user
    temporary = yield from _temporary_directory(user, identity)
    if temporary:
        return temporary
    home = settle(home_for_runtime((yield from _home(surroundings))))
    return joined((yield from need(ResolveLinks(home))), "rundir")


def _temporary_directory(user: StorageUser, identity: Identity) -> Program[str]:
    """The user's directory below TMPDIR, made where it is missing; the empty path where it cannot be used."""
    path = temporary_user_directory((yield from need(ReadVariable("TMPDIR"))), user.uid)
    status = yield from attempt(LookAt(path))
    if not is_missing(status):
        return path if is_private(status, identity) else ""
    # A single mkdir: it does not make what lies above.
    above = yield from attempt(Stat(parent(path)))
    made = above if isinstance(above, Failure) else (yield from attempt(MakeDirectories(path, 0o700)))
    if isinstance(made, Failure):
        yield from notes(no_temporary_directory(mkdir_refusal(made.failure(), path)))
        return ""
    return path


def _expand(options: StoreOptions, uid: int) -> Program[StoreOptions]:
    for field in EXPANDED:
        value = str(getattr(options, field))
        path = (yield from _expand_path(value, uid)) if value else value
        if path != value:
            options = options.saying(field, path, options.origin(field))
    return options


def _expand_path(path: str, uid: int) -> Program[str]:
    """A path with its variables replaced and its links resolved; one that does not resolve is only cleaned."""
    template = with_uid(path, uid)
    values: dict[str, str | None] = {}
    for name in variables_in(template):
        values[name] = yield from need(ReadVariable(name))
    plain = expanded(template, values)
    if not plain:
        return cleaned(plain)
    return (yield from attempt(ResolveLinks(plain))).value_or(cleaned(plain))


def _decide(draft: Draft) -> Program[Draft]:
    surroundings = draft.surroundings
    user = StorageUser(surroundings.rootless, surroundings.rootless_uid)
    before = StorageUser(surroundings.unshared, surroundings.unshared_uid)
    telling = _Telling(system=False, own=not same_store(user, before))
    options = yield from read_store_options(user, surroundings, telling)
    return draft.with_configured(configured_with(draft.configured, options))


STORAGE_OPTIONS: Final[Stage[Draft]] = stage("storage-options", _decide)
"""Claims every ``storage.*`` setting: what libpod's own look at the store options gives."""
