"""``pypod state import``: what was exported comes back equal, into an empty database, after a backup."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

from pypod.cli import restoring
from pypod.cli.main import main
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.bolt.check import check
from pypod.pure.bolt.snapshot import open_snapshot
from pypod.pure.database.facts import MakeBucket, Put, SetSequence
from tests.fixtures.state_databases import DATABASES

SOUND: Final = ("bolt-3.4.7-full", "bolt-3.4.7-empty", "bolt-3.4.7-namespaces", "bolt-4.3.1-full", "synthetic-branches")


def exported(path: Path) -> Any:
    """Everything that a database contains."""
    out = path.with_suffix(".json")
    assert main(["state", "export", "--database", str(path), "--out", str(out)]) == 0
    return json.loads(out.read_bytes())["content"]


def importing(export: Path, path: Path, *more: str) -> int:
    return main(["state", "import", "--any-podman", "--yes", "--database", str(path), *more, str(export)])


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export with unknown buckets, keys that are not text, and a sequence."""
    (tmp_path / "from").mkdir()
    path = tmp_path / "from" / "bolt_state.db"
    path.write_bytes(DATABASES["bolt-3.4.7-full"])
    changes = (
        MakeBucket(("unknown",)),
        MakeBucket(("unknown", "\udcff inside")),
        SetSequence(("unknown", "\udcff inside"), 2**64 - 1),
        Put(("unknown", "\udcff inside"), "\udc80", b"\xff\x00"),
        SetSequence(("exec",), 5),
    )
    assert LinuxDatabaseChanges().update_database(str(path), changes).unwrap().changes
    exported(path)
    return path.with_suffix(".json")


def test_a_sequence_is_exported(export: Path) -> None:
    assert json.loads(export.read_bytes())["content"]["bucket"]["exec"]["sequence"] == 5


def test_into_a_new_file(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bolt_state.db"
    assert importing(export, path) == 0
    assert capsys.readouterr().out == f"restored 3 containers, 2 pods, 2 volumes into {path}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert check(open_snapshot(path.read_bytes()).unwrap()) == ()
    assert exported(path) == json.loads(export.read_bytes())["content"]


@pytest.mark.parametrize("name", SOUND)
def test_every_database_comes_back_equal(tmp_path: Path, name: str) -> None:
    path = tmp_path / "from.db"
    path.write_bytes(DATABASES[name])
    content = exported(path)
    assert importing(tmp_path / "from.json", tmp_path / "to.db") == 0
    assert exported(tmp_path / "to.db") == content
    assert check(open_snapshot((tmp_path / "to.db").read_bytes()).unwrap()) == ()


def test_into_an_empty_database_after_a_backup(export: Path, tmp_path: Path) -> None:
    path = tmp_path / "bolt_state.db"
    path.write_bytes(DATABASES["bolt-4.3.1-empty"])
    assert importing(export, path) == 0
    backups = list(tmp_path.glob("bolt_state.db.pypod-backup-*"))
    assert [one.read_bytes() for one in backups] == [DATABASES["bolt-4.3.1-empty"]]
    assert backups[0].stat().st_mode & 0o777 == 0o600
    assert exported(path) == json.loads(export.read_bytes())["content"]


def refused(export: Path, path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """Why nothing is restored; nothing is changed in the directory either."""
    before = {one: one.read_bytes() for one in path.parent.iterdir() if one.is_file()}
    capsys.readouterr()
    assert importing(export, path, *more) == 1
    assert {one: one.read_bytes() for one in path.parent.iterdir() if one.is_file()} == before
    return capsys.readouterr().err


def test_not_over_containers(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bolt_state.db"
    path.write_bytes(DATABASES["bolt-3.4.7-namespaces"])
    assert "only an empty database is restored into" in refused(export, path, capsys)


def test_not_beside_a_newer_state(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "db.sql").touch()
    assert f"keeps its state in {tmp_path}/db.sql" in refused(export, tmp_path / "bolt_state.db", capsys)
    assert not (tmp_path / "bolt_state.db").exists()


def test_not_into_a_newer_state(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "only a bolt_state.db is restored" in refused(export, tmp_path / "db.sql", capsys)


def test_not_while_podman_holds_the_lock(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "LOCK_LIMIT", 0.1)
    path = tmp_path / "bolt_state.db"
    path.write_bytes(DATABASES["bolt-3.4.7-empty"])
    holder = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert "locked for more than 0.1 seconds" in refused(export, path, capsys)
    finally:
        os.close(holder)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b"", "not an export"),
        (b"{}", "not an export of pypod-state version 1.0"),
        (b'{"format": "pypod-state", "format_version": "1.0", "database": "boltdb", "file": []}', "expected an object"),
    ],
)
def test_what_is_no_export(tmp_path: Path, capsys: pytest.CaptureFixture[str], document: bytes, text: str) -> None:
    (tmp_path / "document").write_bytes(document)
    assert text in refused(tmp_path / "document", tmp_path / "bolt_state.db", capsys)


def test_an_export_of_the_newer_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = {"size": 1, "page_size": 4096, "pages": 1, "free_pages": 0, "txid": 0, "schema": 1}
    held: dict[str, Any] = {
        "format": "pypod-state",
        "format_version": "1.0",
        "database": "sqlite",
        "file": file,
        "tables": [],
    }
    (tmp_path / "document").write_text(json.dumps({**held, "others": [], "application_id": 0, "user_version": 0}))
    assert "only exports of a bolt_state.db" in refused(tmp_path / "document", tmp_path / "bolt_state.db", capsys)


def test_nobody_is_there_to_be_asked(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bolt_state.db"
    assert main(["state", "import", "--any-podman", "--database", str(path), str(export)]) == 1
    assert "--yes is needed" in capsys.readouterr().err
    assert not path.exists()


def test_a_directory_that_is_not_there(export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert importing(export, tmp_path / "nowhere" / "bolt_state.db") == 1
    assert "no such file or directory" in capsys.readouterr().err
