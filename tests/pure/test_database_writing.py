"""Writing a real file: bbolt's lock, expectations, what is refused, and faults at every step of a transaction.

Laws of a transaction that is cut short, whatever cut it at whichever step:

1. the file is as before or as after, and sound;
2. where a failure was answered, it is as before;
3. the next transaction works.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from returns.result import Failure

from pypod.effects.linux import transaction
from pypod.effects.linux.steps import performed
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.bolt.check import check
from pypod.pure.bolt.meta import META_SIZE
from pypod.pure.bolt.snapshot import open_snapshot
from pypod.pure.bolt.writes import Step, Sync, Write
from pypod.pure.database.decide import unopened
from pypod.pure.database.facts import (
    TOP_LEVEL,
    Delete,
    EditJson,
    EmptyBucket,
    Expectation,
    ExpectTxid,
    ExpectValue,
    MakeBucket,
    Put,
    SetSequence,
    StateChange,
)
from pypod.pure.database.file import database_of, empty_database
from pypod.pure.database.tree import tree_of
from pypod.pure.failure import HostError, Refused
from tests.fixtures.state_databases import DATABASES

FULL: Final = DATABASES["bolt-3.4.7-full"]
WHOLE: Final = MakeBucket(("spare",))
CHANGES: Final[tuple[StateChange, ...]] = (
    MakeBucket(("spare",)),
    *(Put(("spare",), f"key-{number:04}", bytes(30000)) for number in range(6)),
    Delete(("runtime-config",), "os"),
    EmptyBucket(("exec",)),
)
"""So much that the file grows: every kind of step is among those of the transaction."""


SMALL: Final = (
    empty_database()
    .updated((*(MakeBucket((name,)) for name in TOP_LEVEL), Put(("runtime-config",), "os", b"linux")))
    .unwrap()[0]
    .file
)
"""A file with few free pages."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "libpod" / "bolt_state.db"
    path.parent.mkdir()
    path.write_bytes(FULL)
    return path


def sound(path: Path) -> bytes:
    """The bytes of a file in which nothing is wrong."""
    content = path.read_bytes()
    assert check(open_snapshot(content).unwrap()) == ()
    return content


def value(path: Path, *at: str) -> bytes | None:
    bucket = tree_of(path.read_bytes()).unwrap()[0].at(at[:-1])
    return bucket.get(at[-1]) if bucket is not None else None


def refusal(
    path: Path, changes: tuple[StateChange, ...] = (WHOLE,), expected: tuple[Expectation, ...] = ()
) -> HostError:
    """Why a transaction is refused; the file stays as it was."""
    before = path.read_bytes()
    error = LinuxDatabaseChanges(0.2).update_database(str(path), changes, expected).failure()
    assert path.read_bytes() == before
    return error


def test_a_new_file_is_what_bbolt_makes(tmp_path: Path) -> None:
    path = tmp_path / "bolt_state.db"
    machine = LinuxDatabaseChanges()
    changed = machine.create_database(str(path)).unwrap()
    assert [(one.path, one.before, one.detail) for one in changed.changes] == [(str(path), None, "empty database")]
    assert len(sound(path)) == 16384
    assert path.stat().st_mode & 0o777 == 0o600
    assert machine.create_database(str(path)).unwrap().changes == ()
    made = machine.update_database(str(path), tuple(MakeBucket((name,)) for name in TOP_LEVEL)).unwrap()
    assert [one.detail for one in made.changes] == list(TOP_LEVEL)
    assert len(sound(path)) == 32768


def test_a_file_comes_out_as_the_simulated_kernel_writes_it(database: Path) -> None:
    expected, details = database_of(FULL).unwrap().updated(CHANGES).unwrap()
    changed = LinuxDatabaseChanges().update_database(str(database), CHANGES).unwrap()
    assert sound(database) == expected.file
    assert tuple(one.detail for one in changed.changes) == details


