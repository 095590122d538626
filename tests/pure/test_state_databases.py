"""Every sample database, of either kind, looked into as the commands do, against what the reference libraries dumped."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from returns.result import Failure

from pypod.effects.linux.observer import LinuxObserver
from pypod.pure.database.buckets import key_of
from pypod.pure.state.check import findings
from pypod.pure.state.export import exported, imported
from pypod.pure.state.facts import Backend, Content, Listed, StateFile
from pypod.pure.state.summary import summary_of
from tests.fixtures.state_databases import DATABASES, DUMPS, ROWS, SQLITE

MACHINE = LinuxObserver()
LIBPOD = sorted(name for name in DUMPS if not name.startswith("synthetic"))


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A sample database by name, in a file."""
    name: str = request.param
    path = tmp_path / ("bolt_state.db" if name in DATABASES else "db.sql")
    path.write_bytes(DATABASES[name] if name in DATABASES else SQLITE[name])
    return str(path)


def _names(name: str, bucket: str) -> dict[str, str]:
    """The keys of a bucket of texts, in the dump; the digest of each value."""
    return {
        entry["path"][1]: entry["sha256"]
        for entry in DUMPS[name]["entries"]
        if entry["path"][0] == bucket and len(entry["path"]) == 2
    }


@pytest.mark.parametrize(("file", "name"), [(name, name) for name in LIBPOD], indirect=["file"])
def test_bolt_objects(file: str, name: str) -> None:
    listed = MACHINE.list_containers(file).unwrap()
    assert {one.id: sha256(key_of(one.name)).hexdigest() for one in listed} == _names(name, "all-ctrs")
    containers = MACHINE.read_containers(file).unwrap()
    assert [Listed(one.id, one.name) for one in containers.containers] == list(listed)
    assert not any(one.damage for one in containers.containers)
    held = MACHINE.read_references(file).unwrap()
    meta = DUMPS[name]["meta"]
    assert (held.file.txid, held.file.page_size, held.file.pages, held.file.size) == (
        meta["txid"],
        meta["page_size"],
        meta["high_water"],
        meta["file_bytes"],
    )
    assert held.file.free_pages == len(meta["free_pages"] or ())
    assert {one.id for one in held.pods} == set(_names(name, "allPods"))
    assert {one.name for one in held.volumes} == set(_names(name, "allVolumes"))
    assert findings(held) == ()
    assert MACHINE.check_pages(file).unwrap() == ()


@pytest.mark.parametrize(("file", "name"), [(name, name) for name in sorted(DUMPS)], indirect=["file"])
def test_bolt_export(file: str, name: str) -> None:
    content = MACHINE.read_content(file).unwrap()
    document = exported(content)
    assert imported(document).unwrap() == content
    assert exported(content) == document
    again = imported(json.dumps(json.loads(document), indent=4).encode()).unwrap()
    assert again == content, "another program may re-indent it"
    dumped = {tuple(entry["path"]): entry for entry in DUMPS[name]["entries"]}
    assert len(again.entries) == len(dumped)
    for entry in again.entries:
        told = dumped[(*entry.at, entry.key)]
        if entry.value is None:
            assert (told["type"], told["sequence"]) == ("bucket", entry.sequence)
        else:
            assert sha256(entry.value).hexdigest() == told["sha256"]


@pytest.mark.parametrize("file", ["bolt-3.4.7-full", "bolt-4.3.1-full", "sqlite-5.0.3-full"], indirect=True)
def test_json_of_libpod_is_exported_as_json(file: str) -> None:
    document = exported(MACHINE.read_content(file).unwrap())
    assert b'"text": "{' not in document
    assert b"base64" not in document
    assert document.count(b'"createdTime": "2026-11-23T') == len(MACHINE.list_containers(file).unwrap())


@pytest.mark.parametrize(("file", "name"), [(name, name) for name in sorted(ROWS)], indirect=["file"])
def test_sqlite_objects(file: str, name: str) -> None:
    rows = ROWS[name]
    names = {row["ID"]["value"]: row["Name"]["value"] for row in rows["ContainerConfig"]["rows"]}
    assert {one.id: one.name for one in MACHINE.list_containers(file).unwrap()} == names
    containers = MACHINE.read_containers(file).unwrap()
    states = {row["ID"]["value"]: row["JSON"]["value"] for row in rows["ContainerState"]["rows"]}
    assert containers.backend is Backend.SQLITE
    assert {one.id: one.state for one in containers.containers} == {key: one["state"] for key, one in states.items()}
    held = MACHINE.read_references(file).unwrap()
    assert findings(held) == ()
    assert MACHINE.check_pages(file).unwrap() == ()
    assert held.file.schema == 1
    config = rows["DBConfig"]["rows"][0]
    assert dict(held.config or ())["graph-root"] == config["GraphRoot"]["value"]
    dependencies = [(row["DependencyID"]["value"], row["ID"]["value"]) for row in rows["ContainerDependency"]["rows"]]
    assert [(one.id, key) for one in held.containers for key, _ in one.dependents or ()] == dependencies


