"""Looking into a state database that podman may be writing at this moment, whichever kind it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, TypeVar

from returns.result import Failure, Result

from pypod.effects.linux.database import open_quietly, read_snapshot
from pypod.effects.linux.refusal import asked
from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import Snapshot
from pypod.pure.database.facts import Look, Sight
from pypod.pure.database.view import sights
from pypod.pure.failure import HostError
from pypod.pure.state.choice import SQLITE_NAME
from pypod.pure.state.facts import Backend, Containers, Content, Listed, References
from pypod.pure.state.listing import containers_of, listed
from pypod.pure.state.reading import containers_in, content_in, damage_in, listed_in, places_in, references_in
from pypod.pure.state.references import references_of
from pypod.pure.state.tables import MAGIC, TABLES, buckets_of, of_schema, rows_of, schema_of, usable

T = TypeVar("T")
Wanted = dict[str, tuple[str, ...]]
"""Tables and the columns that are wanted of them; none: all."""

_NAMES: Final[Wanted] = {"DBConfig": ("SchemaVersion",), "ContainerConfig": ("ID", "Name")}
_ALL: Final[Wanted] = dict.fromkeys(TABLES, ())


class LinuxState:
    """The observing half of the state for a Linux machine."""

    def list_containers(self, path: str, /) -> Result[tuple[Listed, ...], HostError]:
        return _read(path, listed_in, _listed)

    def read_containers(self, path: str, /) -> Result[Containers, HostError]:
        return _read(path, containers_in, _containers)

    def read_references(self, path: str, /) -> Result[References, HostError]:
        return _read(path, references_in, _references)

    def check_pages(self, path: str, /) -> Result[tuple[str, ...], HostError]:
        return _read(path, damage_in, _damage)

    def read_content(self, path: str, /) -> Result[Content, HostError]:
        return _read(path, content_in, _content)

    def read_places(self, path: str, looks: tuple[Look, ...], /) -> Result[tuple[Sight, ...], HostError]:
        return _read(path, lambda snapshot: places_in(snapshot, looks), lambda file: _places(file, looks))


def _read(
    path: str, of_bolt: Callable[[Snapshot], Result[T, BoltError]], of_sqlite: Callable[[str], Result[T, HostError]]
) -> Result[T, HostError]:
    first = asked("open", path, lambda: _first_bytes(path))
    if isinstance(first, Failure):
        return first
    is_sqlite = first.unwrap() == MAGIC or (not first.unwrap() and path.endswith(SQLITE_NAME))
    return of_sqlite(path) if is_sqlite else read_snapshot(path, of_bolt)


def _first_bytes(path: str) -> bytes:
    descriptor = open_quietly(path)
    try:
        return os.pread(descriptor, len(MAGIC), 0)
    finally:
        os.close(descriptor)


def _tables(path: str, wanted: Wanted) -> Result[Content, HostError]:
    """The content of these tables; a schema that libpod would not take is a failure."""
    from pypod.effects.linux.sqlite import read_tables

    content = read_tables(path, wanted)
    if isinstance(content, Failure):
        return content
    return usable(content.unwrap()).alt(lambda text: HostError(0, "", path, text))


def _listed(path: str) -> Result[tuple[Listed, ...], HostError]:
    return _tables(path, _NAMES).map(lambda content: listed(buckets_of(rows_of(content.tables))))


def _containers(path: str) -> Result[Containers, HostError]:
    content = _tables(path, _ALL)
    return content.map(lambda held: containers_of(buckets_of(rows_of(held.tables)), Backend.SQLITE))


def _references(path: str) -> Result[References, HostError]:
    return _tables(path, _ALL).map(lambda held: references_of(buckets_of(rows_of(held.tables)), held.file))


def _places(path: str, looks: tuple[Look, ...]) -> Result[tuple[Sight, ...], HostError]:
    return _tables(path, _ALL).map(lambda held: sights(buckets_of(rows_of(held.tables)), looks))


def _damage(path: str) -> Result[tuple[str, ...], HostError]:
    from pypod.effects.linux.sqlite import check_file

    return check_file(path)


def _content(path: str) -> Result[Content, HostError]:
    from pypod.effects.linux.sqlite import read_everything

    return read_everything(path).map(lambda held: of_schema(held, schema_of(rows_of(held.tables)).value_or(0)))
