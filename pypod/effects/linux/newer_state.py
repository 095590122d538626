"""A ``db.sql`` behind the records that are read from a ``bolt_state.db``."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result

from pypod.effects.linux.sqlite import check_file, read_everything, read_tables
from pypod.pure.failure import HostError
from pypod.pure.state.facts import Backend, Containers, Content, Listed, References
from pypod.pure.state.listing import containers_of, listed
from pypod.pure.state.references import references_of
from pypod.pure.state.tables import TABLES, buckets_of, of_schema, rows_of, schema_of, usable

Wanted = dict[str, tuple[str, ...]]
"""Tables and the columns that are wanted of them; none: all."""

_NAMES: Final[Wanted] = {"DBConfig": ("SchemaVersion",), "ContainerConfig": ("ID", "Name")}
_ALL: Final[Wanted] = dict.fromkeys(TABLES, ())


class NewerState:
    """What the newer database holds."""

    def list_containers(self, path: str, /) -> Result[tuple[Listed, ...], HostError]:
        return _tables(path, _NAMES).map(lambda content: listed(buckets_of(rows_of(content.tables))))

    def read_containers(self, path: str, /) -> Result[Containers, HostError]:
        content = _tables(path, _ALL)
        return content.map(lambda held: containers_of(buckets_of(rows_of(held.tables)), Backend.SQLITE))

    def read_references(self, path: str, /) -> Result[References, HostError]:
        return _tables(path, _ALL).map(lambda held: references_of(buckets_of(rows_of(held.tables)), held.file))

    def check_pages(self, path: str, /) -> Result[tuple[str, ...], HostError]:
        return check_file(path)

    def read_content(self, path: str, /) -> Result[Content, HostError]:
        return read_everything(path).map(lambda held: of_schema(held, schema_of(rows_of(held.tables)).value_or(0)))


def _tables(path: str, wanted: Wanted) -> Result[Content, HostError]:
    """The content of these tables; a schema that libpod would not take is a failure."""
    content = read_tables(path, wanted)
    if isinstance(content, Failure):
        return content
    return usable(content.unwrap()).alt(lambda text: HostError(0, "", path, text))
