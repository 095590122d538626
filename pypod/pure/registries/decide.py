"""registries.conf: which files count, and what they say (``containers/image``, ``pkg/sysregistriesv2``)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import Struct
from pyrsistent import PMap, pmap
from returns.result import Failure, Result, Success

from pypod.pure.facts import DirectoryEntry, FileType
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.gotext import joined, quoted

SYSTEM_FILE: Final = "/etc/containers/registries.conf"
SYSTEM_DIRECTORY: Final = "/etc/containers/registries.conf.d"
VARIABLES: Final = ("CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH")
"""The variables that name the only file, the first that is set."""

_USER_FILE: Final = ".config/containers/registries.conf"
_USER_DIRECTORY: Final = ".config/containers/registries.conf.d"
_FIRST_VERSION: Final = ("search", "insecure", "block")


class Registry(Struct, frozen=True):
    """One ``[[registry]]``: what images of ``prefix`` are fetched from."""

    prefix: str
    location: str
    insecure: bool = False
    blocked: bool = False
    mirrors: tuple[tuple[str, bool], ...] = ()
    """Location of each, and whether it is insecure."""
    mirror_by_digest_only: bool = False


class Registries(Struct, frozen=True):
    """What the files say: registries by prefix, and where short names are searched."""

    by_prefix: PMap[str, Registry] = pmap()
    search: tuple[str, ...] = ()
    first_version: bool = False

    def joined_with(self, later: Registries) -> Registries:
        """With a drop-in: its registries replace those of the same prefix, its search list the former one."""
        return msgspec.structs.replace(
            self, by_prefix=pmap({**self.by_prefix, **later.by_prefix}), search=later.search or self.search
        )


def user_file(home: str) -> str:
    """The user's own file, which counts instead of the system's where it is there."""
    return joined(home, _USER_FILE)


def directories(home: str, *, own: bool) -> tuple[str, ...]:
    """Where the drop-ins are; ``own``: the user's file counts, and so does the user's directory alone."""
    mine = joined(home, _USER_DIRECTORY)
    return (mine,) if own else (SYSTEM_DIRECTORY, mine)


def drop_ins(directory: str, entries: tuple[DirectoryEntry, ...]) -> tuple[str, ...]:
    """The drop-ins of a directory, in the order in which they count."""
    return tuple(
        joined(directory, one.name)
        for one in entries
        if one.type is not FileType.DIRECTORY and one.name.endswith(".conf")
    )


def is_fine(error: HostError, *, explicit: bool) -> bool:
    """Whether the main file may be missing: unless somebody named it."""
    return error.errno == 2 and not explicit


def unread(path: str) -> Callable[[HostError], Problem]:
    """A file that cannot be read."""

    def problem(error: HostError) -> Problem:
        failed = Refused(error.message, path, cause=error)
        return failed.wrapped(f"error getting registries: loading registries configuration {quoted(path)}")

    return problem


def read(path: str, content: bytes, *, drop_in: bool) -> Result[Registries, Problem]:
    """What a file says.  A drop-in must be of the second version."""
    what = f"loading {'drop-in ' if drop_in else ''}registries configuration {quoted(path)}"

    def refused(text: str) -> Problem:
        return Refused(f"error getting registries: {what}: {text}", path)

    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Failure(refused(str(error)))
    first = table.get("registries")
    second = {key: value for key, value in table.items() if key != "registries"}
    if isinstance(first, dict):
        if second:
            return Failure(refused("mixing sysregistry v1/v2 is not supported"))
        if drop_in:
            return Failure(refused("registry must be in v2 format but is in v1"))
        return Success(_first_version(cast("dict[str, Any]", first)))
    return _second_version(second).alt(refused)


def _second_version(table: Mapping[str, Any]) -> Result[Registries, str]:
    found: dict[str, Registry] = {}
    for entry in _tables(table.get("registry")):
        registry = _registry(entry)
        if isinstance(registry, Failure):
            return Failure(registry.failure())
        one = registry.unwrap()
        found[one.prefix] = one
    return Success(Registries(pmap(found), _texts(table.get("unqualified-search-registries"))))


def _registry(entry: Mapping[str, Any]) -> Result[Registry, str]:
    location, prefix = _location(entry.get("location")), _location(entry.get("prefix"))
    if not prefix and not location:
        return Failure("invalid location: cannot be empty")
    if not location and not prefix.startswith("*."):
        return Failure("invalid condition: location is unset and prefix is not in the format: *.example.com")
    mirrors = tuple((_location(one.get("location")), bool(one.get("insecure"))) for one in _tables(entry.get("mirror")))
    return Success(
        Registry(
            prefix or location,
            location,
            bool(entry.get("insecure")),
            bool(entry.get("blocked")),
            mirrors,
            bool(entry.get("mirror-by-digest-only")),
        )
    )


def _first_version(table: Mapping[str, Any]) -> Registries:
    lists = {name: _texts(_table(table.get(name)).get("registries")) for name in _FIRST_VERSION}
    found = {
        name: Registry(name, name, name in lists["insecure"], name in lists["block"])
        for name in (*lists["insecure"], *lists["block"])
    }
    return Registries(pmap(found), lists["search"], first_version=True)


def shown(registries: Registries) -> PMap[str, Any]:
    """The ``registries`` part of ``info``."""
    found: dict[str, Any] = {one.prefix: _shown(one) for one in registries.by_prefix.values()}
    if registries.search:
        found["search"] = registries.search
    return pmap(found)


def _shown(one: Registry) -> PMap[str, Any]:
    mirrors = [pmap({"Location": location, "Insecure": insecure}) for location, insecure in one.mirrors]
    fields: dict[str, Any] = {
        "Prefix": one.prefix,
        "Location": one.location,
        "Insecure": one.insecure,
        "Mirrors": mirrors or None,
        "Blocked": one.blocked,
        "MirrorByDigestOnly": one.mirror_by_digest_only,
    }
    return pmap(fields)


def _location(value: object) -> str:
    return value.rstrip("/") if isinstance(value, str) else ""


def _tables(value: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(_table(one) for one in cast("list[object]", value)) if isinstance(value, list) else ()


def _table(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in cast("list[object]", value)) if isinstance(value, list) else ()
