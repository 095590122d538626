"""What a storage.conf says, with the environment on top (containers/storage ``ReloadConfigurationFile``)."""

from __future__ import annotations

import errno
from functools import lru_cache
from typing import Any, Final

from returns.result import Failure, Result

from pypod.pure.configuration.toml import Decoded, FieldClaim, decode, parse_document, undecoded
from pypod.pure.facts import Diagnostic, Level, Stream
from pypod.pure.failure import HostError
from pypod.pure.settings import Origin, Source
from pypod.pure.storage.driver_options import OPTIONS, any_driver_options, own_driver_options, unused_tables
from pypod.pure.storage.facts import Parsed, StorageVariables, StoreOptions, SubordinateFiles
from pypod.pure.storage.id_maps import parse_id_map, subordinate_maps
from pypod.pure.storage.schema import STORAGE_CONF
from pypod.pure.table import Table

FROM_DRIVER: Final = Origin(Source.ENVIRONMENT, "STORAGE_DRIVER")
FROM_OPTIONS: Final = Origin(Source.ENVIRONMENT, "STORAGE_OPTS")

_PATHS: Final = (("runroot", "run_root"), ("graphroot", "graph_root"),
                 ("rootless_storage_path", "rootless_storage_path"))  # fmt: skip
_REST: Final = (
    ("root-auto-userns-user", "root_auto_userns_user"),
    ("auto-userns-min-size", "auto_userns_min_size"),
    ("auto-userns-max-size", "auto_userns_max_size"),
    ("pull_options", "pull_options"),
    ("disable-volatile", "disable_volatile"),
)
_MAPS: Final = (("remap-uids", "uid_map"), ("remap-gids", "gid_map"))
_NOTHING: Final[dict[str, Any]] = {
    "run_root": "", "graph_root": "", "rootless_storage_path": "", "graph_driver": "", "graph_options": None,
    "uid_map": (), "gid_map": (), "root_auto_userns_user": "", "auto_userns_min_size": 0, "auto_userns_max_size": 0,
    "pull_options": Table(), "disable_volatile": False,
}  # fmt: skip
"""What a file leaves of what was known before."""

_Given = dict[str, FieldClaim]


# The same file is read up to four times in a run.
@lru_cache(maxsize=16)
def decoded(content: bytes) -> Result[Decoded, str]:
    """The fields that a storage.conf sets, or the library's text of what is wrong with it."""
    document = parse_document(content)
    if isinstance(document, Failure):
        return Failure(document.failure())
    return decode(document.unwrap(), STORAGE_CONF)


def remapped_names(document: Decoded) -> tuple[str, str]:
    """The user and the group whose subordinate ids the file asks for; they default to each other."""
    given = _given(document)
    user, group = (_value(given, f"{OPTIONS}.{key}", "") for key in ("remap-user", "remap-group"))
    return user or group, group or user


def unreadable(path: str, error: HostError) -> tuple[Diagnostic, ...]:
    """What is said of a file that the host refuses; a missing one is not worth a word."""
    return () if error.errno == errno.ENOENT else undecodable(path, error.message)


def undecodable(path: str, text: str) -> tuple[Diagnostic, ...]:
    """What is said of a file that does not decode; the options stay as they were."""
    return (Diagnostic(Level.ERROR, f"Failed to read {path} {text}", Stream.STDOUT),)


# The same file says the same, however often it is read.
@lru_cache(maxsize=16)
def file_options(
    document: Decoded, path: str, variables: StorageVariables, files: SubordinateFiles, before: StoreOptions
) -> Parsed:
    """The options that a file gives: all former ones are dropped first."""
    given = _given(document)
    options = _with_driver(emptied(before, path), given, path, variables)
    driver = options.graph_driver
    said = (*_unknown(document, path), *_driver_missing(driver, path))
    for key, field in _PATHS:
        options = _taken(options, given, f"storage.{key}", field, path)
    common = tuple(any_driver_options(given, driver))
    user, group = remapped_names(document)
    looked_up = subordinate_maps(user, group, files) if user else None
    if isinstance(looked_up, Failure):
        refusal = f"Error initializing ID mappings for {user}:{group} {looked_up.failure()}"
        return Parsed(_with_list(options, common, given, path), (*said, _raw(refusal)))
    mapped = _with_maps(_noting_remap(options, given, path), given, path)
    options = mapped.options
    for key, field in _REST:
        options = _taken(options, given, f"{OPTIONS}.{key}", field, path)
    options = _with_list(options, (*common, *own_driver_options(given, driver)), given, path)
    for unused in unused_tables(given, driver):
        because = f"the driver is {driver}" if driver else "no driver is set"
        options = options.ignoring("graph_options", unused.value, _at(unused, path), because)
    return Parsed(_with_variable(options, variables), (*said, *mapped.said))


