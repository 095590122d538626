"""Changing files on the real machine, with the system calls that Go's ``os`` makes for libpod.

What a call answers about the paths it changed is looked at before and after it; a look that fails never keeps the call
from being made.  What was done before a failure stays done, as libpod leaves it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final

from returns.result import Failure, Result, Success

from pypod.effects.linux import calls, descriptors
from pypod.effects.linux.content import content_of
from pypod.effects.linux.entries import changed, entry_at, entry_of, place_of
from pypod.effects.linux.refusal import asked
from pypod.effects.linux.removal import removed, tree_removed
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, Entry, FileType
from pypod.pure.failure import HostError

_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)
_WRITERS: Final = 0o222


class LinuxFilesChanged:
    """The files of this machine, as they are changed."""

    def make_directories(self, path: str, mode: int, /) -> Result[Changed, HostError]:
        made: dict[str, Change] = {}
        failed = _made(path, mode, made)
        return Success(Changed(tuple(made.values()))) if failed is None else Failure(failed)

    def create_file(self, path: str, mode: int, content: bytes, exclusive: bool, /) -> Result[Changed, HostError]:
        access = os.O_RDWR if mode & _WRITERS or content else os.O_RDONLY
        flags = access | os.O_CREAT | (os.O_EXCL if exclusive else 0)
        missing = exclusive or entry_at(path) is None

        def fill(descriptor: int) -> None:
            # Whoever made it meanwhile keeps what is in it.
            if missing and content and not os.fstat(descriptor).st_size:
                calls.write(descriptor, content)

        return _written(path, flags, mode, None, fill) if missing else _opened(path, flags, mode)

    def write_file(self, path: str, mode: int, content: bytes, /) -> Result[Changed, HostError]:
        before = entry_at(path)
        same = before is not None and before.size == len(content) and (not content or _content(path) == content)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        written = _written(path, flags, mode, before, lambda descriptor: calls.write(descriptor, content))
        return written.map(lambda _: NOTHING_CHANGED) if same else written

    def append_file(self, path: str, mode: int, content: bytes, /) -> Result[Changed, HostError]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        before = entry_at(path)
        if before is not None and not content:
            return _opened(path, flags, mode)
        return _written(path, flags, mode, before, lambda descriptor: calls.write(descriptor, content))

    def write_token(self, path: str, token: str, /) -> Result[Changed, HostError]:
        content = token.encode()

        def write(descriptor: int) -> Changed:
            before, held = entry_of(os.fstat(descriptor)), os.pread(descriptor, len(content), 0)
            if calls.write_at(descriptor, content, 0) != len(content):
                raise OSError(errno.ENOSPC, "written in part")
            if held == content:
                return NOTHING_CHANGED
            return Changed((Change(place_of(path), before, entry_of(os.fstat(descriptor))),))

        return _with_file(path, os.O_RDWR, 0, write)

    def remove_file(self, path: str, /) -> Result[Changed, HostError]:
        return asked("remove", path, lambda: removed(path))

    def remove_tree(self, path: str, /) -> Result[Changed, HostError]:
        return tree_removed(path)

    def change_mode(self, path: str, mode: int, /) -> Result[Changed, HostError]:
        return _altered("chmod", path, lambda: calls.change_mode(path, mode))

    def change_owner(self, path: str, uid: int, gid: int, /) -> Result[Changed, HostError]:
        return _altered("chown", path, lambda: calls.change_owner(path, uid, gid))


def _made(path: str, mode: int, made: dict[str, Change]) -> HostError | None:
    """Go's ``os.MkdirAll``: why a directory could not be made, if it could not; those that were made are kept."""
    there = asked("mkdir", path, lambda: os.stat(path))  # noqa: PTH116 - one function a system call
    if not isinstance(there, Failure):
        return None if stat.S_ISDIR(there.unwrap().st_mode) else HostError(errno.ENOTDIR, "mkdir", path)
    plain = path.rstrip("/")
    above, _, name = plain.rpartition("/")
    failed = _made(above, mode, made) if above else None
    if failed is not None:
        return failed
    answer = asked("mkdir", path, lambda: calls.make_directory(path, mode))
    entry = entry_at(path, follow=False)
    if not isinstance(answer, Failure):
        before = made.get(above.rstrip("/"))
        # Below one that was made just now no link is to be looked for.
        place = place_of(path, follow=False) if before is None else f"{before.path}/{name}"
        made[plain] = Change(place, None, entry)
        return None
    return None if entry is not None and entry.type is FileType.DIRECTORY else answer.failure()


def _written(
    path: str, flags: int, mode: int, before: Entry | None, write: Callable[[int], None]
) -> Result[Changed, HostError]:
    """Open a file, fill it, and tell what it is then."""

    def fill(descriptor: int) -> Changed:
        write(descriptor)
        return Changed((Change(place_of(path), before, entry_of(os.fstat(descriptor))),))

    return _with_file(path, flags, mode, fill)


def _opened(path: str, flags: int, mode: int) -> Result[Changed, HostError]:
    """Open a file that is there and close it again: nothing changes, but it can be refused."""
    return _with_file(path, flags, mode, lambda _: NOTHING_CHANGED)


def _with_file(path: str, flags: int, mode: int, use: Callable[[int], Changed]) -> Result[Changed, HostError]:
    opened = asked("open", path, lambda: calls.open_file(path, flags, mode))
    if isinstance(opened, Failure):
        return Failure(opened.failure())
    descriptor = opened.unwrap()
    used = asked("write", path, lambda: use(descriptor))
    # Where a file is on another machine, only its closing tells that it could not be written.
    closed = asked("close", path, lambda: descriptors.close(descriptor))
    return Failure(closed.failure()) if isinstance(closed, Failure) and not isinstance(used, Failure) else used


def _altered(call: str, path: str, alter: Callable[[], None]) -> Result[Changed, HostError]:
    """Whoever takes away the search permission from where they are cannot look again: what is there is held on to."""

    def run() -> Changed:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            place, before = place_of(path), entry_of(os.fstat(descriptor))
            alter()
            return Changed(changed(place, before, entry_of(os.fstat(descriptor))))
        finally:
            os.close(descriptor)

    return asked(call, path, run)


def _content(path: str) -> bytes | None:
    """What is in a file, nothing where that cannot be read."""
    try:
        return content_of(path)
    except OSError:
        return None
