"""``db.sql`` (libpod 4.5 to 5): its tables, read into the buckets that the other database has.

What reads a ``bolt_state.db`` then reads this too.  JSON is in BLOBs until a refresh makes it TEXT; both are bytes
here.  The columns that libpod never updates (``ContainerState.State``, ``ExitCode``) are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from pyrsistent import pmap
from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import key_of, name_of
from pypod.pure.database.tree import Tree
from pypod.pure.state.facts import Cell, Content, Table

SCHEMA: Final = 1
TABLES: Final = (
    "DBConfig",
    "IDNamespace",
    "ContainerConfig",
    "ContainerState",
    "ContainerExecSession",
    "ContainerDependency",
    "ContainerVolume",
    "ContainerExitCode",
    "PodConfig",
    "PodState",
    "VolumeConfig",
    "VolumeState",
)
"""The tables of schema 1."""

_SETTINGS: Final = (
    ("graph-driver-name", "GraphDriver"),
    ("graph-root", "GraphRoot"),
    ("os", "OS"),
    ("run-root", "RunRoot"),
    ("static-dir", "StaticDir"),
    ("tmp-dir", "TmpDir"),
    ("volume-path", "VolumeDir"),
)

Rows = dict[str, list[dict[str, bytes]]]
"""The rows of each table as bytes by column; a null is left out."""


def rows_of(tables: tuple[Table, ...]) -> Rows:
    """The rows by table."""
    return {
        table.name: [
            {column: cell.raw for column, cell in zip(table.columns, row, strict=True) if cell.storage != "null"}
            for row in table.rows
        ]
        for table in tables
    }


def schema_of(rows: Rows) -> Result[int, str]:
    """The schema version, 0 where nothing has been written yet; or libpod's text of why it cannot be used."""
    config = rows.get("DBConfig", [])
    if not config:
        return Success(0)
    written = config[0].get("SchemaVersion", b"").decode("utf-8", "replace")
    version = int(written) if written.removeprefix("-").isdecimal() else 0
    if version <= 0:
        return Failure(f"database schema version {version} is invalid: internal libpod error")
    if version > SCHEMA:
        return Failure(
            f"database has schema version {version} while this libpod version only supports version {SCHEMA}: "
            "internal libpod error"
        )
    return Success(version)


def usable(content: Content) -> Result[Content, str]:
    """The content, unless its schema is one that libpod does not take; then libpod's text."""
    return schema_of(rows_of(content.tables)).map(lambda version: of_schema(content, version))


def of_schema(content: Content, schema: int) -> Content:
    """The content with the version of its schema."""
    return msgspec.structs.replace(content, file=msgspec.structs.replace(content.file, schema=schema))


def buckets_of(rows: Rows) -> Tree:
    """The same content in the buckets of a ``bolt_state.db``."""
    containers, pods = _names(rows, "ContainerConfig"), _names(rows, "PodConfig")
    names = containers | pods
    return _bucket(
        {
            "id-registry": _texts({key: names.get(key, b"") for key in _keys(rows, "IDNamespace", "ID")}),
            "name-registry": _texts({name_of(name): key_of(key) for key, name in names.items()}),
            "ns-registry": Tree(),
            "ctr": _containers(rows),
            "all-ctrs": _texts(containers),
            "pod": _pods(rows),
            "allPods": _texts(pods),
            "vol": _volumes(rows),
            "allVolumes": _texts({key: key_of(key) for key in _keys(rows, "VolumeConfig", "Name")}),
            "exec": _texts(
                {
                    name_of(row["ID"]): row["ContainerID"]
                    for row in _of(rows, "ContainerExecSession", "ID", "ContainerID")
                }
            ),
            "runtime-config": _texts(
                {entry: row[column] for row in rows.get("DBConfig", []) for entry, column in _SETTINGS if column in row}
            ),
        }
    )


def _bucket(buckets: dict[str, Tree]) -> Tree:
    held: dict[str, bytes | Tree] = {**buckets}
    return Tree(pmap(held))


