"""Locks on this machine: what dies, waits, is interrupted or forks while it holds one.  The segments are our own."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from returns.result import Failure, Success

from pypod.effects.linux import mutex
from pypod.effects.linux import segment as segments
from pypod.effects.linux.held import LinuxLocksHeld
from pypod.effects.linux.locks import LinuxLocks
from pypod.effects.real import library_machine
from pypod.pure.facts import Handle
from pypod.pure.locks.holders import Hold, held_of
from pypod.pure.locks.layout import layout_of
from pypod.pure.vocabulary.changes import AppendFile, ChangeMode, CreateFile, WriteFile, WriteToken
from pypod.pure.vocabulary.files import ReadFile, Stat

LAYOUT = layout_of(os.uname().machine)
COUNTER = itertools.count()
PATIENCE = 20.0


@pytest.fixture
def name() -> Iterator[str]:
    """A segment of 64 locks."""
    name = f"/pypod_example_{os.getpid()}_{next(COUNTER)}"
    assert isinstance(LinuxLocksHeld().create_lock_segment(name, 64), Success)
    yield name
    Path(f"/dev/shm{name}").unlink(missing_ok=True)


@pytest.fixture
def machine() -> LinuxLocksHeld:
    return LinuxLocksHeld()


@pytest.fixture
def mapped(machine: LinuxLocksHeld, name: str) -> Handle:
    return machine.map_lock_segment(name, 64).unwrap()


PRELUDE = """
import os, signal, sys, time
from pypod.effects.linux.held import LinuxLocksHeld
machine = LinuxLocksHeld()
def say(word):
    sys.stdout.write(word + "\\n")
    sys.stdout.flush()
