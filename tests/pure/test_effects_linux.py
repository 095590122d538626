"""The observing half of the real machine, on files made for it."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import time
from pathlib import Path

import pytest
from returns.result import Failure, Success

from pypod.effects.linux import running
from pypod.effects.linux.files import LinuxFiles
from pypod.effects.linux.host import LinuxHost, rfc3339
from pypod.effects.linux.locks import LinuxLocks
from pypod.effects.linux.mounts import filesystem_magic, mount_points
from pypod.effects.linux.process import LinuxProcess
from pypod.pure.facts import DirectoryEntry, FileType, LockSegment
from pypod.pure.failure import HostError
from pypod.pure.locks.layout import MAGIC, layout_of, read_segment

FILES = LinuxFiles()
PROCESS = LinuxProcess()
HOST = LinuxHost()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "directory").mkdir(mode=0o751)
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("directory")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


def test_stat_follows_links_and_look_at_does_not(tree: Path) -> None:
    assert FILES.stat(f"{tree}/link").unwrap().type is FileType.DIRECTORY
    assert FILES.stat(f"{tree}/link").unwrap().mode == 0o751
    assert FILES.look_at(f"{tree}/link").unwrap().type is FileType.LINK
    assert FILES.stat(f"{tree}/file").unwrap().size == 7
    assert FILES.stat(f"{tree}/broken") == Failure(HostError(errno.ENOENT, "stat", f"{tree}/broken"))
    assert FILES.look_at("") == Failure(HostError(errno.ENOENT, "lstat", ""))


def test_refusals_read_as_go_writes_them(tree: Path) -> None:
    missing, directory = f"{tree}/missing", f"{tree}/directory"
    assert FILES.read_file(missing).failure().message == f"open {missing}: no such file or directory"
    assert FILES.read_file(directory).failure().message == f"read {directory}: is a directory"
    assert FILES.read_file(f"{tree}/file/x").failure().message == f"open {tree}/file/x: not a directory"
    assert FILES.read_link(f"{tree}/file").failure().message == f"readlink {tree}/file: invalid argument"
    assert FILES.read_file("a\0b").failure().errno == errno.EINVAL
    assert FILES.read_file("\ud800").failure().errno == errno.EINVAL


def test_what_could_block_is_refused_at_once(tree: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    with listening:
        listening.bind(f"{tree}/socket")
        for name in (f"{tree}/fifo", f"{tree}/socket", "/dev/zero", "/dev/tty"):
            assert FILES.read_file(name) == Failure(HostError(errno.ENXIO, "open", name))
    assert FILES.read_file("/dev/null") == Success(b"")


def test_files_without_a_size_are_read_whole() -> None:
    assert FILES.read_file("/proc/self/status").unwrap().startswith(b"Name:")


def test_a_directory_is_listed_in_the_order_of_bytes(tree: Path) -> None:
    (tree / os.fsdecode(b"\xff")).touch()
    (tree / "é").touch()
    listed = FILES.list_directory(str(tree)).unwrap()
    assert listed[0] == DirectoryEntry("broken", FileType.LINK)
    assert [os.fsencode(entry.name) for entry in listed] == sorted(os.fsencode(entry.name) for entry in listed)
    assert {entry.type for entry in listed} == {FileType.LINK, FileType.DIRECTORY, FileType.FIFO, FileType.FILE}
    assert FILES.list_directory(f"{tree}/file").failure().call == "open"


def test_links_are_resolved_as_the_kernel_does(tree: Path) -> None:
    assert FILES.resolve_links(f"{tree}/link/../link/.") == Success(os.path.realpath(f"{tree}/link"))
    assert FILES.resolve_links(f"{tree}/broken").failure().message == f"lstat {tree}/nowhere: no such file or directory"
    assert FILES.resolve_links(f"{tree}/loop").failure().message == "EvalSymlinks: too many links"
    assert FILES.resolve_links(f"{tree}/file/x").failure().message == "not a directory"
    assert FILES.resolve_links("/") == Success("/")
    assert FILES.resolve_links("/..") == Success("/")
    assert FILES.resolve_links("") == Success(".")


def test_the_magic_number_is_the_filesystems(tree: Path) -> None:
    assert filesystem_magic("/proc") == 0x9FA0
    assert FILES.stat_filesystem("/proc").unwrap().magic == 0x9FA0
    assert FILES.stat_filesystem(f"{tree}/missing").failure().call == "statfs"
    assert filesystem_magic("/dev") == 0x01021994


def test_mount_points_are_those_of_the_kernel() -> None:
    assert "/proc" in mount_points()
    assert FILES.is_mount_point("/proc/") == Success(True)
    assert FILES.is_mount_point("/proc/self") == Success(False)


def test_writing_is_checked_without_writing(tree: Path) -> None:
    assert FILES.check_writable(str(tree)) == Success(None)
    assert FILES.check_writable(f"{tree}/missing").failure().errno == errno.ENOENT


def test_traces_of_fuse_overlayfs_are_found(tree: Path) -> None:
    assert FILES.holds_fuse_overlay_remains(str(tree)) == Success(False)
    (tree / "directory" / ".wh.gone").touch()
    assert FILES.holds_fuse_overlay_remains(str(tree)) == Success(True)


def test_a_program_is_run_for_its_answer(tree: Path) -> None:
    output = PROCESS.run_program(
        ("sh", "-c", "cat; echo $GREETING >&2; exit 3"), b"in", (("GREETING", "hello"),)
    ).unwrap()
    assert (output.status, output.stdout, output.stderr) == (3, b"in", b"hello\n")
    assert PROCESS.run_program(("sh", "-c", "kill -15 $$"), b"", ()).unwrap().signal == 15
    large = bytes(range(256)) * 4096
    assert PROCESS.run_program(("cat",), large, ()).unwrap().stdout == large
    assert PROCESS.run_program(("true",), large, ()).unwrap().status == 0


def test_a_program_that_cannot_be_started_reads_as_in_go(tree: Path) -> None:
    (tree / "broken-format").write_bytes(b"no program")
    (tree / "broken-format").chmod(0o755)

    def said(*argv: str) -> str:
        return PROCESS.run_program(argv, b"", ()).failure().message

    assert said("no-such-program") == 'exec: "no-such-program": executable file not found in $PATH'
    assert said(f"{tree}/missing") == f"fork/exec {tree}/missing: no such file or directory"
    assert said(f"{tree}/file") == f"fork/exec {tree}/file: permission denied"
    assert said(f"{tree}/broken-format") == f"fork/exec {tree}/broken-format: exec format error"
    assert said(f"{tree}/broken-format", "a\0b") == f"fork/exec {tree}/broken-format: invalid argument"


def test_a_program_ends_with_its_time_and_so_does_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LIMIT_SECONDS", 0.3)
    began = time.monotonic()
    output = PROCESS.run_program(("sh", "-c", "sleep 60 & echo $!; exec >&- 2>&-; sleep 60"), b"", ()).unwrap()
    assert output.timed_out
    assert output.signal == 9
    assert time.monotonic() - began < 5
    grandchild = int(output.stdout)
    deadline = time.monotonic() + 5
    while _runs(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(grandchild)


def _runs(pid: int) -> bool:
    state = FILES.read_file(f"/proc/{pid}/stat").value_or(b"0 (x) Z")
    return state.rpartition(b")")[2].split()[0] != b"Z"


def test_output_is_kept_up_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "KEPT_BYTES", 1000)
    assert len(PROCESS.run_program(("sh", "-c", "head -c 500000 /dev/zero"), b"", ()).unwrap().stdout) == 1000


def test_no_descriptor_is_left_open() -> None:
    def count() -> int:
        return len(FILES.list_directory("/proc/self/fd").unwrap())

    before = count()
    PROCESS.run_program(("true",), b"x", ())
    PROCESS.run_program(("/etc",), b"", ())
    FILES.read_file("/etc/passwd")
    FILES.stat_filesystem("/")
    assert count() == before


def test_who_runs() -> None:
    identity = PROCESS.ask_identity().unwrap()
    assert (identity.uid, identity.euid, identity.gid) == (os.getuid(), os.geteuid(), os.getgid())
    assert PROCESS.look_up_user(0).unwrap() is not None
    assert PROCESS.look_up_user(3_999_999_999) == Success(None)
    assert PROCESS.look_up_user(-5) == Success(None)
    assert PROCESS.working_directory() == Success(str(Path.cwd()))
    assert PROCESS.read_variable("PATH") == Success(os.environ["PATH"])
    assert PROCESS.read_variable("NOBODY_SETS_THIS") == Success(None)


def test_processes_are_looked_at() -> None:
    assert PROCESS.is_alive(os.getpid()) == Success(True)
    for pid in (0, -1, 1 << 40, 2**31 - 2):
        assert PROCESS.is_alive(pid) == Success(False)


def test_what_host_this_is() -> None:
    facts = HOST.describe_host().unwrap()
    assert facts.hostname == os.uname().nodename
    assert facts.page_size == os.sysconf("SC_PAGE_SIZE")
    assert len(facts.boot_id) == 36


def test_times_are_written_as_go_does() -> None:
    assert rfc3339(0, 0, 0) == "1970-01-01T00:00:00Z"
    assert rfc3339(0, 120_000_000, 3600) == "1970-01-01T01:00:00.12+01:00"
    assert rfc3339(0, 1, -5 * 3600 - 1800) == "1969-12-31T18:30:00.000000001-05:30"
    assert HOST.read_clock().unwrap()[:2] == "20"


def test_tokens_are_drawn() -> None:
    drawn = {HOST.draw_token(7).unwrap() for _ in range(20)}
    assert len(drawn) > 1
    assert all(len(token) == 7 and set(token) <= set("0123456789abcdef") for token in drawn)


def test_a_missing_bus_reads_as_in_godbus(monkeypatch: pytest.MonkeyPatch, tree: Path) -> None:
    monkeypatch.setattr("pypod.effects.linux.host._BUS", f"{tree}/bus")
    refusal = HOST.session_is_valid(1000).failure()
    assert refusal.message == f"dial unix {tree}/bus: connect: no such file or directory"


def test_the_session_of_the_seat_decides(monkeypatch: pytest.MonkeyPatch, tree: Path) -> None:
    monkeypatch.setattr("pypod.effects.linux.host._BUS", f"{tree}/file")
    monkeypatch.setattr("pypod.effects.linux.host._SEAT", f"{tree}/seat")
    assert HOST.session_is_valid(1000).failure().reason == "No seat 'seat0' known"
    (tree / "seat").write_text("IS_SEAT0=1\nACTIVE=2\nACTIVE_UID=1000\n")
    assert HOST.session_is_valid(1000) == Success(True)
    assert HOST.session_is_valid(1001) == Success(False)


def test_a_segment_is_read_without_being_held(monkeypatch: pytest.MonkeyPatch, tree: Path) -> None:
    monkeypatch.setattr("pypod.effects.linux.locks.SHARED_MEMORY", str(tree))
    assert LinuxLocks().read_lock_segment("/none") == Failure(HostError(errno.ENOENT, "shm_open", "/none"))
    (tree / "segment").write_bytes(b"")
    assert LinuxLocks().read_lock_segment("/segment") == Success(LockSegment(0, 0, 0, 0, 0))


def test_the_layout_is_the_compilers() -> None:
    """Sizes as measured (x86_64) and as the ABI gives them."""
    layout = layout_of("x86_64")
    assert [layout.size(locks) for locks in (32, 64, 2048, 4096)] == [1344, 2632, 82488, 164920]
    assert (layout.counts_offset, layout.header, layout.group, layout.mutex_of(33)) == (
        48,
        56,
        1288,
        56 + 1288 + 8 + 40,
    )
    assert layout_of("aarch64").size(2048) == 98880
    assert layout_of("i386").size(2048) == 49444


def test_the_bits_of_a_segment_are_its_locks() -> None:
    layout = layout_of("x86_64")
    content = bytearray(layout.size(64))
    content[0:2] = MAGIC.to_bytes(2, "little")
    content[48:56] = (2).to_bytes(4, "little") + (64).to_bytes(4, "little")
    content[56:60] = (0b101).to_bytes(4, "little")
    content[56 + 1288 : 60 + 1288] = (1 << 31).to_bytes(4, "little")
    assert read_segment(bytes(content), layout) == LockSegment(MAGIC, 0, 2, 64, 2632, (0, 2, 63))
    assert read_segment(bytes(content[:60]), layout).allocated == ()


def test_other_work_goes_on_while_a_program_is_silent() -> None:
    steps = itertools.count()
    ran = running.run("/bin/sh", ("sh", "-c", "sleep 0.1; echo said"), b"", {}, steps)
    assert (ran.stdout, ran.status) == (b"said\n", 0)
    assert next(steps) > 1


def test_work_that_comes_to_its_end_is_waited_for_no_longer() -> None:
    done: list[int] = []
    ran = running.run("/bin/sh", ("sh", "-c", "sleep 0.1; cat"), b"asked", {}, map(done.append, range(3)))
    assert (ran.stdout, done) == (b"asked", [0, 1, 2])


def test_a_mistake_in_the_other_work_ends_the_program_too() -> None:
    started = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        running.run("/bin/sh", ("sh", "-c", "sleep 4"), b"", {}, (1 // number for number in (1, 0)))
    assert time.monotonic() - started < 3
