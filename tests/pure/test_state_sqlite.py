"""Reading a ``db.sql`` that another process has open: from one moment, without a lock, without touching it."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from returns.result import Failure

from pypod.effects.linux import sqlite as reading
from pypod.effects.linux.observer import LinuxObserver
from pypod.pure.state.facts import Table
from tests.fixtures.state_databases import SQLITE

MACHINE = LinuxObserver()
FULL = SQLITE["sqlite-5.0.3-full"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "db.sql"
    path.write_bytes(FULL)
    return path


def image(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in folder.iterdir()}


def names(path: Path) -> set[str]:
    return {one.name for one in MACHINE.list_containers(str(path)).unwrap()}


def test_reading_changes_nothing(database: Path) -> None:
    before = image(database.parent)
    assert names(database) == {"base", "child", "inpod"}
    assert MACHINE.check_pages(str(database)).unwrap() == ()
    MACHINE.read_content(str(database)).unwrap()
    assert image(database.parent) == before


def test_a_writer_is_not_waited_for(database: Path) -> None:
    """Podman's transactions are exclusive: another reader of SQLite's would wait."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE ContainerConfig SET Name = 'renamed' WHERE Name = 'base'")
        assert names(database) == {"base", "child", "inpod"}
        writer.execute("COMMIT")
    assert names(database) == {"renamed", "child", "inpod"}


def test_a_hot_journal_is_played_back_in_the_copy(database: Path) -> None:
    """What a crash in the middle of a transaction leaves: pages already written, and how they were before."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("PRAGMA cache_spill = 1")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE ContainerConfig SET Name = Name || 'x', JSON = CAST(JSON AS BLOB) || x'20'")
        writer.execute("UPDATE ContainerState SET JSON = zeroblob(60000)")
        assert database.read_bytes() != FULL, "pages were spilled into the file"
        crashed = database.parent / "crashed"
        crashed.mkdir()
        for suffix in ("", "-journal"):
            (crashed / f"db.sql{suffix}").write_bytes(Path(f"{database}{suffix}").read_bytes())
        writer.execute("ROLLBACK")
    before = image(crashed)
    assert names(crashed / "db.sql") == {"base", "child", "inpod"}
    assert image(crashed) == before
    os.unlink(crashed / "db.sql-journal")  # noqa: PTH108 - without its journal the file is torn
    assert names(crashed / "db.sql") != {"base", "child", "inpod"}


def test_a_write_ahead_log_counts(database: Path) -> None:
    """Libpod 4.5 wrote one."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("UPDATE ContainerConfig SET Name = 'renamed' WHERE Name = 'base'")
        assert names(database) == {"renamed", "child", "inpod"}
    assert names(database) == {"renamed", "child", "inpod"}
    assert database.read_bytes()[18:20] == b"\2\2"


def test_every_reading_is_of_one_transaction(database: Path) -> None:
    """A writer swaps two names all the time; no reading sees one of them twice."""
    done = threading.Event()

    def swap() -> None:
        with closing(sqlite3.connect(database, isolation_level=None)) as writer:
            while not done.is_set():
                writer.execute("BEGIN EXCLUSIVE")
                for old, new in (("base", "swap"), ("child", "base"), ("swap", "child")):
                    writer.execute("UPDATE ContainerConfig SET Name = ? WHERE Name = ?", (new, old))
                writer.execute("COMMIT")
                done.wait(0.002)

    writing = threading.Thread(target=swap)
    writing.start()
    try:
        for _ in range(30):
            answer = MACHINE.list_containers(str(database))
            if isinstance(answer, Failure):
                assert answer.failure().errno == errno.EAGAIN
            else:
                assert sorted(one.name for one in answer.unwrap()) == ["base", "child", "inpod"]
    finally:
        done.set()
        writing.join()


def test_a_file_that_changes_all_the_time_is_given_up(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = iter(range(1000))

    def another(_path: str) -> int:
        return next(count)

    monkeypatch.setattr(reading, "_read", another)
    monkeypatch.setattr(reading, "_PAUSE", 0)
    error = MACHINE.read_containers(str(database)).failure()
    assert (error.errno, error.call) == (errno.EAGAIN, "open")


@pytest.mark.parametrize("length", [100, 4096, 20000, 139264 - 4096])
def test_a_cut_file_is_a_failure(database: Path, length: int) -> None:
    os.truncate(database, length)
    for answer in (MACHINE.read_containers(str(database)), MACHINE.read_content(str(database))):
        assert answer.failure().message.startswith("beginning transaction: ")


def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    path = tmp_path / "db.sql"
    path.touch()
    assert MACHINE.read_containers(str(path)).unwrap().containers == ()
    assert MACHINE.read_content(str(path)).unwrap().tables == ()


def test_what_sqlite_finds_is_told(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("DELETE FROM PodConfig WHERE Name = 'web'")
    found = MACHINE.check_pages(str(database)).unwrap()
    assert any("refers to a row of PodConfig that is not there" in text for text in found)


def test_every_kind_of_value(tmp_path: Path) -> None:
    path = tmp_path / "db.sql"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute('CREATE TABLE "a ""b" (x, y PRIMARY KEY)')
        writer.execute('CREATE INDEX i ON "a ""b"(x)')
        values: tuple[object, ...] = (None, 1, -(2**63), 0.1, "é", b"\0\xff", "")
        for number, value in enumerate(values):
            writer.execute('INSERT INTO "a ""b" VALUES (?, ?)', (value, number))
        writer.execute('INSERT INTO "a ""b" VALUES (CAST(x\'ff41\' AS TEXT), 99)')
    content = MACHINE.read_content(str(path)).unwrap()
    assert [table.name for table in content.tables] == ['a "b']
    assert content.others == ('CREATE INDEX i ON "a ""b"(x)',)
    assert [(row[0].storage, row[0].raw) for row in _only(content.tables).rows] == [
        ("null", b""),
        ("integer", b"1"),
        ("integer", b"-9223372036854775808"),
        ("real", b"0.1"),
        ("text", "é".encode()),
        ("blob", b"\0\xff"),
        ("text", b""),
        ("text", b"\xffA"),
    ]


def _only(tables: tuple[Table, ...]) -> Table:
    (table,) = tables
    return table
