"""Looking at files in the simulated kernel."""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import DirectoryEntry, FileStatus, FilesystemStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.gotext import cleaned
from pypod.pure.vocabulary.files import (
    HoldsFuseOverlayRemains,
    IsMountPoint,
    ListDirectory,
    ReadFile,
    ReadLink,
    Stat,
    StatFilesystem,
)
from pypod.pure.world.state import Node
from pypod.pure.world.tree import (
    OVERFLOW_ID,
    READ,
    Tree,
    below,
    errno_of,
    refusal,
)

_DIRECTORY: Final = FileType.DIRECTORY
_FILE: Final = FileType.FILE
_WAITED_FOR: Final = (FileType.SOCKET, FileType.FIFO, FileType.BLOCK)
"""What is never opened to be read."""
_TMPFS: Final = 0x01021994
_MOST_LINKS: Final = 255
_KERNEL: Final = ("/proc/", "/sys/")


class Looking(Tree):
    """The seeing half of the file operations; errors name the call as Go does."""

    def stat(self, path: str, /) -> Result[FileStatus, HostError]:
        if self.world.open and path.startswith(_KERNEL):
            return self.asked(Stat(path))
        place = self.walk(path)
        if isinstance(place, int):
            return refusal(place, "stat", path)
        return refusal(errno.ENOENT, "stat", path) if place.node is None else Success(self._status(place.node))

    def look_at(self, path: str, /) -> Result[FileStatus, HostError]:
        found = self.found(path, follow=False)
        return refusal(found, "lstat", path) if isinstance(found, int) else Success(self._status(found[1]))

    def _status(self, node: Node) -> FileStatus:
        uid, gid = node.uid, node.gid
        if self.world.mappings is not None:
            uid, gid = self.inside_uid(uid), self.inside_gid(gid)
            uid, gid = OVERFLOW_ID if uid < 0 else uid, OVERFLOW_ID if gid < 0 else gid
        return FileStatus(node.type, node.mode, uid, gid, node.size, node.mtime_ns, node.device, node.inode)

    def bytes_of(self, path: str, node: Node) -> bytes | int:
        """The content of a file at a canonical path, or the errno of reading it."""
        content = node.content
        if isinstance(content, bytes):
            return content
        if content is not None:
            return content.to_bytes()
        if node.seen:
            answer = self.asked(ReadFile(path))
            return errno_of(answer) if isinstance(answer, Failure) else answer.unwrap()
        return b""

    def read_file(self, path: str, /) -> Result[bytes, HostError]:
        if self.world.open and path.startswith(_KERNEL):
            return self.asked(ReadFile(path))
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "open", path)
        place, node = found
        if node.type in _WAITED_FOR:
            return refusal(errno.ENXIO, "open", path)
        if node.type is _DIRECTORY and self.permits(node, READ):
            return refusal(errno.EISDIR, "read", path)
        if node.type is _DIRECTORY or not self.readable(node):
            return refusal(errno.EACCES, "open", path)
        content = self.bytes_of(place, node)
        return refusal(content, "open", path) if isinstance(content, int) else Success(content)

    def readable(self, node: Node) -> bool:
        """Whether a node may be read; of what was seen, the real host tells."""
        return (self.world.open and node.seen) or self.permits(node, READ)

    def entries(self, directory: str, node: Node) -> dict[str, FileType] | int:
        """The names in a directory at a canonical path and their types, or the errno of listing it."""
        nodes = self.world.nodes
        known = {name: nodes[below(directory, name)].type for name in node.names}
        if node.listed:
            return known
        answer: Result[tuple[DirectoryEntry, ...], HostError] = self.asked(ListDirectory(directory))
        if isinstance(answer, Failure):
            return errno_of(answer)
        absent = self.world.absent
        there = {
            entry.name: entry.type
            for entry in answer.unwrap()
            if absent.get(below(directory, entry.name)) != errno.ENOENT
        }
        return there | known

    def list_directory(self, path: str, /) -> Result[tuple[DirectoryEntry, ...], HostError]:
        if self.world.open and path.startswith(_KERNEL):
            return self.asked(ListDirectory(path))
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "open", path)
        place, node = found
        if node.type is not _DIRECTORY:
            return refusal(errno.ENOTDIR, "open", path)
        if not self.readable(node):
            return refusal(errno.EACCES, "open", path)
        entries = self.entries(place, node)
        if isinstance(entries, int):
            return refusal(entries, "open", path)
        return Success(tuple(DirectoryEntry(name, entries[name]) for name in sorted(entries, key=_bytes)))

    def read_link(self, path: str, /) -> Result[str, HostError]:
        if self.world.open and path.startswith(_KERNEL):
            return self.asked(ReadLink(path))
        found = self.found(path, follow=False)
        if isinstance(found, int):
            return refusal(found, "readlink", path)
        place, node = found
        if node.type is not FileType.LINK:
            return refusal(errno.EINVAL, "readlink", path)
        target = self.target_of(place, node)
        return refusal(target, "readlink", path) if isinstance(target, int) else Success(target)

    def resolve_links(self, path: str, /) -> Result[str, HostError]:
        """Go's ``filepath.EvalSymlinks``: lexical ``..`` only where no link precedes it."""
        rooted = path.startswith("/")
        reached = "/" if rooted else ""
        pending = [part for part in reversed(path.split("/")) if part]
        links = 0
        while pending:
            name = pending.pop()
            if name == ".":
                continue
            if name == "..":
                last = reached.rsplit("/", 1)[-1]
                if reached == "/":
                    continue
                if reached and last != "..":
                    reached = (reached.rpartition("/")[0] or "/") if rooted else reached.rpartition("/")[0]
                    continue
            reached = f"{reached}{name}" if reached in ("", "/") else f"{reached}/{name}"
            found = self.found(reached, follow=False)
            if isinstance(found, int):
                return refusal(found, "lstat", reached)
            place, node = found
            if node.type is FileType.LINK:
                links += 1
                if links > _MOST_LINKS:
                    return Failure(HostError(0, "", path, "EvalSymlinks: too many links"))
                target = self.target_of(place, node)
                if isinstance(target, int):
                    return refusal(target, "readlink", reached)
                pending.extend(part for part in reversed(target.split("/")) if part)
                reached = "/" if target.startswith("/") else reached.rpartition("/")[0] or ("/" if rooted else "")
                rooted = rooted or target.startswith("/")
            elif node.type is not _DIRECTORY and pending:
                return refusal(errno.ENOTDIR, "", path)
        return Success(cleaned(reached))

    def stat_filesystem(self, path: str, /) -> Result[FilesystemStatus, HostError]:
        if self.world.open and path.startswith(_KERNEL):
            return self.asked(StatFilesystem(path))
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "statfs", path)
        if self.world.open:
            return self.asked(StatFilesystem(self.nearest_seen(found[0])))
        mount = self.mount_of(found[0])
        return Success(FilesystemStatus(_TMPFS) if mount is None else FilesystemStatus(mount.magic, mount.read_only))

    def check_writable(self, path: str, /) -> Result[None, HostError]:
        found = self.found(path)
        number = found if isinstance(found, int) else self.writable(*found)
        return refusal(number, "access", path) if number else Success(None)

    def is_mount_point(self, path: str, /) -> Result[bool, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return Success(inner_value=False)
        place, node = found
        if self.mounted_at(place) is not None:
            return Success(inner_value=True)
        hidden = not node.seen or self.is_covered(place)
        return Success(inner_value=False) if hidden else self.asked(IsMountPoint(place))

    def holds_fuse_overlay_remains(self, path: str, /) -> Result[bool, HostError]:
        """A closed world has no extended attributes: the name of an entry alone tells."""
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "lstat", path)
        place, node = found
        if node.seen:
            return self.asked(HoldsFuseOverlayRemains(place))
        prefix = place.rstrip("/") + "/"
        return Success(
            any(
                other.startswith(prefix) and other[other.rfind("/") + 1 :].startswith(".wh.")
                for other in self.world.nodes
            )
        )

    def is_empty(self, path: str, node: Node) -> bool:
        """Whether a directory at a canonical path has no entries; one that cannot be listed counts as filled."""
        return not self.entries(path, node)


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
