"""Reading a real file: nothing is changed, nobody is waited for, and what cannot be read is a failure with its errno."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from pypod.effects.linux.database import read_database, read_objects
from pypod.effects.linux.looked_at import FileContent
from tests.fixtures.state_databases import DATABASES

FULL: Final = DATABASES["bolt-3.4.7-full"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "bolt_state.db"
    path.write_bytes(DATABASES["bolt-3.4.7-full"])
    return path


def test_reading_changes_nothing(database: Path) -> None:
    before = database.stat()
    facts = read_database(str(database)).unwrap()
    assert (facts.txid, facts.page_size, facts.size, len(facts.buckets)) == (19, 4096, 131072, 11)
    assert dict(facts.config or ())["graph-driver-name"] == "vfs"
    assert len(read_objects(str(database)).unwrap().containers) == 3
    after = database.stat()
    assert (after.st_mtime_ns, after.st_atime_ns, after.st_size) == (
        before.st_mtime_ns,
        before.st_atime_ns,
        before.st_size,
    )
    assert database.read_bytes() == DATABASES["bolt-3.4.7-full"]


def test_reading_waits_for_no_lock(database: Path) -> None:
    holder = os.open(database, os.O_RDWR)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert read_database(str(database)).unwrap().txid == 19
    finally:
        os.close(holder)


@pytest.mark.parametrize("length", [0, 100, 4096, 8192, 20000, 65536])
def test_of_a_cut_file_bbolt_tells_or_dies(database: Path, length: int) -> None:
    os.truncate(database, length)
    objects = read_objects(str(database))
    assert objects.failure().errno == (0 if length < 8192 else errno.EFAULT)
    assert objects.failure().reason


@pytest.mark.parametrize(
    ("name", "number"),
    [("missing.db", errno.ENOENT), ("folder", errno.EISDIR), ("fifo", errno.EINVAL), ("\0", errno.EINVAL)],
)
def test_what_is_no_file(tmp_path: Path, name: str, number: int) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    error = read_database(f"{tmp_path}/{name}").failure()
    assert (error.errno, error.call, error.subject) == (number, "open", f"{tmp_path}/{name}")


WRITER: Final = """
import sys
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.database.facts import Put
machine, number = LinuxDatabaseChanges(60), 0
while True:
    number += 1
    machine.update_database(sys.argv[1], (Put(("exec",), f"storm-{number % 9}", b"x" * (number % 50 * 90)),)).unwrap()
    print(number, flush=True)
"""


@pytest.mark.parametrize("copied", [False, True])
def test_a_storm_of_transactions_keeps_no_reader_waiting(
    database: Path, monkeypatch: pytest.MonkeyPatch, copied: bool
) -> None:
    """Every reading is answered, from one transaction, and the writer goes on."""
    monkeypatch.setattr("pypod.effects.linux.database._COPIED", -1.0 if copied else 1.0)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(database)], stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "1\n"
            seen = [read_objects(str(database)) for _ in range(30)]
            facts = [read_database(str(database)) for _ in range(30)]
        finally:
            writer.kill()
    assert {len(one.unwrap().containers) for one in seen} == {3}
    assert facts[-1].unwrap().txid > facts[0].unwrap().txid > 19


def test_a_file_that_changes_all_the_time_under_a_lock_is_given_up(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never two transactions in one answer: with the lock held and a commit after every look there is none."""
    content = bytearray(FULL)
    metas = [bytes(content[:4096]), bytes(content[4096:8192])]
    looks = count()

    def other(*_: object) -> FileContent:
        newest = next(looks) % 2
        database.write_bytes(bytes(4096) * newest + metas[newest] + bytes(4096) * (1 - newest) + FULL[8192:])
        return FileContent(descriptor)

    descriptor = os.open(database, os.O_RDONLY)
    holder = os.open(database, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        monkeypatch.setattr("pypod.effects.linux.database.FileContent", other)
        monkeypatch.setattr("pypod.effects.linux.database.PATIENCE", 0.1)
        error = read_database(str(database)).failure()
    finally:
        os.close(descriptor)
        os.close(holder)
    assert (error.errno, error.call) == (errno.EAGAIN, "open")
