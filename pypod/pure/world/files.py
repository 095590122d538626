"""Changing files in the simulated kernel.

What a change did before it failed stays done, as on a real host: a file that could be created but not filled is there.
"""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, FileType
from pypod.pure.failure import HostError
from pypod.pure.world.looking import Looking
from pypod.pure.world.state import Node
from pypod.pure.world.tree import CHOWN, FOWNER, FSETID, READ, Place, above, below, refusal, replaced

_DIRECTORY: Final = FileType.DIRECTORY
_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)
_DOTS: Final = {".": errno.EINVAL, "..": errno.ENOTEMPTY}
"""Names that are no entries, and what removing them gives."""
_OPENED = tuple[str, Node, bool]


class Files(Looking):
    """The changing half of the file operations."""

    # -- directories

    def make_directories(self, path: str, mode: int, /) -> Result[Changed, HostError]:
        missing: list[str] = []
        level = path
        while level or not missing:
            place = self.walk(level)
            if isinstance(place, Place) and place.node is not None:
                if place.node.type is not _DIRECTORY:
                    return refusal(errno.ENOTDIR, "mkdir", level)
                break
            missing.append(level)
            level = level[: max(level.rfind("/", 0, len(level.rstrip("/"))), 0)]
        if not missing:
            return _NOTHING
        made: list[Change] = []
        for one in reversed(missing):
            outcome = self._make_directory(one.rstrip("/") or one, mode)
            if not isinstance(outcome, int):
                made.append(outcome)
                continue
            there = self.found(one, follow=False)
            if not (isinstance(there, tuple) and there[1].type is _DIRECTORY):
                return refusal(outcome, "mkdir", one)
        return Success(Changed(tuple(made)))

    def _make_directory(self, path: str, mode: int) -> Change | int:
        place = self.walk(path, follow=False)
        if isinstance(place, int):
            return place
        if place.node is not None:
            return errno.EEXIST
        directory = above(place.path)
        refused = self.enterable(directory)
        return refused or self.put(place.path, self.owned(directory, _DIRECTORY, mode & 0o1777))

    # -- files

    def _opened(self, path: str, mode: int, *, exclusive: bool = False, truncate: bool = False) -> _OPENED | int:
        """``open`` for writing with O_CREAT: the canonical path, the node, and whether it is a new one, which the caller
        puts there, filled or empty.
        """
        if path.endswith("/") and _last(path) not in _DOTS:
            over = self.found(path.rstrip("/").rpartition("/")[0] + "/")
            if isinstance(over, int):
                return over
            return errno.EISDIR if self.searchable(over[1]) else errno.EACCES
        place = self.walk(path, follow=not exclusive)
        if isinstance(place, int):
            return place
        where, node = place.path, place.node
        if node is None:
            directory = above(where)
            refused = self.enterable(directory)
            if refused:
                return refused
            return where, self.owned(directory, FileType.FILE, mode & 0o7777, b""), True
        if exclusive:
            return errno.EEXIST
        return self._writing(where, node, truncate=truncate) or (where, node, False)

    def _writing(self, where: str, node: Node, *, truncate: bool = False) -> int:
        """0, or the errno with which an existing node is not opened for writing."""
        if node.type is _DIRECTORY:
            return errno.EISDIR
        if node.type is FileType.SOCKET:
            return errno.ENXIO
        refused = self.writable(where, node)
        if refused == errno.EACCES and truncate and not self.world.open and self.read_only(where):
            return errno.EROFS
        return refused

    def _filled(self, path: str, opened: _OPENED, content: bytes) -> Result[Changed, HostError]:
        """The file with this content, or with as much of it as there is room for."""
        where, node, _ = opened
        room = self.room_for(where, len(content))
        change = self.put(where, replaced(node, content=content[:room], size=room, seen=False))
        if room < len(content):
            return refusal(errno.ENOSPC, "write", path)
        return Success(Changed((change,)))

    def create_file(self, path: str, mode: int, content: bytes, exclusive: bool, /) -> Result[Changed, HostError]:
        opened = self._opened(path, mode, exclusive=exclusive)
        if isinstance(opened, int):
            return refusal(opened, "open", path)
        return self._filled(path, opened, content) if opened[2] else _NOTHING

    def write_file(self, path: str, mode: int, content: bytes, /) -> Result[Changed, HostError]:
        opened = self._opened(path, mode, truncate=True)
        if isinstance(opened, int):
            return refusal(opened, "open", path)
        where, node, created = opened
        if not created and self.bytes_of(where, node) == content:
            return _NOTHING
        return self._filled(path, opened, content)

    def append_file(self, path: str, mode: int, content: bytes, /) -> Result[Changed, HostError]:
        opened = self._opened(path, mode)
        if isinstance(opened, int):
            return refusal(opened, "open", path)
        where, node, created = opened
        if not (content or created):
            return _NOTHING
        before = self.bytes_of(where, node)
        return self._filled(path, opened, (b"" if isinstance(before, int) else before) + content)

    def write_token(self, path: str, token: str, /) -> Result[Changed, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "open", path)
        where, node = found
        refused = self._writing(where, node)
        if refused or not (node.seen or self.permits(node, READ)):
            return refusal(refused or errno.EACCES, "open", path)
        before = self.bytes_of(where, node)
        after = token.encode() + (b"" if isinstance(before, int) else before)[len(token) :]
        return _NOTHING if before == after else self._filled(path, (where, node, False), after)

    def replace_file(self, path: str, mode: int, content: bytes, /) -> Result[Changed, HostError]:
        place = self.walk(path, follow=False)
        if isinstance(place, int):
            return refusal(place, "open", path)
        where, node = place.path, place.node
        refused = self.enterable(above(where))
        if refused:
            return refusal(refused, "open", path)
        if node is not None and node.type is _DIRECTORY:
            return refusal(errno.EEXIST, "rename", path)
        if self.room_for(where, len(content)) < len(content):
            return refusal(errno.ENOSPC, "write", path)
        fresh = replaced(self.owned(above(where), FileType.FILE, 0, content, len(content)), mode=mode & 0o7777)
        if node is not None and node.entry == fresh.entry and self.bytes_of(where, node) == content:
            return _NOTHING
        return Success(Changed((self.put(where, fresh),)))

    # -- removing

    def remove_file(self, path: str, /) -> Result[Changed, HostError]:
        place = self.walk(path.rstrip("/") or path, follow=False)
        if isinstance(place, int):
            return refusal(place, "remove", path)
        if _last(path) in _DOTS:
            return refusal(_DOTS[_last(path)], "remove", path)
        if path.endswith("/") and place.node is not None and place.node.type is not _DIRECTORY:
            return refusal(errno.ENOTDIR, "remove", path)
        outcome = self._removed(place)
        return refusal(outcome, "remove", path) if isinstance(outcome, int) else Success(Changed((outcome,)))

    def _removed(self, place: Place) -> Change | int:
        """``unlink`` or ``rmdir``: EROFS, ENOENT, EACCES, EPERM, EBUSY, ENOTEMPTY, in the kernel's order."""
        where, node = place.path, place.node
        if where == "/":
            return errno.EBUSY
        directory = above(where)
        refused = self.enterable(directory)
        if refused == errno.EROFS:
            return refused
        if node is None:
            return errno.ENOENT
        return refused or self._undeletable(directory, where, node) or self.drop(where)

    def _undeletable(self, directory: str, where: str, node: Node) -> int:
        over = self.world.nodes[directory]
        if over.mode & 0o1000:
            user = self.outside_uid(self.identity().euid)
            if user not in (node.uid, over.uid) and not self.capable_over(node, FOWNER):
                return errno.EPERM
        if node.type is not _DIRECTORY:
            return 0
        if any(mount.point == where for mount in self.world.mounts):
            return errno.EBUSY
        return 0 if self.is_empty(where, node) else errno.ENOTEMPTY

    def remove_tree(self, path: str, /) -> Result[Changed, HostError]:
        if not path:
            return _NOTHING
        if path.rsplit("/", 1)[-1] == ".":
            return refusal(errno.EINVAL, "RemoveAll", path)
        plain = path.rstrip("/") or "/"
        place = self.walk(plain, follow=False)
        if place == errno.ENOENT:
            return _NOTHING
        if isinstance(place, int):
            return refusal(place, "open", plain.rpartition("/")[0] or "/")
        gone: list[Change] = []
        failed = self._remove_all(place, plain, gone)
        return Failure(failed) if failed is not None else Success(Changed(tuple(gone)))

    def _remove_all(self, place: Place, shown: str, gone: list[Change]) -> HostError | None:
        """Depth first; goes on after a failure and answers the first one (Go's ``removeAllFrom``)."""
        if place.node is None:
            return None
        outcome = self._removed(place)
        if not isinstance(outcome, int):
            gone.append(outcome)
            return None
        if place.node.type is not _DIRECTORY or outcome not in (errno.ENOTEMPTY, errno.EPERM, errno.EACCES):
            return HostError(outcome, "unlinkat", shown)
        first: HostError | None = None
        readable = place.node.seen or self.permits(place.node, READ)
        entries = self.entries(place.path, place.node) if readable else errno.EACCES
        if isinstance(entries, int):
            return HostError(entries, "openfdat", shown)
        for name in sorted(entries):
            inner = self.walk(below(place.path, name), follow=False)
            inside = f"{shown}/{name}"
            failed = (
                HostError(inner, "unlinkat", inside)
                if isinstance(inner, int)
                else self._remove_all(inner, inside, gone)
            )
            first = first or failed
        outcome = self._removed(Place(place.path, self.world.nodes[place.path]))
        if isinstance(outcome, int):
            return first or HostError(outcome, "unlinkat", shown)
        gone.append(outcome)
        return None

    # -- mode and owner

    def change_mode(self, path: str, mode: int, /) -> Result[Changed, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "chmod", path)
        where, node = found
        if self.read_only(where):
            return refusal(errno.EROFS, "chmod", path)
        who = self.identity()
        if self.outside_uid(who.euid) != node.uid and not self.capable_over(node, FOWNER):
            return refusal(errno.EPERM, "chmod", path)
        mode &= 0o7777
        if mode & 0o2000 and self.outside_gid(who.egid) != node.gid and not self.capable_over(node, FSETID):
            mode &= ~0o2000
        return _NOTHING if mode == node.mode else Success(self.altered(where, replaced(node, mode=mode)))

    def change_owner(self, path: str, uid: int, gid: int, /) -> Result[Changed, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "chown", path)
        where, node = found
        if self.read_only(where):
            return refusal(errno.EROFS, "chown", path)
        new_uid = node.uid if uid == -1 else self.outside_uid(uid)
        new_gid = node.gid if gid == -1 else self.outside_gid(gid)
        if new_uid < 0 or new_gid < 0:
            return refusal(errno.EINVAL, "chown", path)
        who = self.identity()
        owner = self.outside_uid(who.euid) == node.uid
        own_group = new_gid in (node.gid, self.outside_gid(who.egid))
        if not (owner and new_uid == node.uid and own_group) and not self.capable_over(node, CHOWN):
            return refusal(errno.EPERM, "chown", path)
        mode = node.mode
        if node.type is not _DIRECTORY:
            mode &= ~(0o6000 if mode & 0o10 else 0o4000)
        if (new_uid, new_gid, mode) == (node.uid, node.gid, node.mode):
            return _NOTHING
        return Success(self.altered(where, replaced(node, uid=new_uid, gid=new_gid, mode=mode)))


def _last(path: str) -> str:
    """The last name of a path, slashes at its end aside."""
    return path.rstrip("/").rpartition("/")[2]