def test_transactions_in_a_row_need_no_second_check(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = LinuxDatabaseChanges()
    assert machine.update_database(str(database), CHANGES).unwrap().changes
    monkeypatch.setattr(transaction, "sound_snapshot", None)
    assert isinstance(machine.update_database(str(database), CHANGES, (ExpectTxid(1),)), Failure)
    expected = database_of(database.read_bytes()).unwrap()
    for number in range(20):
        change = Put(("spare",), f"key-{number:04}", bytes(50 * number))
        assert machine.update_database(str(database), (change,)).unwrap().changes
        expected = expected.updated((change,)).unwrap()[0]
    assert sound(database) == expected.file


def test_a_file_that_another_wrote_meanwhile_is_read_again(database: Path) -> None:
    one, other = LinuxDatabaseChanges(), LinuxDatabaseChanges()
    for number in range(10):
        for machine, name in ((one, "one"), (other, "other")):
            assert machine.update_database(str(database), (Put(("exec",), f"{name}-{number}", b"x"),)).unwrap().changes
    sound(database)
    held = tree_of(database.read_bytes()).unwrap()[0].bucket("exec")
    assert held is not None
    assert len([name for name, _ in held.names() if "one-" in name or "other-" in name]) == 20


def test_a_sequence_is_set(database: Path) -> None:
    assert LinuxDatabaseChanges().update_database(str(database), (SetSequence(("exec",), 7),)).unwrap().changes
    sound(database)
    machine = LinuxDatabaseChanges()
    assert (
        machine.update_database(str(database), (SetSequence(("nowhere",), 7),)).failure().reason == "bucket not found"
    )


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (ExpectTxid(18), "its transaction is 19, expected 18"),
        (ExpectValue(("runtime-config",), "os", b"plan9"), "runtime-config/os has another value"),
        (ExpectValue(("runtime-config",), "os", None), "runtime-config/os is there, expected to be absent"),
        (ExpectValue(("runtime-config",), "oz", b"linux"), "runtime-config/oz is absent"),
        (ExpectValue(("nowhere",), "oz", b"linux"), "nowhere/oz is absent"),
        (ExpectValue((), "ctr", None), "ctr is a bucket"),
    ],
)
def test_an_expectation_that_is_not_met_is_named(database: Path, expected: Expectation, text: str) -> None:
    error = refusal(database, expected=(ExpectTxid(19), expected))
    assert (error.errno, error.reason) == (errno.ESTALE, text)


def test_expectations_that_are_met(database: Path) -> None:
    expected = (ExpectTxid(19), ExpectValue(("runtime-config",), "os", b"linux"), ExpectValue(("ctr",), "x", None))
    assert LinuxDatabaseChanges().update_database(str(database), (WHOLE,), expected).unwrap().changes


@pytest.mark.parametrize("levels", [1, 2])
def test_beside_a_newer_state_nothing_is_written(database: Path, levels: int) -> None:
    newer = database.parents[levels - 1] / "db.sql"
    newer.touch()
    assert refusal(database).reason == f"a newer Podman keeps its state in {newer}; {database} is not written"
    problem = unopened(str(database))(LinuxDatabaseChanges().create_database(str(database)).failure())
    assert isinstance(problem, Refused), "it is not the file that is damaged"


def _big_endian(content: bytes) -> bytes:
    fields = struct.pack(">IIII", 0xED0CDAED, 2, 4096, 0)
    return b"".join(content[at : at + 16] + fields + content[at + 32 : at + 4096] for at in (0, 4096)) + content[8192:]


def _other_pages(_: bytes) -> bytes:
    from pypod.pure.bolt.create import new_database

    return new_database(16384)


def _cut_off(content: bytes) -> bytes:
    return content[:40000]


def _zeroes(content: bytes) -> bytes:
    return bytes(len(content))


def _nothing(_: bytes) -> bytes:
    return b""


def _freed_twice(content: bytes) -> bytes:
    """The root page is called free, in a file with the same checksums."""
    meta = open_snapshot(content).unwrap().meta
    at = meta.freelist * 4096 + 16
    return content[:at] + struct.pack("<Q", meta.root) + content[at + 8 :]


