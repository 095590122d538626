"""Replacing a file as a whole on the real machine."""

from __future__ import annotations

import contextlib
import os

from returns.result import Failure, Result

from pypod.effects.linux.refusal import asked
from pypod.effects.linux.steps import write_at
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, Entry, FileType
from pypod.pure.failure import HostError


class LinuxReplacing:
    """A new file in the place of another."""

    def replace_file(self, path: str, mode: int, content: bytes, /) -> Result[Changed, HostError]:
        beside = f"{os.path.dirname(path)}/.tmp-{os.path.basename(path)}{int.from_bytes(os.urandom(4)):d}"  # noqa: PTH119, PTH120
        opened = asked(
            "open", beside, lambda: os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        )
        if isinstance(opened, Failure):
            return opened
        descriptor = opened.unwrap()
        try:
            return asked("rename", path, lambda: _put(descriptor, beside, path, mode, content))
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                os.unlink(beside)  # noqa: PTH108 - one function a system call


def _put(descriptor: int, beside: str, path: str, mode: int, content: bytes) -> Changed:
    """Fill the new file, put it on the disk and give it its name."""
    write_at(descriptor, 0, content)
    os.fchmod(descriptor, mode)
    os.fdatasync(descriptor)
    before, held = _present(path)
    after = _entry(os.fstat(descriptor))
    os.rename(beside, path)  # noqa: PTH104 - one function a system call
    return NOTHING_CHANGED if (before, held) == (after, content) else Changed((Change(path, before, after),))


def _present(path: str) -> tuple[Entry | None, bytes]:
    """What is there before."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None, b""
    try:
        status = os.fstat(descriptor)
        return _entry(status), os.pread(descriptor, status.st_size + 1, 0)
    finally:
        os.close(descriptor)


def _entry(found: os.stat_result) -> Entry:
    return Entry(FileType.FILE, found.st_mode & 0o7777, found.st_uid, found.st_gid, found.st_size)
