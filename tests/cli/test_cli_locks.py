"""``locks``: what is said of this machine's segment, in which form and with which status.  Nothing is taken."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest
from returns.result import Failure, Result, Success

from pypod.cli import output
from pypod.cli.main import main
from pypod.effects.linux.observer import LinuxObserver
from pypod.pure.facts import FileStatus, FileType, LockSegment, Mutex, SegmentLocks
from pypod.pure.failure import HostError
from pypod.pure.locks.layout import MAGIC
from tests.fixtures.state_databases import DATABASES

OWNED = tuple(range(9, 16))
SEGMENT = LockSegment(MAGIC, 0, 64, 2048, 82488, OWNED)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command line for a database of its own and no configuration."""
    monkeypatch.setenv("CONTAINERS_CONF", os.devnull)
    database = tmp_path / "bolt_state.db"
    # The file names /srv/c as the place of the runtime's files, which is not there: the runtime is not up.
    database.write_bytes(DATABASES["bolt-3.4.7-full"])
    return ["locks", "--database", str(database)]


def seen(monkeypatch: pytest.MonkeyPatch, answer: Result[SegmentLocks, HostError]) -> None:
    """Let the machine have such a segment."""

    def read_locks(_machine: LinuxObserver, _name: str, /) -> Result[SegmentLocks, HostError]:
        return answer

    def look_at(machine: LinuxObserver, path: str, /) -> Result[FileStatus, HostError]:
        return (
            Success(FileStatus(FileType.FILE, 0o600)) if path.startswith("/dev/shm/libpod_") else looks(machine, path)
        )

    looks = LinuxObserver.look_at
    monkeypatch.setattr(LinuxObserver, "look_at", look_at)
    monkeypatch.setattr(LinuxObserver, "read_locks", read_locks)


def test_locks_of_a_runtime_that_is_not_up(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    free = LockSegment(MAGIC, 0, 64, 2048, 82488, (1, 2))
    seen(monkeypatch, Success(SegmentLocks(free, (Mutex(13, os.getpid(), os.getpid(), 0x90, os.getpid(), "me"),))))
    assert main(line) == output.DONE
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.startswith("No conflicts.\nLock segment /dev/shm/libpod_")
    assert "82,488 bytes · 2,048 locks: 2 used, 2,046 free, 1 held" in shown.out
    assert f"not allocated, held by process {os.getpid()} (me)" in shown.out
    assert shown.out.rstrip().endswith(": 1-2")


def test_conflicts(line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen(monkeypatch, Success(SegmentLocks(SEGMENT)))
    assert main(line) == output.FAILED
    assert capsys.readouterr().out.startswith("Conflicts: 7.\n")
    assert main([*line, "--format", "json"]) == output.FAILED
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["total"], document["used"], document["free"]) == ("shm", 2048, 7, 2041)
    assert [one["rule"] for one in document["conflicts"]] == ["allocated"] * 7
    assert [one["number"] for one in document["locks"]] == list(OWNED)
    assert document["locks"][0]["owners"] == [{"kind": "volume", "id": "data1", "name": "data1", "lock": 9}]


def test_what_cannot_be_read(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(monkeypatch, Failure(HostError(13, "shm_open", "/libpod_lock")))
    assert main(line) == output.FAILED
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert shown.err.startswith("pypod: cannot look at the locks in /dev/shm/libpod_")
    seen(monkeypatch, Success(SegmentLocks(SEGMENT)))
    Path(line[2]).write_bytes(b"garbage")
    assert main(line) == output.FAILED
    assert "The database cannot be read" in capsys.readouterr().out


def test_a_locked_database_is_not_waited_for(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(monkeypatch, Success(SegmentLocks(SEGMENT)))
    holder = os.open(line[2], os.O_RDWR)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert main(line) == output.FAILED
    finally:
        os.close(holder)
    assert "volume data1" in capsys.readouterr().out


def test_this_machine_is_looked_at_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONTAINERS_CONF", os.devnull)
    root = tmp_path / "root"
    assert main(["--root", str(root), "locks"]) == output.DONE
    assert "There is no database yet" in capsys.readouterr().out
    assert not root.exists()
