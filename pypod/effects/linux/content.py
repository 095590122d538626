"""Reading a file whole, without ever waiting for one."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from pypod.effects.linux import descriptors

_NULL_DEVICE: Final = os.makedev(1, 3)
_FIRST: Final = 1 << 14
"""So much is asked for first, in bytes: the kernel allots, and clears, what a read of one of its switches asks for."""
_CHUNK: Final = 1 << 20
MOST: Final = 1 << 28
"""The largest file that is read whole, in bytes: far more than any that libpod reads, and far less than the memory."""


def content_of(path: str) -> bytes:
    """Everything in a file; raises OSError, EFBIG for more than :data:`MOST`.

    Files of ``/proc`` tell no size, so it reads to the end.  A FIFO or a device is refused (ENXIO) before it is
    opened: to open one can block, and can have effects.  Only the null device is empty.
    """
    refuse_special(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        size = os.fstat(descriptor).st_size
        if size > MOST:
            raise OSError(errno.EFBIG, "larger than any file that is read whole", path)
        return _to_the_end(descriptor, max(_FIRST, size + 1))
    finally:
        descriptors.close(descriptor)


def refuse_special(path: str) -> None:
    """Raise ENXIO for what a read could wait for."""
    status = os.stat(path)  # noqa: PTH116 - one function a system call
    kind = stat.S_IFMT(status.st_mode)
    if kind in (stat.S_IFIFO, stat.S_IFBLK, stat.S_IFSOCK) or (kind == stat.S_IFCHR and status.st_rdev != _NULL_DEVICE):
        raise OSError(errno.ENXIO, "not a regular file", path)


def _to_the_end(descriptor: int, first_read: int = _FIRST) -> bytes:
    first = os.read(descriptor, first_read)
    if not first:
        return first
    chunks = [first]
    size = len(first)
    while chunk := os.read(descriptor, _CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST:
            raise OSError(errno.EFBIG, "larger than any file that is read whole")
    return b"".join(chunks) if len(chunks) > 1 else first


def input_content() -> bytes:
    """Everything on standard input, waiting for it as a command does; raises OSError."""
    return _to_the_end(0)
