"""The file tree: finding, permissions, making and dropping nodes.

Theory of operation.  ``walk`` follows a path as Linux does (``path_resolution(7)``) and answers the :class:`Place` it
leads to, or an errno.  A key of ``World.nodes`` is canonical, so a path that is a key needs no walking.  Whatever an
open world has to know raises :class:`Unknown`, which only ``step`` catches.

Permissions are checked as the kernel does: the class of the owner, the group or the others, then the capabilities, and
those count only over inodes whose owner is mapped into the user namespace.  For what was seen on a real host, that host
is asked (supplementary groups, access control lists and security modules are its affair).
"""

from __future__ import annotations

import errno
from functools import lru_cache
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.effect import Effect
from pypod.pure.facts import Change, Changed, FilesystemStatus, FileType, Identity
from pypod.pure.failure import HostError
from pypod.pure.table import Table
from pypod.pure.vocabulary.files import CheckWritable, LookAt, ReadLink, StatFilesystem
from pypod.pure.vocabulary.process import AskIdentity, WorkingDirectory
from pypod.pure.world.state import Content, Database, Mount, Node, World

T = TypeVar("T")

CHOWN: Final = 0
DAC_OVERRIDE: Final = 1
DAC_READ_SEARCH: Final = 2
_OVERRIDING: Final = 1 << DAC_OVERRIDE
FOWNER: Final = 3
FSETID: Final = 4
KILL: Final = 5
SYS_ADMIN: Final = 21
SYS_RESOURCE: Final = 24

READ: Final = 4
WRITE: Final = 2
EXECUTE: Final = 1

PAGE: Final = 4096
_LONGEST_NAME: Final = 255
_LONGEST_PATH: Final = 4096
_MOST_LINKS: Final = 40
_NOT_PLAIN: Final = frozenset({"", ".", ".."})
OVERFLOW_ID: Final = 65534

replaced = msgspec.structs.replace
_DIRECTORY: Final = FileType.DIRECTORY
_LINK: Final = FileType.LINK
_OF_FILESYSTEM: Final = (FileType.FILE, _DIRECTORY, _LINK)
"""What is written to its filesystem; pipes, sockets and devices are not."""


class Unknown(Exception):  # noqa: N818 - not an error: what an open world has to ask
    """An open world came to something that it has not been told."""

    def __init__(self, effect: Effect[Any]) -> None:
        super().__init__(effect)
        self.effect = effect


class Place(Struct, frozen=True):
    """Where a path leads: the canonical path, and the node there (``None``: its directory is there, it is not)."""

    path: str
    node: Node | None


def above(path: str) -> str:
    """The directory of a canonical path."""
    return path[: path.rfind("/")] or "/"


def below(directory: str, name: str) -> str:
    """The canonical path of a name in a directory."""
    return f"/{name}" if directory == "/" else f"{directory}/{name}"


