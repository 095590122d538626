"""System calls that change something, one function each.  Each raises OSError.

A call that a signal interrupted is made again, as Go's ``os`` does; for ``open``, ``read``, ``write`` and their like the
interpreter does so by itself.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final, TypeVar

MNT_DETACH: Final = 2

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


def open_directory(name: str, directory: int) -> int:
    """``openat`` of a directory within another, for listing; a link is not followed."""
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)


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


def rename(path: str, to: str) -> None:
    """``rename``."""
    _again(lambda: os.rename(path, to))  # noqa: PTH104 - one function a system call


def make_device(path: str, mode: int, device: int) -> None:
    """``mknod`` of a character device."""
    os.mknod(path, mode | stat.S_IFCHR, device)


def set_attribute(path: str, name: str, value: bytes) -> None:
    """``lsetxattr``."""
    _again(lambda: os.setxattr(path, name, value, follow_symlinks=False))


def attribute(path: str, name: str) -> bytes | None:
    """``lgetxattr``; nothing where there is none of that name."""
    try:
        return _again(lambda: os.getxattr(path, name, follow_symlinks=False))
    except OSError as error:
        if error.errno == errno.ENODATA:
            return None
        raise


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """``mount``."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    texts = [os.fsencode(text) for text in (source, target, kind)]
    if library.mount(*texts, ctypes.c_ulong(flags), os.fsencode(data)):
        raise OSError(ctypes.get_errno(), "mount", target)


def unmount(target: str, flags: int) -> None:
    """``umount2``."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.umount2(os.fsencode(target), ctypes.c_int(flags)):
        raise OSError(ctypes.get_errno(), "umount2", target)
