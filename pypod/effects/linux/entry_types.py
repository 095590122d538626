"""Whether a filesystem tells the types of directory entries: overlay relies on it (containers/storage ``SupportsDType``)."""

from __future__ import annotations

import ctypes
import os
from typing import Final

from pypod.effects.linux import calls

_UNKNOWN: Final = 0
_TYPE_AT: Final = 18
"""Where the type is in ``struct dirent64``: after inode, offset and length of the record."""


def tells_types(directory: str) -> bool:
    """Whether each entry of an empty directory has a type.  A file is made in it for that, and removed; raises OSError."""
    dummy = f"{directory}/fsutils-dummy{int.from_bytes(os.urandom(4))}"
    os.close(calls.open_file(dummy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        return _UNKNOWN not in _types(directory)
    finally:
        calls.unlink(dummy)


def _types(directory: str) -> list[int]:
    library = ctypes.CDLL(None, use_errno=True)
    library.opendir.restype = ctypes.c_void_p
    # musl has one of the two, which is the other.
    read = library.readdir64 if hasattr(library, "readdir64") else library.readdir
    read.restype = ctypes.c_void_p
    stream = ctypes.c_void_p(library.opendir(os.fsencode(directory)))
    if stream.value is None:
        raise OSError(ctypes.get_errno(), "opendir", directory)
    types = list[int]()
    try:
        while True:
            ctypes.set_errno(0)
            entry = read(stream)
            if not entry:
                break
            types.append(ctypes.string_at(entry + _TYPE_AT, 1)[0])
        if ctypes.get_errno():
            raise OSError(ctypes.get_errno(), "readdir", directory)
    finally:
        library.closedir(stream)
    return types
