"""Looking at files on the real machine."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final

from returns.result import Failure, Result, Success

from pypod.effects.linux.content import content_of, input_content
from pypod.effects.linux.entries import TYPES
from pypod.effects.linux.mounts import filesystem_magic, mount_points
from pypod.effects.linux.refusal import asked
from pypod.pure.facts import DirectoryEntry, FileStatus, FilesystemStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.gotext import cleaned

_READ_ONLY: Final = 1
_LINKS: Final = 255
_WALKED: Final = 200_000
_REMAINS: Final = ("user.fuseoverlayfs.", "user.containers.")


def _status(found: os.stat_result) -> FileStatus:
    return FileStatus(
        TYPES.get(stat.S_IFMT(found.st_mode), FileType.FILE), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid,
        found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino,
    )  # fmt: skip


def _entries(descriptor: int) -> tuple[DirectoryEntry, ...]:
    with os.scandir(descriptor) as found:
        entries = [DirectoryEntry(one.name, _entry_type(one)) for one in found]
    return tuple(sorted(entries, key=lambda entry: os.fsencode(entry.name)))


def _entry_type(entry: os.DirEntry[str]) -> FileType:
    if entry.is_symlink():
        return FileType.LINK
    if entry.is_dir(follow_symlinks=False):
        return FileType.DIRECTORY
    if entry.is_file(follow_symlinks=False):
        return FileType.FILE
    return TYPES.get(stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode), FileType.FILE)


def _check_access(path: str) -> None:
    """``access(W_OK)``; Python keeps the errno to itself, so that a refused look is asked once more of the C library."""
    if os.access(path, os.W_OK):
        return
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.access(os.fsencode(path), os.W_OK) != 0:
        raise OSError(ctypes.get_errno(), "access", path)


def walked(path: str, look: Callable[[str], Result[FileStatus, HostError]],
           read: Callable[[str], Result[str, HostError]]) -> Result[str, HostError]:  # fmt: skip
    """Go's ``filepath.EvalSymlinks`` over ``lstat`` and ``readlink``: a failure names the part that could not be looked at."""
    reached = "/" if path.startswith("/") else ""
    parts = path.split("/")[::-1]
    links = 0
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            reached = _above(reached)
            continue
        here = reached + ("" if reached in ("", "/") else "/") + part
        found = look(here)
        if isinstance(found, Failure):
            return found
        status = found.unwrap()
        if status.type is not FileType.LINK:
            if not status.is_directory and parts:
                return Failure(HostError(errno.ENOTDIR, "", path))
            reached = here
            continue
        links += 1
        if links > _LINKS:
            return Failure(HostError(errno.ELOOP, "", path, "EvalSymlinks: too many links"))
        target = read(here)
        if isinstance(target, Failure):
            return target
        written = target.unwrap()
        reached = "/" if written.startswith("/") else reached
        parts.extend(written.split("/")[::-1])
    return Success(cleaned(reached))


def _above(reached: str) -> str:
    head, _, last = reached.rpartition("/")
    if reached == "/":
        return reached
    if not last or last == "..":
        return f"{reached}/.." if reached else ".."
    return head or ("/" if reached.startswith("/") else "")


def _has_remains(path: str) -> bool:
    """Raises OSError with EFBIG when the tree is larger than a look may be."""
    waiting, seen = [path], 0
    while waiting:
        directory = waiting.pop()
        if any(name.startswith(_REMAINS) for name in os.listxattr(directory, follow_symlinks=False)):
            return True
        with os.scandir(directory) as entries:
            for entry in entries:
                seen += 1
                if entry.name.startswith(".wh."):
                    return True
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        if seen > _WALKED:
            raise OSError(errno.EFBIG, "walk", path)
    return False


def standard_input() -> Result[bytes, HostError]:
    """Everything on standard input: what a user gave instead of a file.  It is waited for, unlike any file."""
    return asked("read", "/dev/stdin", input_content)


class LinuxFiles:
    """The files of this machine, as they are seen."""

    def stat(self, path: str, /) -> Result[FileStatus, HostError]:
        return asked("stat", path, lambda: _status(os.stat(path)))  # noqa: PTH116 - one function a system call

    def look_at(self, path: str, /) -> Result[FileStatus, HostError]:
        return asked("lstat", path, lambda: _status(os.lstat(path)))

    def read_file(self, path: str, /) -> Result[bytes, HostError]:
        answer = asked("open", path, lambda: content_of(path))
        # A directory opens; it is the reading of it that fails.
        if isinstance(answer, Failure) and answer.failure().errno == errno.EISDIR:
            return Failure(HostError(errno.EISDIR, "read", path))
        return answer

    def list_directory(self, path: str, /) -> Result[tuple[DirectoryEntry, ...], HostError]:
        return asked("open", path, lambda: self._listed(path))

    def _listed(self, path: str) -> tuple[DirectoryEntry, ...]:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return _entries(descriptor)
        finally:
            os.close(descriptor)

    def read_link(self, path: str, /) -> Result[str, HostError]:
        return asked("readlink", path, lambda: os.readlink(path))  # noqa: PTH115 - one function a system call

    def resolve_links(self, path: str, /) -> Result[str, HostError]:
        return walked(path, self.look_at, self.read_link)

    def stat_filesystem(self, path: str, /) -> Result[FilesystemStatus, HostError]:
        def look() -> FilesystemStatus:
            flags = os.statvfs(path).f_flag
            return FilesystemStatus(filesystem_magic(path), bool(flags & _READ_ONLY))

        return asked("statfs", path, look)

    def check_writable(self, path: str, /) -> Result[None, HostError]:
        return asked("access", path, lambda: _check_access(path))

    def is_mount_point(self, path: str, /) -> Result[bool, HostError]:
        return asked("open", "/proc/self/mountinfo", lambda: cleaned(path) in mount_points())

    def holds_fuse_overlay_remains(self, path: str, /) -> Result[bool, HostError]:
        return asked("lstat", path, lambda: _has_remains(path))
