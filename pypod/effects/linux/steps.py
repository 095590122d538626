"""The steps of a transaction on a file, one function per system call.  Each raises OSError."""

from __future__ import annotations

import errno
import os

from pypod.pure.bolt.writes import Resize, Step, Sync, Write


def performed(descriptor: int, step: Step) -> None:
    """Do one step of a commit."""
    match step:
        case Write(offset, data):
            write_at(descriptor, offset, data)
        case Sync(whole):
            sync(descriptor, whole=whole)
        case Resize(size):
            grow(descriptor, size)


def write_at(descriptor: int, offset: int, data: bytes | bytearray) -> None:
    """``pwrite``, to the last byte."""
    rest = memoryview(data)
    while rest:
        done = os.pwrite(descriptor, rest, offset)
        if not done:
            raise OSError(errno.EIO, "nothing was written")
        rest, offset = rest[done:], offset + done


def sync(descriptor: int, *, whole: bool) -> None:
    """``fsync``, or ``fdatasync`` where the file's size does not matter."""
    if whole:
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def grow(descriptor: int, size: int) -> None:
    """``ftruncate``, never to less than there is: what is beyond may be a newer transaction."""
    if os.fstat(descriptor).st_size < size:
        os.ftruncate(descriptor, size)


def sync_directory(path: str) -> None:
    """``fsync`` of the directory in which a file is, so that its name is on the disk."""
    descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # noqa: PTH120
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