def split_options(text: str) -> tuple[str, ...] | None:
    """STORAGE_OPTS as a list; the empty text is none."""
    return tuple(text.split(",")) if text else None


def _given(document: Decoded) -> _Given:
    """The fields by name; of a field that is spelled in several ways the last one counts."""
    return {claim.name: claim for claim in document.claims}


def _value(given: _Given, name: str, default: Any) -> Any:
    claim = given.get(name)
    return claim.value if claim else default


def _at(claim: FieldClaim, path: str) -> Origin:
    return Origin(Source.FILE, f"{path}:{claim.line}")


def _raw(text: str) -> Diagnostic:
    return Diagnostic(Level.ERROR, text, Stream.STDOUT)


def emptied(before: StoreOptions, path: str) -> StoreOptions:
    """Nothing of what was known before, on account of a file that takes its place."""
    options = before
    for field, empty in _NOTHING.items():
        if getattr(options, field) != empty:
            options = options.saying(field, empty, Origin(Source.FILE, path))
    return options


def _taken(options: StoreOptions, given: _Given, name: str, field: str, path: str) -> StoreOptions:
    """With a field that the file sets to something; Go's zero value is as good as nothing."""
    claim = given.get(name)
    if claim is None or claim.value == _NOTHING[field]:
        return options
    return options.saying(field, claim.value, _at(claim, path))


def _with_driver(options: StoreOptions, given: _Given, path: str, variables: StorageVariables) -> StoreOptions:
    options = _taken(options, given, "storage.driver", "graph_driver", path)
    return options.saying("graph_driver", variables.driver, FROM_DRIVER) if variables.driver else options


def _unknown(document: Decoded, path: str) -> tuple[Diagnostic, ...]:
    if not document.unknown:
        return ()
    return (Diagnostic(Level.WARNING, undecoded(document.unknown_keys, path)),)


def _driver_missing(driver: str, path: str) -> tuple[Diagnostic, ...]:
    if driver:
        return ()
    text = f"The storage 'driver' option must be set in {path}, guarantee proper operation."
    return (Diagnostic(Level.ERROR, text),)


def _noting_remap(options: StoreOptions, given: _Given, path: str) -> StoreOptions:
    because = "remap-uids and remap-gids replace what it gives, also when they are not set"
    for key, field in (("remap-user", "uid_map"), ("remap-group", "gid_map")):
        claim = given.get(f"{OPTIONS}.{key}")
        if claim is not None and claim.value:
            options = options.ignoring(field, claim.value, _at(claim, path), because)
    return options


def _with_maps(options: StoreOptions, given: _Given, path: str) -> Parsed:
    said: list[Diagnostic] = []
    for key, field in _MAPS:
        name = f"{OPTIONS}.{key}"
        parsed = parse_id_map((_value(given, name, ""),), key)
        if isinstance(parsed, Failure):
            said.append(_raw(parsed.failure()))
        elif parsed.unwrap():
            options = options.saying(field, parsed.unwrap(), _at(given[name], path))
    return Parsed(options, tuple(said))


def _with_list(options: StoreOptions, made: tuple[str, ...], given: _Given, path: str) -> StoreOptions:
    """With the driver options that the file makes; the line is that of the first key of ``[storage.options]``."""
    if not made:
        return options
    line = min((claim.line for name, claim in given.items() if name.startswith(OPTIONS)), default=0)
    return options.saying("graph_options", made, Origin(Source.FILE, f"{path}:{line}"))


def _with_variable(options: StoreOptions, variables: StorageVariables) -> StoreOptions:
    if variables.options is None:
        return options
    return options.saying("graph_options", split_options(variables.options), FROM_OPTIONS)
