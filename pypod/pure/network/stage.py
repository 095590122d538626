"""Making the default network, and scanning the configured ones."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import (
    CNI_PLUGIN_DIRS,
    DEFAULT_NETWORK,
    DEFAULT_SUBNET,
    MACHINE_ENABLED,
    NETWORK_CONFIG_DIR,
    STATIC_DIR,
)
from pypod.pure.draft import Draft
from pypod.pure.failure import Problem
from pypod.pure.network.default import (
    CONFLIST_MODE,
    DIRECTORY_MODE,
    SENTINEL_MODE,
    DefaultNetwork,
    candidates,
    checked,
    configured_name,
    conflists,
    content,
    is_there,
    none_free,
    not_made,
    only_logged,
    refusal,
    unreadable,
    unwritten,
)
from pypod.pure.network.plugin import (
    DEFAULT_CONFIG_DIR,
    DEFAULT_PLUGIN_DIR,
    QUERY,
    QUERY_ENVIRONMENT,
    Network,
    complaint,
    configuration_files,
    default_name,
    found,
    invalid,
    is_plugin,
    is_scanned,
    loaded,
    no_nsenter,
    not_found,
    objection,
    plugin_paths,
)
from pypod.pure.program import Program, attempt, notes, settle, stage
from pypod.pure.surroundings.stage import look_path
from pypod.pure.vocabulary.changes import CreateFile, MakeDirectories
from pypod.pure.vocabulary.files import ListDirectory, ReadFile, Stat
from pypod.pure.vocabulary.process import RunProgram

_MADE: Result[None, Problem] = Success(None)


def _make_default(draft: Draft) -> Program[Draft]:
    """The default network, once in a static directory's life; a failure is only logged."""
    wanted = DefaultNetwork(
        draft.setting(DEFAULT_NETWORK),
        draft.setting(DEFAULT_SUBNET),
        draft.setting(NETWORK_CONFIG_DIR),
        draft.setting(STATIC_DIR),
        draft.setting(MACHINE_ENABLED),
    )
    made = yield from _create(wanted)
    if isinstance(made, Failure):
        yield from notes((only_logged(made.failure()),))
    return draft


def _create(wanted: DefaultNetwork) -> Program[Result[None, Problem]]:
    """The sentinel comes first: whatever fails after it is not tried again."""
    sound = checked(wanted)
    if isinstance(sound, Failure):
        return Failure(sound.failure())
    if isinstance((yield from attempt(Stat(wanted.sentinel))), Success):
        return _MADE
    sentinel = yield from attempt(CreateFile(wanted.sentinel, SENTINEL_MODE))
    if isinstance(sentinel, Failure):
        return Failure(refusal("")(sentinel.failure()))
    directory = yield from attempt(MakeDirectories(wanted.config_dir, DIRECTORY_MODE))
    if isinstance(directory, Failure) and not is_there(directory.failure()):
        return Failure(refusal("error creating CNI configuration directory")(directory.failure()))
    entries = yield from attempt(ListDirectory(wanted.config_dir))
    if isinstance(entries, Failure):
        return Failure(refusal("error reading CNI configuration directory")(entries.failure()))
    if (yield from _is_configured(wanted, conflists(wanted, entries.unwrap()))):
        return _MADE
    text = content(wanted)
    if isinstance(text, Failure):
        return Failure(text.failure())
    written = text.unwrap()
    return _MADE if written is None else (yield from _write(wanted, written))


def _is_configured(wanted: DefaultNetwork, files: tuple[str, ...]) -> Program[bool]:
    for file in files:
        name = configured_name(file, (yield from attempt(ReadFile(file))))
        if isinstance(name, Failure):
            yield from notes((unreadable(name.failure()),))
        elif name.unwrap() == wanted.name:
            return True
    return False


def _write(wanted: DefaultNetwork, text: bytes) -> Program[Result[None, Problem]]:
    """The file under the first number that is free."""
    for file in candidates(wanted):
        made = yield from attempt(CreateFile(file, CONFLIST_MODE, text, exclusive=True))
        if isinstance(made, Success):
            return _MADE
        problem = unwritten(made.failure())
        if problem is not None:
            return Failure(problem)
        yield from notes((not_made(made.failure()),))
    return Failure(none_free(wanted))


def _scan(draft: Draft) -> Program[Draft]:
    """The networks that are configured and whose plugins do; needs ``nsenter``."""
    if (yield from look_path("nsenter")) is None:
        missing: Result[Draft, Problem] = Failure(no_nsenter())
        return settle(missing)
    directory = draft.setting(NETWORK_CONFIG_DIR) or DEFAULT_CONFIG_DIR
    entries = yield from attempt(ListDirectory(directory))
    if isinstance(entries, Failure) and not is_scanned(entries.failure()):
        return draft
    names: tuple[str, ...] = ()
    for file in configuration_files(directory, entries.value_or(())):
        network = yield from _load(draft, file)
        if network is not None:
            yield from notes(found(network, known=network.shown_name in names))
            names = (*names, network.shown_name)
    yield from notes((default_name(draft.setting(DEFAULT_NETWORK), names),))
    return draft


def _load(draft: Draft, file: str) -> Program[Network | None]:
    """The network of a file, if there is a valid one."""
    read = loaded(file, (yield from attempt(ReadFile(file))))
    if isinstance(read, Failure):
        yield from notes((read.failure(),))
        return None
    network = read.unwrap()
    objections: tuple[str, ...] = ()
    for plugin in network.plugins:
        why = yield from _validate(draft, network, plugin)
        objections = (*objections, why) if why else objections
    if objections:
        yield from notes((invalid(network, objections),))
        return None
    return network


def _validate(draft: Draft, network: Network, plugin: str) -> Program[str]:
    """Why a plugin does not do; empty where it does."""
    directories = draft.setting(CNI_PLUGIN_DIRS) or (DEFAULT_PLUGIN_DIR,)
    paths = plugin_paths(plugin, directories)
    if isinstance(paths, Failure):
        why: str = paths.failure()
        return why
    for path in paths.unwrap():
        if is_plugin((yield from attempt(Stat(path)))):
            answer = yield from attempt(RunProgram((path,), QUERY, QUERY_ENVIRONMENT))
            yield from notes(complaint(answer))
            return objection(network, plugin, answer)
    return not_found(plugin, directories)


NETWORK_DEFAULT = stage("network-default", _make_default)
NETWORK_PLUGIN = stage("network-plugin", _scan)
