"""Containers on the real machine: signals through a runtime, pings, waiting; and files that are replaced as a whole."""

from __future__ import annotations

import errno
import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from returns.result import Failure, Success

from pypod.effects.linux.containers import LinuxContainers
from pypod.effects.linux.host import LinuxHost
from pypod.effects.linux.replacing import LinuxReplacing
from pypod.pure.facts import NOTHING_CHANGED, Change, ContainerProcess, Entry, FileType, Mapper, Ran, Waited
from pypod.pure.failure import HostError

MACHINE = LinuxContainers()
REPLACING = LinuxReplacing()
NOBODY = (1 << 22) - 1
PROCESS = ContainerProcess(4711)


@pytest.fixture
def runtime(tmp_path: Path) -> str:
    """A runtime that writes down what it is given, and ends with the number in its last word."""
    program = tmp_path / "runtime"
    program.write_text(
        f'#!/bin/sh\n{{ echo "$@"; /usr/bin/env; }} > {tmp_path}/given\nfor last; do :; done\nexit $last\n'
    )
    program.chmod(0o755)
    return str(program)


def test_a_runtime_gets_its_words_and_one_variable(runtime: str, tmp_path: Path) -> None:
    answer = MACHINE.signal_container((runtime, "kill", "abc", "0"), "/run/user/7", 15, PROCESS)
    assert answer == Success(Ran((Change("/proc/4711", detail="signal 15"),)))
    words, *variables = (tmp_path / "given").read_text().splitlines()
    assert words == "kill abc 0"
    # The shell itself adds where it is.
    assert {one for one in variables if not one.startswith(("PWD=", "SHLVL=", "_="))} == {"XDG_RUNTIME_DIR=/run/user/7"}


def test_a_runtime_that_fails_changed_nothing(runtime: str) -> None:
    assert MACHINE.signal_container((runtime, "kill", "abc", "3"), "", 15, PROCESS) == Success(Ran(status=3))


def test_a_runtime_that_a_signal_ends(tmp_path: Path) -> None:
    program = tmp_path / "dies"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    assert MACHINE.signal_container((str(program),), "", 15, PROCESS) == Success(Ran(signal=9))


def test_a_runtime_that_is_not_there() -> None:
    for ask in (lambda: MACHINE.signal_container(("/nowhere/runc",), "", 15, PROCESS),
                lambda: MACHINE.ask_runtime(("/nowhere/runc",), "")):  # fmt: skip
        assert ask() == Failure(HostError(errno.ENOENT, "fork/exec", "/nowhere/runc"))


def test_a_runtime_is_asked_with_that_variable_alone(runtime: str, tmp_path: Path) -> None:
    output = MACHINE.ask_runtime((runtime, "state", "0"), "/run/x").unwrap()
    assert output.status == 0
    assert "XDG_RUNTIME_DIR=/run/x" in (tmp_path / "given").read_text().splitlines()
    assert "HOME=" not in (tmp_path / "given").read_text()


def test_pings() -> None:
    assert MACHINE.ping_process(os.getpid()) == Success(None)
    assert MACHINE.ping_process(0) == Success(None)
    for pid in (NOBODY, -1, 1 << 40):
        assert MACHINE.ping_process(pid) == Failure(HostError(errno.ESRCH, "kill", str(pid)))


def test_the_end_of_a_process_is_waited_for() -> None:
    child = subprocess.Popen(["/bin/sleep", "0.3"])
    reaper = threading.Thread(target=child.wait)
    reaper.start()
    assert MACHINE.await_end(child.pid, 10_000) == Success(Waited(gone=True))
    reaper.join()


def test_a_process_that_nobody_has_reaped_counts_as_there() -> None:
    child = subprocess.Popen(["/bin/true"])
    time.sleep(0.05)
    assert MACHINE.await_end(child.pid, 150) == Success(Waited(gone=False))
    child.wait()


def test_a_file_is_waited_for(tmp_path: Path) -> None:
    wanted = tmp_path / "exit"
    maker = threading.Timer(0.1, wanted.touch)
    maker.start()
    assert MACHINE.await_file(str(wanted), 10_000) == Success(True)
    maker.join()


def test_a_file_that_does_not_come(tmp_path: Path) -> None:
    assert MACHINE.await_file(str(tmp_path / "exit"), 60) == Success(False)
    blocked = tmp_path / "file"
    blocked.touch()
    path = str(blocked / "exit")
    assert MACHINE.await_file(path, 10_000) == Failure(HostError(errno.ENOTDIR, "stat", path))


def test_a_change_time_is_written_as_the_clock_writes_times(tmp_path: Path) -> None:
    before = LinuxHost().read_clock().unwrap()
    file = tmp_path / "f"
    file.touch()
    os.utime(file, (0, 0))
    changed = MACHINE.read_change_time(str(file)).unwrap()
    assert changed[:17] in (before[:17], LinuxHost().read_clock().unwrap()[:17])
    missing = str(tmp_path / "missing")
    assert MACHINE.read_change_time(missing) == Failure(HostError(errno.ENOENT, "stat", missing))


MAPPING = """
import mmap, sys
file = open(sys.argv[1], "r+b")
held = mmap.mmap(file.fileno(), 0)
print("mapped", flush=True)
sys.stdin.read()
"""


def test_who_has_a_file_mapped(tmp_path: Path) -> None:
    segment = tmp_path / "segment"
    segment.write_bytes(bytes(mmap.PAGESIZE))
    assert MACHINE.find_mappers(str(segment)) == Success(())
    with subprocess.Popen(
        [sys.executable, "-c", MAPPING, str(segment)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mapped\n"
        (found,) = MACHINE.find_mappers(str(segment)).unwrap()
        assert (found.pid, bool(found.name)) == (other.pid, True)
        assert isinstance(found, Mapper)
        other.communicate("")
    with segment.open("r+b") as own, mmap.mmap(own.fileno(), 0):
        assert MACHINE.find_mappers(str(segment)) == Success(())
    assert MACHINE.find_mappers(str(tmp_path / "missing")) == Success(())


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "table.json"
    path = str(file)
    me = (os.getuid(), os.getgid())
    first = REPLACING.replace_file(path, 0o640, b"[]").unwrap()
    assert first.changes == (Change(path, None, Entry(FileType.FILE, 0o640, *me, 2)),)
    inode = file.stat().st_ino
    held = file.open("rb")
    second = REPLACING.replace_file(path, 0o600, b"[1]").unwrap()
    assert second.changes == (Change(path, Entry(FileType.FILE, 0o640, *me, 2), Entry(FileType.FILE, 0o600, *me, 3)),)
    assert file.stat().st_ino != inode
    with held:
        assert held.read() == b"[]"
    assert REPLACING.replace_file(path, 0o600, b"[1]") == Success(NOTHING_CHANGED)
    assert [one.name for one in tmp_path.iterdir()] == ["table.json"]


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    taken = tmp_path / "directory"
    (taken / "inside").mkdir(parents=True)
    refused = REPLACING.replace_file(str(taken), 0o600, b"")
    assert refused.failure().errno in (errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY)
    assert [one.name for one in tmp_path.iterdir()] == ["directory"]
    missing = REPLACING.replace_file(str(tmp_path / "no" / "f"), 0o600, b"")
    assert missing.failure().errno == errno.ENOENT
