"""Reading a real file: nothing is changed, nobody is waited for, and what cannot be read is a failure with its errno."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from pypod.effects.linux.database import read_database, read_objects
from tests.fixtures.state_databases import DATABASES


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