def _texts(texts: dict[str, bytes]) -> Tree:
    held: dict[str, bytes | Tree] = {**texts}
    return Tree(pmap(held))


def _object(documents: dict[str, bytes], **buckets: dict[str, bytes]) -> Tree:
    held: dict[str, bytes | Tree] = {**documents}
    held.update({name.replace("_", "-"): _texts(texts) for name, texts in buckets.items()})
    return Tree(pmap(held))


def _of(rows: Rows, table: str, *columns: str) -> list[dict[str, bytes]]:
    """The rows that have these columns, besides their key."""
    return [row for row in rows.get(table, []) if all(column in row for column in columns)]


def _keys(rows: Rows, table: str, column: str) -> list[str]:
    return [name_of(row[column]) for row in _of(rows, table, column)]


def _names(rows: Rows, table: str) -> dict[str, bytes]:
    return {name_of(row["ID"]): row["Name"] for row in _of(rows, table, "ID", "Name")}


def _objects(rows: Rows, config: str, state: str, key: str) -> dict[str, dict[str, bytes]]:
    """The documents of every object that has a row in either table."""
    found: dict[str, dict[str, bytes]] = {}
    for table, name in ((config, "config"), (state, "state")):
        for row in _of(rows, table, key, "JSON"):
            found.setdefault(name_of(row[key]), {})[name] = row["JSON"]
    return found


def _grouped(pairs: Iterable[tuple[bytes, bytes, bytes]]) -> dict[str, dict[str, bytes]]:
    """Owner, key and value, by owner."""
    found: dict[str, dict[str, bytes]] = {}
    for owner, key, value in pairs:
        found.setdefault(name_of(owner), {})[name_of(key)] = value
    return found


def _containers(rows: Rows) -> Tree:
    names = _names(rows, "ContainerConfig")
    edges = _of(rows, "ContainerDependency", "ID", "DependencyID")
    dependents = _grouped((row["DependencyID"], row["ID"], names.get(name_of(row["ID"]), b"")) for row in edges)
    sessions = _grouped(
        (row["ContainerID"], row["ID"], row["ContainerID"])
        for row in _of(rows, "ContainerExecSession", "ID", "ContainerID")
    )
    pods = {name_of(row["ID"]): {"pod-id": row["PodID"]} for row in _of(rows, "ContainerConfig", "ID", "PodID")}
    objects = _objects(rows, "ContainerConfig", "ContainerState", "ID")
    return _bucket(
        {
            key: _object(
                {**held, **pods.get(key, {})}, dependencies=dependents.get(key, {}), exec=sessions.get(key, {})
            )
            for key, held in objects.items()
        }
    )


def _pods(rows: Rows) -> Tree:
    names = _names(rows, "ContainerConfig")
    members = _grouped(
        (row["PodID"], row["ID"], names.get(name_of(row["ID"]), b""))
        for row in _of(rows, "ContainerConfig", "ID", "PodID")
    )
    objects = _objects(rows, "PodConfig", "PodState", "ID")
    return _bucket({key: _object(held, containers=members.get(key, {})) for key, held in objects.items()})


def _volumes(rows: Rows) -> Tree:
    users = _grouped(
        (row["VolumeName"], row["ContainerID"], row["ContainerID"])
        for row in _of(rows, "ContainerVolume", "ContainerID", "VolumeName")
    )
    objects = _objects(rows, "VolumeConfig", "VolumeState", "Name")
    return _bucket({key: _object(held, vol_dependencies=users.get(key, {})) for key, held in objects.items()})


def cell_of(value: bytes | float | str | None) -> Cell:
    """A value of SQLite as a cell."""
    match value:
        case None:
            return Cell("null")
        case bytes():
            return Cell("blob", value)
        case str():
            return Cell("text", key_of(value))
        case int():
            return Cell("integer", str(value).encode())
        case float():
            return Cell("real", repr(value).encode())
