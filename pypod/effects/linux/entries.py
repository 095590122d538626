"""What a change tells of a path: the entry before and after it."""

from __future__ import annotations

import os
import stat
from typing import Final

from pypod.pure.facts import Change, Entry, FileType

TYPES: Final = {
    stat.S_IFREG: FileType.FILE,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFLNK: FileType.LINK,
    stat.S_IFIFO: FileType.FIFO,
    stat.S_IFSOCK: FileType.SOCKET,
    stat.S_IFCHR: FileType.CHARACTER,
    stat.S_IFBLK: FileType.BLOCK,
}
"""The type of a file by the bits of its mode."""


def entry_of(found: os.stat_result) -> Entry:
    """An entry as ``stat`` tells it; what a directory takes on the disk is not told."""
    kind = TYPES.get(stat.S_IFMT(found.st_mode), FileType.FILE)
    size = 0 if kind is FileType.DIRECTORY else found.st_size
    return Entry(kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, size)


def entry_at(path: str, *, follow: bool = True) -> Entry | None:
    """What is at a path, nothing where that cannot be looked at."""
    try:
        return entry_of(os.stat(path, follow_symlinks=follow))  # noqa: PTH116 - one function a system call
    except (OSError, ValueError):
        return None


def place_of(path: str, *, follow: bool = True) -> str:
    """The path without links; ``follow``: one as last name too."""
    if follow:
        return os.path.realpath(path)
    directory, _, name = path.rstrip("/").rpartition("/")
    above = os.path.realpath(directory or ("/" if path.startswith("/") else "."))
    return f"{above.rstrip('/')}/{name}"


def changed(path: str, before: Entry | None, after: Entry | None, detail: str = "") -> tuple[Change, ...]:
    """The change of a path, none where it is what it was."""
    return () if before == after and not detail else (Change(path, before, after, detail),)