@pytest.mark.parametrize(("file", "name"), [(name, name) for name in sorted(ROWS)], indirect=["file"])
def test_sqlite_export(file: str, name: str) -> None:
    content = MACHINE.read_content(file).unwrap()
    assert imported(exported(content)).unwrap() == content
    tables = {table.name: table for table in content.tables}
    assert set(tables) == set(ROWS[name]) - {"pragmas"}
    for table, dumped in ((tables[key], held) for key, held in ROWS[name].items() if key != "pragmas"):
        assert list(table.columns) == dumped["columns"]
        rows = [[_plain(cell.storage, cell.raw) for cell in row] for row in table.rows]
        wanted = [[_told(row[column]) for column in dumped["columns"]] for row in dumped["rows"]]
        assert sorted(rows, key=repr) == sorted(wanted, key=repr)


def _plain(storage: str, raw: bytes) -> tuple[str, Any]:
    if storage == "null":
        return storage, None
    if storage == "integer":
        return storage, int(raw)
    return storage, json.loads(raw) if raw.startswith(b"{") else raw.decode()


def _told(cell: dict[str, Any]) -> tuple[str, Any]:
    return cell["type"], cell["value"]


DAMAGED = {
    "damaged-both-metas-magic": "invalid database",
    "damaged-both-metas-version": "version mismatch",
    "damaged-both-metas-checksum": "checksum error",
    "damaged-truncated-100b": "invalid database",
    "damaged-truncated-1page": "file size too small",
    "damaged-truncated-half": "page 18: beyond the end of the file (page 18, byte 73728)",
    "damaged-root-leaf": "page 2: 41597 elements do not fit (page 2, byte 8192)",
    "damaged-freelist-type": "invalid freelist page: 4, page type is leaf (page 4, byte 16384)",
    "damaged-sqlite-truncated": "beginning transaction: database disk image is malformed",
    "sqlite-schema-0": "database schema version 0 is invalid: internal libpod error",
    "sqlite-schema-2": "database has schema version 2 while this libpod version only supports version 1: internal libpod error",
}


@pytest.mark.parametrize(("file", "text"), list(DAMAGED.items()), indirect=["file"])
def test_damage_is_told(file: str, text: str) -> None:
    for answer in (MACHINE.read_containers(file), MACHINE.read_references(file)):
        assert isinstance(answer, Failure)
        assert answer.failure().message == text


@pytest.mark.parametrize("file", ["damaged-config-json"], indirect=True)
def test_unreadable_objects_are_left_out_and_found(file: str) -> None:
    containers = MACHINE.read_containers(file).unwrap().containers
    assert [one.damage.partition(" config:")[0] for one in containers] == [
        f"error unmarshalling container {one.id}" for one in containers
    ]
    assert {one.rule for one in findings(MACHINE.read_references(file).unwrap())} == {"documents"}
    assert imported(exported(MACHINE.read_content(file).unwrap())).unwrap() == MACHINE.read_content(file).unwrap()


@pytest.mark.parametrize("file", ["bolt-3.4.7-full", "sqlite-5.0.3-full"], indirect=True)
def test_summaries_tell_no_secret(file: str) -> None:
    held = MACHINE.read_references(file).unwrap()
    summary = msgspec.json.encode(summary_of(held, file))
    containers = msgspec.json.encode(MACHINE.read_containers(file).unwrap())
    everything = exported(MACHINE.read_content(file).unwrap())
    for secret in (b"PATH=", b"CreateCommand", b"/usr/local/sbin"):
        assert secret in everything
        assert secret not in summary
        assert secret not in containers


def test_the_same_records_from_both_kinds(tmp_path: Path) -> None:
    """The two full samples were made by the same commands."""
    shapes: list[object] = []
    for name, content in (("bolt_state.db", DATABASES["bolt-4.3.1-full"]), ("db.sql", SQLITE["sqlite-5.0.3-full"])):
        path = tmp_path / name
        path.write_bytes(content)
        held = MACHINE.read_references(str(path)).unwrap()
        by_id = {one.id: one.name for one in held.containers} | {one.id: one.name for one in held.pods}
        shapes.append(
            (
                sorted(
                    (
                        one.name,
                        one.image,
                        by_id.get(one.pod_key, ""),
                        sorted(by_id[key] for key in one.needs),
                        one.volumes,
                    )
                    for one in held.containers
                ),
                sorted((one.name, sorted(name for _, name in one.members or ())) for one in held.pods),
                [(one.name, [by_id[key] for key in one.users or ()]) for one in held.volumes],
                len(held.sessions),
            )
        )
    assert shapes[0] == shapes[1]


def test_an_empty_content_is_exported() -> None:
    content = Content(StateFile(Backend.BOLT, 32768, 4096, 6, 2))
    assert imported(exported(content)).unwrap() == content