"""


class Other:
    """Another process, which runs some lines after mapping the segment of a name, and says words."""

    def __init__(self, lines: str, *arguments: str) -> None:
        code = PRELUDE + textwrap.dedent(lines)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(segments.__file__).parents[3])},
        )

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ended(self) -> int:
        _, complaints = self.process.communicate(timeout=PATIENCE)
        assert not complaints
        return self.process.returncode


HOLDER = """
handle = machine.map_lock_segment(sys.argv[1], 64).unwrap()
machine.take_lock(handle, 3).unwrap()
say("held")
"""
"""Takes lock 3 and says so."""


def descriptors_open() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def state(name: str, number: int = 3) -> tuple[Hold, bool] | None:
    """How a lock stands, and whether somebody waits for it."""
    held = {one.number: one for one in held_of(LinuxLocks().read_locks(name).unwrap().mutexes)}
    return (held[number].hold, held[number].awaited) if number in held else None


# -- opening


def refusal(name: str, locks: int = 64) -> int:
    answer = LinuxLocksHeld().map_lock_segment(name, locks)
    return answer.failure().errno if isinstance(answer, Failure) else 0


def test_what_cannot_be_opened(name: str, tmp_path: Path) -> None:
    path = Path(f"/dev/shm{name}")
    assert [refusal(name, locks) for locks in (0, 33, 63, 65, 32)] == [errno.EINVAL, 0, 0, errno.ERANGE, errno.ERANGE]
    assert refusal("/pypod_example_nothing") == errno.ENOENT
    link = Path(f"/dev/shm{name}_link")
    link.symlink_to(path)
    try:
        assert refusal(f"{name}_link") == errno.ELOOP
    finally:
        link.unlink()
    whole = path.read_bytes()
    for content, number in ((b"", errno.EBADF), (b"\0" * 100, errno.EBADF), (whole[:40], errno.ERANGE)):
        path.write_bytes(content)
        assert refusal(name) == number
    path.write_bytes(b"\0\0" + whole[2:])
    assert refusal(name, 65) == errno.EBADF
    assert not list(tmp_path.iterdir())


def test_a_segment_that_is_cut_off_kills_nobody(name: str, machine: LinuxLocksHeld) -> None:
    os.truncate(f"/dev/shm{name}", LAYOUT.header + LAYOUT.group)
    handle = machine.map_lock_segment(name, 64).unwrap()
    assert machine.allocate_lock(handle, 31).unwrap().number == 31
    assert machine.allocate_lock(handle, 32).failure().errno == errno.EFAULT
    assert machine.take_lock(handle, 63).failure().errno == errno.EFAULT
    assert machine.free_all_locks(handle).failure().errno == errno.EFAULT


def test_a_segment_that_is_there_is_not_made_again(name: str, machine: LinuxLocksHeld) -> None:
    before = Path(f"/dev/shm{name}").read_bytes()
    assert machine.create_lock_segment(name, 32).failure().errno == errno.EEXIST
    assert Path(f"/dev/shm{name}").read_bytes() == before


def refusing(number: int) -> Callable[..., object]:
    """A call that the kernel refuses."""

    def call(*_arguments: object, **_named: object) -> object:
        raise OSError(number, os.strerror(number))

    return call


def at_first(refused: Iterable[Callable[..., object]], afterwards: Callable[..., object]) -> Callable[..., object]:
    """A call that the kernel refuses a few times."""
    left = iter(refused)

    def call(*arguments: object) -> object:
        return next(left, afterwards)(*arguments)

    return call


REFUSALS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EINTR)


@pytest.mark.parametrize("number", REFUSALS)
@pytest.mark.parametrize(
    "call", ["os.open", "os.ftruncate", "os.posix_fallocate", "mmap.mmap", "initialize", "os.fstat"]
)
def test_nothing_is_left_of_a_segment_that_could_not_be_made(
    machine: LinuxLocksHeld, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    name = f"/pypod_example_{os.getpid()}_refused"
    before = descriptors_open()
    with monkeypatch.context() as patched:
        patched.setattr(f"pypod.effects.linux.segment.{call}", refusing(number))
        assert machine.create_lock_segment(name, 64).failure().errno == number
    assert not Path(f"/dev/shm{name}").exists()
    assert descriptors_open() == before
    assert isinstance(machine.create_lock_segment(name, 64), Success)
    Path(f"/dev/shm{name}").unlink()


@pytest.mark.parametrize("number", REFUSALS)
@pytest.mark.parametrize("call", ["os.open", "os.fstat", "os.pread", "mmap.mmap"])
def test_nothing_is_left_of_a_mapping_that_could_not_be_made(
    machine: LinuxLocksHeld, name: str, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    before = descriptors_open()
    with monkeypatch.context() as patched:
        patched.setattr(f"pypod.effects.linux.segment.{call}", refusing(number))
        assert machine.map_lock_segment(name, 64).failure().errno == number
    assert descriptors_open() == before
    assert machine.map_lock_segment(name, 64).unwrap() == Handle(1, name)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOLCK, errno.EACCES])
@pytest.mark.parametrize("call", ["os.open", "os.fstat", "fcntl.lockf"])
def test_nothing_is_left_of_a_record_lock_that_could_not_be_taken(
    machine: LinuxLocksHeld, lock_file: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    before = descriptors_open()
    with monkeypatch.context() as patched:
        refused = refusing(number)
        if call == "os.fstat":
            # The second look is that of whoever closes: a descriptor that is open can be looked at.
            refused = at_first([refused], os.fstat)
        patched.setattr(f"pypod.effects.linux.recordlocks.{call}", refused)
        assert machine.take_file_lock(str(lock_file), True).failure().errno == number
    assert (kernel_locks(lock_file), descriptors_open()) == ([], before)
    assert isinstance(machine.release_file_lock(machine.take_file_lock(str(lock_file), True).unwrap()), Success)
    assert descriptors_open() == before


def test_the_kernel_is_asked_again_where_it_sees_a_deadlock(
    machine: LinuxLocksHeld, lock_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = at_first([refusing(errno.EDEADLK), refusing(errno.EINTR)], fcntl.lockf)
    monkeypatch.setattr("pypod.effects.linux.recordlocks.fcntl.lockf", again)
    assert isinstance(machine.take_file_lock(str(lock_file), True), Success)
    assert kernel_locks(lock_file) == ["WRITE"]


def test_another_library_does_not_touch_the_mutexes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "interoperable", lambda: False)
    assert refusal(name) == errno.ENOSYS


def test_a_mapping_is_shared_and_given_back(name: str, machine: LinuxLocksHeld) -> None:
    descriptors = descriptors_open()
    first, second = (machine.map_lock_segment(name, 64).unwrap() for _ in range(2))
    lock = machine.take_lock(first, 3).unwrap()
    assert machine.take_lock(second, 3).failure().errno == errno.EDEADLK
    assert machine.unmap_lock_segment(first).failure().errno == errno.EBUSY
    assert isinstance(machine.unmap_lock_segment(second), Success)
    assert isinstance(machine.release_lock(lock), Success)
    assert isinstance(machine.unmap_lock_segment(first), Success)
    assert machine.unmap_lock_segment(first).failure().errno == errno.EBADF
    assert machine.take_lock(first, 3).failure().errno == errno.EBADF
    assert descriptors_open() == descriptors
    assert name not in Path("/proc/self/maps").read_text()


# -- dying


@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit()", "os._exit(0)", "os.execv('/bin/true', ['true'])",
     "handle = machine = None; import gc; gc.collect()"],
)  # fmt: skip
def test_what_a_dead_holder_held_is_taken_over(machine: LinuxLocksHeld, mapped: Handle, name: str, end: str) -> None:
    other = Other(f"{HOLDER}\n{end}", name)
    assert other.said() == "held"
    other.ended()
    assert state(name) == (Hold.ABANDONED, False)
    taken = machine.take_lock(mapped, 3).unwrap()
    assert state(name) == (Hold.HELD, False)
    assert isinstance(machine.release_lock(taken), Success)
    assert state(name) is None


def test_who_waits_for_a_holder_that_is_killed_gets_the_lock(
    machine: LinuxLocksHeld, mapped: Handle, name: str
) -> None:
    other = Other(f"{HOLDER}\ntime.sleep(60)", name)
    assert other.said() == "held"
    threading.Timer(0.3, other.process.kill).start()
    assert isinstance(machine.take_lock(mapped, 3), Success)
    assert other.ended() == -signal.SIGKILL


def test_who_dies_over_the_bitmaps_leaves_them_to_the_next(machine: LinuxLocksHeld, mapped: Handle, name: str) -> None:
    other = Other("""
        from pypod.effects.linux.segment import map_segment
        mapped = map_segment("/dev/shm" + sys.argv[1], 64)
        mapped._set = lambda index, bits: os.kill(os.getpid(), signal.SIGKILL)
        mapped.allocate(None)
        """, name)  # fmt: skip
    assert other.ended() == -signal.SIGKILL
    assert state(name, -1) == (Hold.ABANDONED, False)
    assert machine.allocate_lock(mapped, None).unwrap().number == 0
    assert state(name, -1) is None


def test_a_ruined_lock_is_told(machine: LinuxLocksHeld, mapped: Handle, name: str) -> None:
    other = Other(f"{HOLDER}\nos.kill(os.getpid(), signal.SIGKILL)", name)
    other.ended()
    spoiler = Other("""
        from pypod.effects.linux import mutex
        mutex.consistent = lambda pointer: 0
        handle = machine.map_lock_segment(sys.argv[1], 64).unwrap()
        machine.release_lock(machine.take_lock(handle, 3).unwrap()).unwrap()
        """, name)  # fmt: skip
    assert spoiler.ended() == 0
    for _ in range(2):
        assert machine.take_lock(mapped, 3).failure().errno == errno.ENOTRECOVERABLE
        assert state(name) == (Hold.RUINED, False)
    assert isinstance(machine.take_lock(mapped, 4), Success)


# -- waiting


def test_a_holder_is_waited_for(machine: LinuxLocksHeld, mapped: Handle, name: str) -> None:
    other = Other(f"{HOLDER}\ntime.sleep(0.5)\nsay('released')\nos._exit(0)", name)
    assert other.said() == "held"
    assert isinstance(machine.take_lock(mapped, 3), Success)
    assert other.said() == "released"
    other.ended()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_waiting(machine: LinuxLocksHeld, mapped: Handle, name: str, number: int) -> None:
    taken = machine.take_lock(mapped, 3).unwrap()
    other = Other("""
        def ended(number, frame):
            raise SystemExit(number)
        signal.signal(signal.SIGINT, ended)
        signal.signal(signal.SIGTERM, ended)
        handle = machine.map_lock_segment(sys.argv[1], 64).unwrap()
        say("waits")
        machine.take_lock(handle, 3)
        """, name)  # fmt: skip
    assert other.said() == "waits"
    until(lambda: state(name) == (Hold.HELD, True))
    other.process.send_signal(number)
    assert other.ended() == number
    assert isinstance(machine.release_lock(taken), Success)
    assert isinstance(machine.take_lock(mapped, 3), Success)


def test_an_interrupt_in_the_middle_of_taking_over_ruins_nothing(
    machine: LinuxLocksHeld, mapped: Handle, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Other(f"{HOLDER}\nos.kill(os.getpid(), signal.SIGKILL)", name)
    other.ended()
    taken_over, calls = mutex.consistent, itertools.count()

    def interrupted(pointer: ctypes.c_void_p) -> int:
        if next(calls) == 0:
            raise KeyboardInterrupt
        return taken_over(pointer)

    monkeypatch.setattr(mutex, "consistent", interrupted)
    with pytest.raises(KeyboardInterrupt):
        machine.take_lock(mapped, 3)
    assert state(name) is None
    assert isinstance(machine.take_lock(mapped, 3), Success)


def test_a_handler_that_returns_does_not_end_it(machine: LinuxLocksHeld, mapped: Handle, name: str) -> None:
    taken = machine.take_lock(mapped, 3).unwrap()
    other = Other("""
        signal.signal(signal.SIGTERM, lambda number, frame: say("heard"))
        handle = machine.map_lock_segment(sys.argv[1], 64).unwrap()
        say("waits")
        machine.take_lock(handle, 3).unwrap()
        say("taken")
        """, name)  # fmt: skip
    assert other.said() == "waits"
    until(lambda: state(name) == (Hold.HELD, True))
    other.process.send_signal(signal.SIGTERM)
    assert other.said() == "heard"
    assert isinstance(machine.release_lock(taken), Success)
    assert other.said() == "taken"
    assert other.ended() == 0


def test_threads_wait_for_each_other_and_not_for_themselves(machine: LinuxLocksHeld, mapped: Handle, name: str) -> None:
    taken = machine.take_lock(mapped, 3).unwrap()
    assert machine.take_lock(mapped, 3).failure().errno == errno.EDEADLK
    said: list[str] = []

    def second() -> None:
        assert machine.release_lock(taken).failure().errno == errno.EPERM
        said.append("waits")
        handle = machine.take_lock(mapped, 3).unwrap()
        said.append("taken")
        machine.release_lock(handle).unwrap()

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    until(lambda: state(name) == (Hold.HELD, True))
    until(lambda: said == ["waits"])
    assert isinstance(machine.release_lock(taken), Success)
    thread.join(PATIENCE)
    assert said == ["waits", "taken"]
    assert state(name) is None


def test_a_child_holds_nothing(machine: LinuxLocksHeld, mapped: Handle, name: str) -> None:
    taken = machine.take_lock(mapped, 3).unwrap()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert machine.release_lock(taken).failure().errno == errno.EPERM
            machine.take_lock(mapped, 4).unwrap()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert state(name) == (Hold.HELD, False)
    assert state(name, 4) == (Hold.ABANDONED, False)
    assert isinstance(machine.release_lock(taken), Success)


# -- looking


def test_looking_tells_who_holds_a_lock(machine: LinuxLocksHeld, mapped: Handle, name: str) -> None:
    machine.take_lock(mapped, 40).unwrap()
    machine.allocate_lock(mapped, 41).unwrap()
    seen = LinuxLocks().read_locks(name).unwrap()
    assert seen.segment.allocated == (41,)
    (mutex,) = seen.mutexes
    assert (mutex.number, mutex.process, mutex.command) == (
        40,
        os.getpid(),
        Path("/proc/self/comm").read_text().strip(),
    )


def test_a_segment_whose_maker_died_has_mutexes_that_were_never_made(name: str) -> None:
    path = Path(f"/dev/shm{name}")
    path.write_bytes(path.read_bytes()[: LAYOUT.header].ljust(LAYOUT.size(64), b"\0"))
    held = held_of(LinuxLocks().read_locks(name).unwrap().mutexes)
    assert [(one.number, one.hold) for one in held] == [(number, Hold.UNMADE) for number in range(64)]
    machine = LinuxLocksHeld()
    handle = machine.map_lock_segment(name, 64).unwrap()
    taken = machine.take_lock(handle, 3).unwrap()
    assert machine.take_lock(handle, 3).failure().errno == errno.EDEADLK
    assert isinstance(machine.release_lock(taken), Success)
    assert isinstance(machine.take_lock(handle, 3), Success)


# -- record locks


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.lck"
    path.touch()
    return path


def kernel_locks(path: Path) -> list[str]:
    """``READ`` and ``WRITE`` of the record locks of this process on a file."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [
        line[3]
        for line in lines
        if line[1:3] == ["POSIX", "ADVISORY"]
        and line[4] == str(os.getpid())
        and line[5].endswith(f":{path.stat().st_ino}")
    ]