@pytest.mark.parametrize(
    ("spoiled", "text"),
    [
        (_big_endian, "was written by a big-endian machine; it is not written here"),
        (_other_pages, "has pages of 16384 bytes, this machine's have 4096; it is not written here"),
        (_freed_twice, "reachable freed"),
        (_cut_off, "beyond the end of the file"),
        (_zeroes, "invalid database"),
        (_nothing, "invalid database"),
    ],
)
def test_a_file_that_is_not_sound_is_not_written(database: Path, spoiled: Callable[[bytes], bytes], text: str) -> None:
    database.write_bytes(spoiled(FULL))
    assert text in refusal(database).reason


@pytest.mark.parametrize(("kind", "number"), [("folder", errno.EISDIR), ("fifo", errno.EINVAL), ("gone", errno.ENOENT)])
def test_what_is_no_file(tmp_path: Path, kind: str, number: int) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    error = LinuxDatabaseChanges().update_database(str(tmp_path / kind), (WHOLE,)).failure()
    assert (error.errno, error.call) == (number, "open")


def test_who_holds_the_lock_is_named(database: Path) -> None:
    script = "import fcntl,os,sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), 2); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        name = Path(f"/proc/{holder.pid}/comm").read_text().strip()
        started = time.monotonic()
        error = refusal(database)
        assert 0.15 < time.monotonic() - started < 5
        holder.communicate(b"\n")
    assert (error.errno, error.call) == (errno.EAGAIN, "flock")
    assert error.reason.startswith("locked for more than 0.2 seconds")
    if f" {holder.pid} " in Path("/proc/locks").read_text() or "by process" in error.reason:
        assert error.reason.endswith(f"by process {holder.pid} ({name})")
    assert LinuxDatabaseChanges().update_database(str(database), (WHOLE,)).unwrap().changes


