"""Changing files on the real machine, where something goes wrong at each call.

For each operation, and each system call it makes, that fails with each errno or is the last before the process is killed:
the answer is a failure or what it would have been, no descriptor is left, and the operation done again ends as if nothing
had happened.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from returns.result import Failure, Result, Success

from pypod.effects.linux import descriptors
from pypod.effects.linux.changes import LinuxFilesChanged
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, Entry, FileType
from pypod.pure.failure import HostError
from tests.fixtures.apart import counted_descriptors
from tests.fixtures.failing import failing, killed, refusing

FILES = LinuxFilesChanged()
TOKEN = "0123456789abcdef" * 4

OPERATIONS: dict[str, Callable[[str], Result[Changed, HostError]]] = {
    "make directories": lambda top: FILES.make_directories(f"{top}/new/a/b", 0o751),
    "make a directory": lambda top: FILES.make_directories(f"{top}/d/new", 0o751),
    "create an empty file": lambda top: FILES.create_file(f"{top}/new", 0o644, b"", False),
    "create a file that is there": lambda top: FILES.create_file(f"{top}/f", 0o644, b"", False),
    "write a file": lambda top: FILES.write_file(f"{top}/f", 0o644, b"new"),
    "write a new file": lambda top: FILES.write_file(f"{top}/new", 0o644, b"new"),
    "write a token": lambda top: FILES.write_token(f"{top}/lock", TOKEN),
    "remove a file": lambda top: FILES.remove_file(f"{top}/f"),
    "remove a directory": lambda top: FILES.remove_file(f"{top}/d/empty"),
    "remove a tree": lambda top: FILES.remove_tree(f"{top}/d"),
    "change a mode": lambda top: FILES.change_mode(f"{top}/f", 0o600),
    "change an owner": lambda top: FILES.change_owner(f"{top}/f", os.getuid(), os.getgid()),
}
ERRNOS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.ENOENT)


def _laid(top: Path) -> str:
    for path in ("d/e/f", "d/empty"):
        (top / path).mkdir(parents=True)
    (top / "d/e/f/g").write_bytes(b"deep")
    (top / "d/h").symlink_to("e")
    (top / "f").write_bytes(b"before")
    (top / "lock").write_bytes(b"")
    return str(top)


def _tree(top: str) -> list[tuple[str, int, bytes]]:
    found = sorted(Path(top).rglob("*"))
    return [
        (
            str(path)[len(top) :],
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in found
    ]


@pytest.fixture(name="tops")
def _tops(tmp_path: Path) -> Iterator[str]:
    """One freshly laid tree after the other."""

    def each() -> Iterator[str]:
        for number in range(10000):
            top = tmp_path / str(number)
            top.mkdir()
            yield _laid(top)

    return each()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_that_fails_at_any_call_can_be_done_again(name: str, tops: Iterator[str]) -> None:
    operation, untouched = OPERATIONS[name], next(tops)
    assert isinstance(operation(untouched), Success)
    expected = _tree(untouched)
    for number in ERRNOS:
        at, failed = 0, True
        while failed:
            top = next(tops)
            with counted_descriptors(), failing(at, refusing(number)) as made:
                answer = operation(top)
            failed, at = made.failed, at + 1
            if isinstance(answer, Failure):
                assert answer.failure().errno in (number, errno.ENOTDIR, errno.ENOTEMPTY)
                again = operation(top)
                gone = isinstance(again, Failure) and again.failure().errno == errno.ENOENT and "remove" in name
                assert isinstance(again, Success) or gone
            assert _tree(top) == expected or number == errno.ENOENT
        assert at > 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_interrupted_call_is_made_again(name: str, tops: Iterator[str]) -> None:
    operation, untouched = OPERATIONS[name], next(tops)
    usual = operation(untouched)
    expected = _tree(untouched)
    at, failed = 0, True
    while failed:
        top = next(tops)
        # What the interpreter itself asks again is not interrupted here.
        with failing(at, refusing(errno.EINTR), "mkdir", "unlink", "rmdir", "chmod", "chown") as made:
            answer = operation(top)
        failed, at = made.failed, at + 1
        assert str(answer).replace(top, "") == str(usual).replace(untouched, "")
        assert _tree(top) == expected


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_process_that_is_killed_at_any_call_leaves_what_can_be_gone_on_with(name: str, tops: Iterator[str]) -> None:
    operation, untouched = OPERATIONS[name], next(tops)
    operation(untouched)
    expected = _tree(untouched)
    at, status = 0, -1
    while status:
        top = next(tops)
        child = os.fork()
        if child == 0:
            with failing(at, killed):
                operation(top)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        at += 1
        again = operation(top)
        assert isinstance(again, Success) or again.failure().errno == errno.ENOENT
        assert _tree(top) == expected
    assert at > 1


def test_what_cannot_be_done_is_told_as_go_tells_it(tmp_path: Path) -> None:
    top = _laid(tmp_path)
    assert FILES.make_directories(f"{top}/f/a/b", 0o700) == Failure(HostError(errno.ENOTDIR, "mkdir", f"{top}/f"))
    assert FILES.make_directories("/proc/a/b", 0o700).failure().message == "mkdir /proc/a: no such file or directory"
    assert FILES.create_file(f"{top}/f", 0o644, b"", True).failure().message == f"open {top}/f: file exists"
    assert FILES.write_token(f"{top}/g", TOKEN).failure().message == f"open {top}/g: no such file or directory"
    assert FILES.remove_file(f"{top}/d").failure().message == f"remove {top}/d: directory not empty"
    assert FILES.remove_tree(f"{top}/.").failure().message == f"RemoveAll {top}/.: invalid argument"
    assert FILES.change_mode(f"{top}/g", 0).failure().message == f"chmod {top}/g: no such file or directory"
    assert FILES.change_owner(f"{top}/a\0b", 0, 0).failure().errno == errno.EINVAL


def test_a_change_tells_the_real_path_and_what_was_there(tmp_path: Path) -> None:
    top = _laid(tmp_path)
    before = Entry(FileType.FILE, 0o644, os.getuid(), os.getgid(), 4)
    real = f"{top}/d/e/f/g"
    assert FILES.remove_file(f"{top}/d/h/f/g") == Success(Changed((Change(real, before, None),)))
    assert FILES.write_file(f"{top}/f", 0o644, b"before") == Success(NOTHING_CHANGED)
    assert FILES.create_file(f"{top}/f", 0o644, b"other", False) == Success(NOTHING_CHANGED)
    assert Path(f"{top}/f").read_bytes() == b"before"


def test_a_tree_deeper_than_the_stack_is_removed(tmp_path: Path) -> None:
    os.chdir(tmp_path)
    for _ in range(600):
        os.mkdir("d")  # noqa: PTH102 - the whole path is too long for a call
        os.chdir("d")
    os.chdir("/")
    assert len(FILES.remove_tree(f"{tmp_path}/d").unwrap().changes) == 600
    assert not list(tmp_path.iterdir())


def _is_locked(path: str) -> bool:
    """Whether another process finds the file locked."""
    child = os.fork()
    if child == 0:
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def test_no_change_of_a_locked_file_gives_its_lock_up(tmp_path: Path) -> None:
    path = f"{tmp_path}/lock"
    Path(path).touch()
    with counted_descriptors():
        first, second = (os.open(path, os.O_RDWR) for _ in range(2))
        for descriptor in (first, second):
            fcntl.lockf(descriptor, fcntl.LOCK_SH if descriptor == second else fcntl.LOCK_EX)
            descriptors.keep(descriptor)
        for _ in range(3):
            assert isinstance(FILES.write_token(path, TOKEN), Success)
            assert isinstance(FILES.create_file(path, 0o644, b"", False), Success)
            assert isinstance(FILES.append_file(path, 0o644, b"x"), Success)
            assert _is_locked(path)
        descriptors.give_up(second)
        assert _is_locked(path)
        descriptors.give_up(first)
        assert not _is_locked(path)