def test_a_process_has_one_lock_on_a_file_however_often_it_takes_it(machine: LinuxLocksHeld, lock_file: Path) -> None:
    descriptors = descriptors_open()
    beside = lock_file.with_name("link")
    beside.symlink_to(lock_file)
    other = LinuxLocksHeld()
    held = [
        (machine, machine.take_file_lock(str(lock_file), True).unwrap()),
        (machine, machine.take_file_lock(str(lock_file), False).unwrap()),
        (other, other.take_file_lock(str(beside), True).unwrap()),
    ]
    assert [handle.number for _, handle in held] == [1, 2, 1]
    for one, handle in held:
        assert kernel_locks(lock_file) == ["WRITE"]
        assert isinstance(one.release_file_lock(handle), Success)
    assert kernel_locks(lock_file) == []
    assert descriptors_open() == descriptors
    assert machine.release_file_lock(held[0][1]).failure().errno == errno.EBADF


def test_a_reader_becomes_a_writer(machine: LinuxLocksHeld, lock_file: Path) -> None:
    descriptors = descriptors_open()
    reading = machine.take_file_lock(str(lock_file), False).unwrap()
    assert kernel_locks(lock_file) == ["READ"]
    writing = machine.take_file_lock(str(lock_file), True).unwrap()
    assert kernel_locks(lock_file) == ["WRITE"]
    assert isinstance(machine.release_file_lock(reading), Success)
    assert kernel_locks(lock_file) == ["WRITE"]
    assert isinstance(machine.release_file_lock(writing), Success)
    assert (kernel_locks(lock_file), descriptors_open()) == ([], descriptors)