# The paths of one run are much like those of another.
@lru_cache(maxsize=4096)
def plain_ancestors(path: str) -> tuple[str, ...]:
    """The directories above a path, the nearest first; none where it is relative or long, or has dots, NUL or empty names."""
    names = path.split("/")[1:]
    plain = path.startswith("/") and "\0" not in path and len(path) < _LONGEST_PATH // 4
    if not plain or any(name in _NOT_PLAIN or len(name) > _LONGEST_NAME // 4 for name in names):
        return ()
    found: list[str] = []
    while path != "/":
        path = above(path)
        found.append(path)
    return tuple(found)


# A run is refused a hundred times, and most often the same way as the run before: answers are values, so they are shared.
@lru_cache(maxsize=4096)
def refusal(number: int, call: str, subject: str) -> Result[Any, HostError]:
    """The failure with that errno."""
    return Failure(HostError(number, call, subject))


def errno_of(failed: Result[Any, HostError]) -> int:
    """The errno of a failure."""
    error: HostError = failed.failure()
    return error.errno


class Tree:
    """The file tree of a world, the part of the kernel that the others build on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._own: Table[str, Node] | None = None
        """The nodes that this kernel made and that nobody else has seen: only those are changed in place."""
        self._searched: dict[str, bool] = {}
        """Whether directories can be reached and searched, as far as it was asked in the world ``_searched_in``."""
        self._searched_in: World | None = None
        self._everywhere = False
        self._mounts: tuple[Mount, ...] = ()
        self._read_only: tuple[str, ...] = ()
        """Where those of them are that cannot be written to, and those that can be full."""
        self._limited: tuple[str, ...] = ()

    def shown(self) -> World:
        """The world for others to see: from here on it stays as it is."""
        self._own = None
        return self.world

    # -- what only a real host knows

    def asked(self, effect: Effect[T]) -> Result[T, HostError]:
        """The answer of the real host."""
        answer = self.world.told.get(effect)
        if answer is None:
            self.unknown(effect)
        return answer

    def unknown(self, effect: Effect[Any]) -> NoReturn:
        raise Unknown(effect)

    # -- who

    def identity(self) -> Identity:
        known = self.world.identity
        if known is not None:
            return known
        return self.asked(AskIdentity()).value_or(Identity())

    def outside_uid(self, uid: int) -> int:
        """The host's id for an id of the process; -1 where it is not mapped."""
        mappings = self.world.mappings
        if mappings is None:
            return uid
        return next((one.outside + uid - one.inside for one in mappings.uids if 0 <= uid - one.inside < one.length), -1)

    def outside_gid(self, gid: int) -> int:
        mappings = self.world.mappings
        if mappings is None:
            return gid
        return next((one.outside + gid - one.inside for one in mappings.gids if 0 <= gid - one.inside < one.length), -1)

    def inside_uid(self, uid: int) -> int:
        """The process's id for an id of the host; -1 where it is not mapped."""
        mappings = self.world.mappings
        if mappings is None:
            return uid
        return next(
            (one.inside + uid - one.outside for one in mappings.uids if 0 <= uid - one.outside < one.length), -1
        )

    def inside_gid(self, gid: int) -> int:
        mappings = self.world.mappings
        if mappings is None:
            return gid
        return next(
            (one.inside + gid - one.outside for one in mappings.gids if 0 <= gid - one.outside < one.length), -1
        )

    def capable(self, capability: int) -> bool:
        return bool(self.identity().capabilities >> capability & 1)

    def capable_over(self, node: Node, capability: int) -> bool:
        """The kernel's ``capable_wrt_inode_uidgid``."""
        if not self.capable(capability):
            return False
        return self.world.mappings is None or (self.inside_uid(node.uid) >= 0 and self.inside_gid(node.gid) >= 0)

    # -- permissions

    def permits(self, node: Node, want: int) -> bool:
        """Whether the mode or a capability permits it (the kernel's ``generic_permission``)."""
        mode = node.mode
        if mode & want * 0o111 == want * 0o111:
            return True
        who = self.identity()
        if self.outside_uid(who.euid) == node.uid:
            mode >>= 6
        elif self.outside_gid(who.egid) == node.gid:
            mode >>= 3
        if mode & want == want:
            return True
        directory = node.type is _DIRECTORY
        if (directory or not want & EXECUTE or node.mode & 0o111) and self.capable_over(node, DAC_OVERRIDE):
            return True
        readable = want in (READ, EXECUTE, READ | EXECUTE) if directory else want == READ
        return readable and self.capable_over(node, DAC_READ_SEARCH)

    def searchable(self, node: Node) -> bool:
        # Most directories may be searched by anybody.
        return node.mode & 0o111 == 0o111 or (self.world.open and node.seen) or self.permits(node, EXECUTE)

    def writable(self, path: str, node: Node) -> int:
        """0, or the errno with which writing to the node itself is refused: EACCES, then EROFS."""
        if self.world.open and node.seen:
            return self._seen_writable(path, node)
        mount = self.mount_of(path) if not self.world.open else None
        # A filesystem that is read-only says so before anybody's permissions are looked at, a mount that is after it.
        if mount is not None and mount.read_only and not mount.bind and node.type in _OF_FILESYSTEM:
            return errno.EROFS
        if not self.permits(node, WRITE):
            return errno.EACCES
        return errno.EROFS if self.read_only(path) and node.type in _OF_FILESYSTEM else 0

    def without_privileges(self, node: Node, mode: int) -> int:
        """A mode without the bits that a change of owner takes away: that of the owner, and that of the group where it counts."""
        if mode & 0o10 or not (self.outside_gid(self.identity().egid) == node.gid or self.capable_over(node, FSETID)):
            return mode & ~0o6000
        return mode & ~0o4000

    def unprivileged(self, node: Node, mode: int) -> int:
        """A mode without the bits that writing to a file takes away, unless one may set them."""
        return mode if self.capable(FSETID) else self.without_privileges(node, mode)

    def leads_into_directory(self, path: str) -> bool:
        """Whether a link at the path leads to a name with a slash at its end."""
        for _ in range(_MOST_LINKS):
            place = self.walk(path, follow=False)
            if isinstance(place, int) or place.node is None or place.node.type is not _LINK:
                return False
            target = self.target_of(place.path, place.node)
            if isinstance(target, int) or target.endswith("/"):
                return not isinstance(target, int)
            path = target if target.startswith("/") else below(above(place.path), target)
        return False

    def _seen_writable(self, path: str, node: Node) -> int:
        if self.world.assumed and not self.permits(node, WRITE):
            return errno.EACCES
        if (self.world.assumed or self.world.mappings is not None) and self.permits(node, WRITE):
            return errno.EROFS if self.read_only(path) else 0
        answer = self.asked(CheckWritable(path))
        return errno_of(answer) if isinstance(answer, Failure) else 0

    def is_immutable(self, path: str, node: Node) -> bool:
        """Whether not even root may change a node; that only a real host tells, of files and directories."""
        if not (self.world.open and node.seen and node.type in (FileType.FILE, _DIRECTORY)):
            return False
        answer = self.asked(CheckWritable(path))
        return isinstance(answer, Failure) and errno_of(answer) == errno.EPERM

    def enterable(self, directory: str) -> int:
        """0, or the errno with which making or dropping a name in the directory is refused: EROFS, then EACCES."""
        node = self.world.nodes[directory]
        if self.world.open and node.seen:
            return self._seen_writable(directory, node)
        if self.read_only(directory):
            return errno.EROFS
        return 0 if self.permits(node, WRITE | EXECUTE) else errno.EACCES

    # -- mounts

    def mount_of(self, path: str) -> Mount | None:
        """The known mount that a canonical path is on."""
        best: Mount | None = None
        length = -1
        for mount in self.world.mounts:
            point = mount.point
            if (
                path.startswith(point)
                and len(point) >= length
                and (point == "/" or len(path) == len(point) or path[len(point)] == "/")
            ):
                best, length = mount, len(point)
        return best

    def mounted_at(self, path: str) -> Mount | None:
        """The known mount at a canonical path, the last of several."""
        return next((mount for mount in reversed(self.world.mounts) if mount.point == path), None)

    def is_covered(self, path: str) -> bool:
        """Whether something was mounted above a canonical path, and so hides what a real host has mounted there."""
        return self.world.open and any(_is_below(path, mount.point) for mount in self.world.mounts)

    def read_only(self, path: str) -> bool:
        if self.world.open:
            answer = self.asked(StatFilesystem(self.nearest_seen(path)))
            return answer.map(_is_read_only).value_or(False)
        self._look_at_mounts()
        if not path.startswith(self._read_only):
            return False
        # It may be; the innermost mount tells.
        mount = self.mount_of(path)
        return mount is not None and mount.read_only

    def _look_at_mounts(self) -> None:
        mounts = self.world.mounts
        if mounts is not self._mounts:
            self._mounts = mounts
            self._read_only = tuple(mount.point for mount in mounts if mount.read_only)
            self._limited = tuple(mount.point for mount in mounts if mount.limit >= 0)

    def nearest_seen(self, path: str) -> str:
        """The path itself, or the directory nearest above it, that was seen on the real host."""
        nodes = self.world.nodes
        while path != "/" and (path not in nodes or not nodes[path].seen):
            path = above(path)
        return path

    def room_for(self, path: str, size: int) -> int:
        """How many of ``size`` bytes a file at the path can hold."""
        self._look_at_mounts()
        mount = self.mount_of(path) if path.startswith(self._limited) else None
        if mount is None or mount.limit < 0:
            return size
        prefix = "/" if mount.point == "/" else mount.point + "/"
        used = sum(
            pages_of(node)
            for other, node in self.world.nodes.items()
            if node.type is FileType.FILE
            and other != path
            and other.startswith(prefix)
            and self.mount_of(other) is mount
        )
        return min(size, max(0, mount.limit - used) * PAGE)

    # -- finding

    def look(self, path: str, over: Node) -> int | None:
        """What is at a canonical path that has no node: ``None`` for nothing, or the errno that looking at it gave."""
        if not self.world.open or over.listed:
            return None
        number = self.world.absent.get(path)
        if number is None:
            self.unknown(LookAt(path))
        return None if number == errno.ENOENT else number

    def target_of(self, path: str, node: Node) -> str | int:
        """The target of a link, or the errno of reading it."""
        if not node.seen:
            return node.target
        answer = self.asked(ReadLink(path))
        return errno_of(answer) if isinstance(answer, Failure) else answer.unwrap()

    def cwd(self) -> str:
        known = self.world.cwd
        return known if known is not None else self.asked(WorkingDirectory()).value_or("/")

    def walk(self, path: str, *, follow: bool = True) -> Place | int:
        """Where a path leads.  ``follow``: a link as last component is followed."""
        world = self.world
        node = world.nodes.get(path)
        if node is None:
            missing = None if world.open else self._missing(path, follow=follow)
            if missing is not None:
                return missing
        elif not follow or node.type is not _LINK:
            return Place(path, node) if self._reachable(path) else errno.EACCES
        if not path:
            return errno.ENOENT
        if "\0" in path:
            return errno.EINVAL
        if len(path) >= _LONGEST_PATH // 4 and len(path.encode("utf-8", "surrogateescape")) >= _LONGEST_PATH:
            return errno.ENAMETOOLONG
        full = path if path[0] == "/" else f"{self.cwd()}/{path}"
        start = self._known_above(full)
        if not self._reachable(start):
            return errno.EACCES
        pending = [part for part in reversed(full[len(start) :].split("/")) if part]
        return self._walk(start, pending, follow, mind_slash=path[-1] == "/")

    def _missing(self, path: str, *, follow: bool) -> Place | int | None:
        """What most walks of a closed world come to: there is nothing below a known directory, or below the one that a link
        leads to.  ``None``: it has to be walked, since the path is not plain, or goes through anything else.
        """
        nodes = self.world.nodes
        child = path
        for directory in plain_ancestors(path):
            over = nodes.get(directory)
            if over is None:
                child = directory
                continue
            if over.type is _DIRECTORY:
                if not self._reachable(child):
                    return errno.EACCES
                return Place(path, None) if child is path else errno.ENOENT
            if over.type is not _LINK or not self._reachable(directory):
                return None
            target = over.target if over.target.startswith("/") else below(above(directory), over.target)
            there = nodes.get(target)
            if there is None or there.type is not _DIRECTORY:
                return None
            return self.walk(target + path[len(directory) :], follow=follow)
        return None

    def _known_above(self, path: str) -> str:
        """The longest beginning of an absolute path that is a key of ``nodes`` and no link, which needs no walking."""
        nodes = self.world.nodes
        while True:
            path = path[: path.rfind("/")] or "/"
            node = nodes.get(path)
            if node is not None and node.type is not _LINK:
                return path

    def _reachable(self, path: str) -> bool:
        """Whether every directory above a canonical path may be searched."""
        world = self.world
        if world is not self._searched_in:
            who = world.identity
            # Root in the namespace of the host: search permission is never an obstacle.
            self._everywhere = who is not None and bool(who.capabilities & _OVERRIDING) and world.mappings is None
            self._searched_in, self._searched = world, {}
        if self._everywhere or path == "/":
            return True
        directory = path[: path.rfind("/")] or "/"
        reached = self._searched.get(directory)
        if reached is None:
            reached = self.searchable(world.nodes[directory]) and self._reachable(directory)
            self._searched[directory] = reached
        return reached

    def _walk(self, here: str, pending: list[str], follow: bool, *, mind_slash: bool) -> Place | int:
        nodes = self.world.nodes
        node = nodes[here]
        links = 0
        while pending:
            name = pending.pop()
            if node.type is not _DIRECTORY:
                return errno.ENOTDIR
            if not self.searchable(node):
                return errno.EACCES
            if name == ".":
                continue
            if name == "..":
                here = above(here)
                node = nodes[here]
                continue
            if len(name) > _LONGEST_NAME // 4 and len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
                return errno.ENAMETOOLONG
            child = below(here, name)
            found = nodes.get(child) or self.look(child, node)
            if found is None:
                return errno.ENOENT if pending else Place(child, None)
            if isinstance(found, int):
                return found
            if found.type is _LINK and (pending or follow or mind_slash):
                links += 1
                if links > _MOST_LINKS:
                    return errno.ELOOP
                target = self.target_of(child, found)
                if isinstance(target, int):
                    return target
                mind_slash = mind_slash or (not pending and target.endswith("/"))
                pending.extend(part for part in reversed(target.split("/")) if part)
                if target.startswith("/"):
                    here, node = "/", nodes["/"]
                continue
            here, node = child, found
        if mind_slash and node.type is not _DIRECTORY:
            return errno.ENOTDIR
        return Place(here, node)

    def found(self, path: str, *, follow: bool = True) -> tuple[str, Node] | int:
        """The canonical path and the node of a path, or the errno: ENOENT where there is none."""
        place = self.walk(path, follow=follow)
        if isinstance(place, int):
            return place
        return errno.ENOENT if place.node is None else (place.path, place.node)

    # -- making and dropping

    def owned(self, directory: str, kind: FileType, mode: int, content: Content = None, size: int = 0) -> Node:
        """A new node of the process in a directory: owner and umask applied, the set-group bit inherited."""
        world = self.world
        who = self.identity()
        over = world.nodes[directory]
        gid = self.outside_gid(who.egid)
        if over.mode & 0o2000:
            foreign = gid != over.gid and not self.capable_over(over, FSETID)
            gid = over.gid
            if kind is _DIRECTORY:
                mode |= 0o2000
            elif mode & 0o2010 == 0o2010 and foreign:
                # Before the umask, which may take the other bit.
                mode &= ~0o2000
        mode &= ~world.umask
        return Node(kind, mode, self.outside_uid(who.euid), gid, size, content)

    def put(self, path: str, node: Node) -> Change:
        """Put a node at a canonical path, in place of the one there."""
        before = self.set(path, node)
        return Change(path, None if before is None else before.entry, node.entry)

    def set(self, path: str, node: Node) -> Node | None:
        """The same, answering the node that was there."""
        nodes = self.world.nodes
        if nodes is not self._own:
            nodes = self._own = Table(nodes)
            self.world = replaced(self.world, nodes=nodes)
        before = nodes.get(path)
        if before is None and path != "/":
            directory = above(path)
            over = nodes[directory]
            nodes.fill(directory, replaced(over, names=over.names | {path[path.rfind("/") + 1 :]}))
        elif node.type is _DIRECTORY:
            # Its mode or its owner may be others than before.
            self._searched.clear()
        nodes.fill(path, node)
        return before

    def drop(self, path: str) -> Change:
        """Take away the node at a canonical path, which has nothing below it."""
        world = self.world
        before = world.nodes[path]
        directory = above(path)
        name = path[path.rfind("/") + 1 :]
        over = world.nodes[directory]
        nodes = world.nodes.without((path,)).set(directory, replaced(over, names=over.names - {name}))
        absent = world.absent.set(path, errno.ENOENT) if world.open else world.absent
        self.world = replaced(world, nodes=nodes, absent=absent)
        return Change(path, before.entry, None)

    def altered(self, path: str, node: Node, detail: str = "") -> Changed:
        """Put a node in the place of another, as an answer."""
        change = self.put(path, node)
        return Changed((replaced(change, detail=detail) if detail else change,))


def _is_below(path: str, directory: str) -> bool:
    return path.startswith(directory.rstrip("/") + "/")


def _is_read_only(status: FilesystemStatus) -> bool:
    return status.read_only


def pages_of(node: Node) -> int:
    """The pages that a file occupies: of a database only those that were written, for the rest of it is a hole."""
    if isinstance(node.content, Database):
        file = node.content.file
        return sum(file.count(0, at, at + PAGE) < len(file[at : at + PAGE]) for at in range(0, len(file), PAGE))
    return -(-node.size // PAGE)