def test_a_file_that_is_replaced_while_it_is_waited_for_is_opened_anew(database: Path) -> None:
    holder = os.open(database, os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    other = database.with_name("other")
    other.write_bytes(FULL)

    def replace() -> None:
        other.rename(database)
        os.close(holder)

    replacing = threading.Timer(0.3, replace)
    replacing.start()
    assert LinuxDatabaseChanges(5).update_database(str(database), (Put(("exec",), "a", b"b"),)).unwrap().changes
    replacing.join()
    assert value(database, "exec", "a") == b"b"


def _steps(database: Path) -> list[Step]:
    database.write_bytes(SMALL)
    seen: list[Step] = []

    def noting(descriptor: int, step: Step) -> None:
        seen.append(step)
        performed(descriptor, step)

    assert LinuxDatabaseChanges(perform=noting).update_database(str(database), CHANGES).unwrap().changes
    database.write_bytes(SMALL)
    return seen


def _cut(step: Step) -> Step:
    return Write(step.offset, step.data[: len(step.data) // 2]) if isinstance(step, Write) else step


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("how", ["before the step", "in the middle of the step", "after the step"])
def test_a_fault_at_any_step_leaves_the_former_transaction(database: Path, how: str, number: int) -> None:
    after = database_of(SMALL).unwrap().updated(CHANGES).unwrap()[0].tree
    wanted = _steps(database)
    assert {type(step).__name__ for step in wanted} == {"Resize", "Write", "Sync"}
    for failing in range(len(wanted)):
        taken = iter(range(len(wanted)))

        def faulty(descriptor: int, step: Step, taken: Iterator[int] = taken, failing: int = failing) -> None:
            if next(taken) != failing:
                performed(descriptor, step)
                return
            if how != "before the step":
                performed(descriptor, _cut(step) if how.startswith("in") else step)
            raise OSError(number, "injected")

        machine = LinuxDatabaseChanges(perform=faulty)
        assert machine.update_database(str(database), CHANGES).failure().errno == number
        sound(database)
        assert tree_of(database.read_bytes()).unwrap()[0] == tree_of(SMALL).unwrap()[0]
        machine.perform = performed
        assert machine.update_database(str(database), CHANGES).unwrap().changes
        sound(database)
        assert tree_of(database.read_bytes()).unwrap()[0] == after
        database.write_bytes(SMALL)


@pytest.mark.parametrize("how", ["before the step", "in the middle of the step", "after the step"])
def test_a_kill_at_any_step_leaves_one_of_the_two(database: Path, how: str) -> None:
    before = tree_of(SMALL).unwrap()[0]
    after = database_of(SMALL).unwrap().updated(CHANGES).unwrap()[0].tree
    wanted = _steps(database)
    found = set[bool]()
    for failing in range(len(wanted)):
        child = os.fork()
        if not child:
            taken = iter(range(len(wanted)))

            def deadly(descriptor: int, step: Step, taken: Iterator[int] = taken, failing: int = failing) -> None:
                last = next(taken) == failing
                if not last or how != "before the step":
                    performed(descriptor, _cut(step) if last and how.startswith("in") else step)
                if last:
                    os.kill(os.getpid(), signal.SIGKILL)

            LinuxDatabaseChanges(perform=deadly).update_database(str(database), CHANGES)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        sound(database)
        content = tree_of(database.read_bytes()).unwrap()[0]
        assert content in (before, after)
        found.add(content == after)
        assert LinuxDatabaseChanges(1).update_database(str(database), CHANGES).unwrap().changes
        assert tree_of(database.read_bytes()).unwrap()[0] == after
        database.write_bytes(SMALL)
    assert found == ({False, True} if how == "after the step" else {False} | found)


def test_a_fault_while_a_file_is_made_leaves_an_empty_one(tmp_path: Path) -> None:
    def full(descriptor: int, step: Step) -> None:
        performed(descriptor, _cut(step))
        raise OSError(errno.ENOSPC, "injected")

    path = tmp_path / "bolt_state.db"
    assert LinuxDatabaseChanges(perform=full).create_database(str(path)).failure().errno == errno.ENOSPC
    assert path.stat().st_size == 0
    assert LinuxDatabaseChanges().create_database(str(path)).unwrap().changes
    sound(path)


def test_short_writes_go_on(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.pwrite

    def short(descriptor: int, data: memoryview, offset: int) -> int:
        return whole(descriptor, data[:1000], offset)

    monkeypatch.setattr(os, "pwrite", short)
    assert LinuxDatabaseChanges().update_database(str(database), CHANGES).unwrap().changes
    assert database.read_bytes() == database_of(FULL).unwrap().updated(CHANGES).unwrap()[0].file


def test_data_is_on_the_disk_before_the_meta_page(database: Path) -> None:
    wanted = _steps(database)
    assert wanted[-1] == Sync()
    assert wanted[-3] == Sync()
    last = wanted[-2]
    assert isinstance(last, Write)
    assert last.offset in (0, 4096)
    assert all(step.offset > 4096 + META_SIZE for step in wanted[:-2] if isinstance(step, Write))


def test_a_backup_is_a_copy_of_its_own(database: Path) -> None:
    copy = database.with_name("copy")
    machine = LinuxDatabaseChanges()
    assert machine.back_up_database(str(database), str(copy)).unwrap().paths == (str(copy),)
    assert copy.read_bytes() == FULL
    assert copy.stat().st_mode & 0o777 == 0o600
    assert machine.back_up_database(str(database), str(copy)).failure().errno == errno.EEXIST
    assert machine.back_up_database(str(database), str(copy / "x")).failure().errno == errno.ENOTDIR


def test_an_edit_keeps_what_it_does_not_know(database: Path) -> None:
    held = tree_of(FULL).unwrap()[0].bucket("ctr")
    assert held is not None
    name = next(name for name, _ in held.names())
    before = json.loads(value(database, "ctr", name, "config") or b"")
    edit = EditJson(("ctr", name), "config", (("lockID", 77), ("x-unknown", {"a": [1]})))
    assert LinuxDatabaseChanges().update_database(str(database), (edit,)).unwrap().changes
    assert json.loads(value(database, "ctr", name, "config") or b"") == {
        **before, "lockID": 77, "x-unknown": {"a": [1]},
    }  # fmt: skip
    sound(database)