def test_what_is_done_with_a_held_file_does_not_drop_its_lock(lock_file: Path) -> None:
    open_before = descriptors_open()
    machine, path = library_machine(), str(lock_file)
    taken = machine.take_file_lock(path, True).unwrap()
    for effect in (
        CreateFile(path, 0o644),
        ReadFile(path),
        WriteToken(path, "0" * 64),
        WriteToken(path, "0" * 64),
        AppendFile(path, 0o644, b"x"),
        WriteFile(path, 0o644, b"y"),
        ChangeMode(path, 0o600),
        Stat(path),
    ):
        assert isinstance(effect.via(machine), Success)
        assert kernel_locks(lock_file) == ["WRITE"], effect
    assert isinstance(machine.release_file_lock(taken), Success)
    assert (kernel_locks(lock_file), descriptors_open()) == ([], open_before)


def test_a_file_that_is_not_there_is_not_made(machine: LinuxLocksHeld, tmp_path: Path) -> None:
    assert machine.take_file_lock(str(tmp_path / "none"), True).failure().errno == errno.ENOENT
    assert machine.take_file_lock(str(tmp_path), True).failure().errno == errno.EISDIR
    assert list(tmp_path.iterdir()) == []


def test_another_process_waits_for_a_file(machine: LinuxLocksHeld, lock_file: Path) -> None:
    taken = machine.take_file_lock(str(lock_file), True).unwrap()
    other = Other("""
        say("waits")
        machine.take_file_lock(sys.argv[1], False).unwrap()
        say("taken")
        """, str(lock_file))  # fmt: skip
    assert other.said() == "waits"
    until(lambda: "->" in Path("/proc/locks").read_text())
    child = os.fork()
    if child == 0:
        # Its copies are closed, which takes nothing from its parent.
        os._exit(0)
    os.waitpid(child, 0)
    assert kernel_locks(lock_file) == ["WRITE"]
    assert other.process.poll() is None
    assert isinstance(machine.release_file_lock(taken), Success)
    assert other.said() == "taken"
    assert other.ended() == 0


