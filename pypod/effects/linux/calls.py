"""System calls that change something, one function each.  Each raises OSError.

A call that a signal interrupted is made again, as Go's ``os`` does; for ``open``, ``read``, ``write`` and their like the
interpreter does so by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def _again(call: Callable[[], T]) -> T:
    while True:
        try:
            return call()
        except InterruptedError:
            continue


def make_directory(path: str, mode: int) -> None:
    """``mkdir``."""
    _again(lambda: os.mkdir(path, mode))  # noqa: PTH102 - one function a system call


def open_file(path: str, flags: int, mode: int = 0) -> int:
    """``open``, closed on exec.  A FIFO is not waited for and a terminal not made ours."""
    return os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, mode)


def open_directory(path: str, directory: int | None = None) -> int:
    """``openat`` for listing.  Within a directory a link is not followed."""
    follow = 0 if directory is None else os.O_NOFOLLOW
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | follow, dir_fd=directory)


def write(descriptor: int, content: bytes) -> None:
    """``write``, to the last byte."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_at(descriptor: int, content: bytes, offset: int) -> int:
    """``pwrite``, once: how much was written."""
    return os.pwrite(descriptor, content, offset)


def unlink(path: str, directory: int | None = None) -> None:
    """``unlinkat``."""
    _again(lambda: os.unlink(path, dir_fd=directory))


def remove_directory(path: str, directory: int | None = None) -> None:
    """``unlinkat`` with ``AT_REMOVEDIR``."""
    _again(lambda: os.rmdir(path, dir_fd=directory))


def change_mode(path: str, mode: int) -> None:
    """``chmod``."""
    _again(lambda: os.chmod(path, mode))  # noqa: PTH101 - one function a system call


def change_owner(path: str, uid: int, gid: int) -> None:
    """``chown``."""
    _again(lambda: os.chown(path, uid, gid))