def test_an_interrupt_ends_the_waiting_for_a_file(machine: LinuxLocksHeld, lock_file: Path) -> None:
    taken = machine.take_file_lock(str(lock_file), True).unwrap()
    other = Other("""
        before = os.listdir("/proc/self/fd")
        say("waits")
        try:
            machine.take_file_lock(sys.argv[1], True)
        except KeyboardInterrupt:
            say("closed" if os.listdir("/proc/self/fd") == before else "open")
        """, str(lock_file))  # fmt: skip
    assert other.said() == "waits"
    until(lambda: "->" in Path("/proc/locks").read_text())
    other.process.send_signal(signal.SIGINT)
    assert other.said() == "closed"
    assert other.ended() == 0
    assert isinstance(machine.release_file_lock(taken), Success)


def test_threads_share_a_file_as_readers_and_exclude_each_other_as_writers(
    machine: LinuxLocksHeld, lock_file: Path
) -> None:
    reading = machine.take_file_lock(str(lock_file), False).unwrap()
    said: list[str] = []

    def second() -> None:
        beside = machine.take_file_lock(str(lock_file), False).unwrap()
        machine.release_file_lock(beside).unwrap()
        said.append("read")
        writing = machine.take_file_lock(str(lock_file), True).unwrap()
        said.append("written")
        machine.release_file_lock(writing).unwrap()

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    until(lambda: bool(said))
    time.sleep(0.1)
    assert said == ["read"]
    assert isinstance(machine.release_file_lock(reading), Success)
    thread.join(PATIENCE)
    assert said == ["read", "written"]
    assert kernel_locks(lock_file) == []
