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
from pypod.pure.world.tree import CHOWN, FOWNER, FSETID, READ, WRITE, Place, above, below, refusal, replaced

_DIRECTORY: Final = FileType.DIRECTORY
_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)
_DOTS: Final = {".": errno.EINVAL, "..": errno.ENOTEMPTY}
"""Names that are no entries, and what removing them gives."""
_ENTERED: Final = (errno.ENOTEMPTY, errno.EBUSY, errno.EPERM, errno.EACCES, *_DOTS.values())
"""What a directory is not removed with although its entries may be."""
_WRITERS: Final = 0o222
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

    def _opened(
        self, path: str, mode: int, want: int = WRITE, *, exclusive: bool = False, truncate: bool = False
    ) -> _OPENED | int:
        """``open`` with O_CREAT: the canonical path, the node, and whether it is a new one, which the caller puts there,
        filled or empty.

        ``want``: WRITE, READ or both.
        """
        if path.endswith("/") and path.strip("/") and _last(path) not in _DOTS:
            over = self.found(path.rstrip("/").rpartition("/")[0] + "/")
            if isinstance(over, int):
                return over
            return errno.EISDIR if self.searchable(over[1]) else errno.EACCES
        place = self.walk(path, follow=not exclusive)
        if isinstance(place, int):
            return place
        where, node = place.path, place.node
        if node is None:
            if where != path and not exclusive and self.leads_into_directory(path):
                return errno.EISDIR
            directory = above(where)
            refused = self.enterable(directory)
            if refused:
                return refused
            return where, self.owned(directory, FileType.FILE, mode & 0o7777, b""), True
        if exclusive:
            return errno.EEXIST
        return self._openable(where, node, want, truncate=truncate) or (where, node, False)

    def _writing(self, where: str, node: Node) -> int:
        """0, or the errno with which an existing node is not opened for reading and writing."""
        return self._openable(where, node, READ | WRITE)

    def _openable(self, where: str, node: Node, want: int, *, truncate: bool = False) -> int:
        """0, or the errno with which an existing node is not opened; one without a writer or a reader is not waited for."""
        if node.type is _DIRECTORY:
            return errno.EISDIR
        if node.type is FileType.LINK:
            return errno.ELOOP
        refused = self.writable(where, node) if want & WRITE else 0
        if refused == errno.EACCES and truncate and self.read_only(where):
            return errno.EROFS
        if not refused and want & READ:
            refused = self._unreadable(where, node)
        if refused or node.type is not FileType.FIFO:
            return refused or (errno.ENXIO if node.type is FileType.SOCKET else 0)
        return errno.ENXIO if want == WRITE else 0

    def _unreadable(self, where: str, node: Node) -> int:
        """0, or the errno with which an existing node is not opened for reading."""
        if self.permits(node, READ):
            return 0
        answer = self.bytes_of(where, node) if self.world.open and node.seen else errno.EACCES
        return answer if isinstance(answer, int) else 0

    def _filled(self, path: str, opened: _OPENED, content: bytes) -> Result[Changed, HostError]:
        """The file with this content, or with as much of it as there is room for."""
        where, node, created = opened
        if node.type is not FileType.FILE:
            return _NOTHING
        room = self.room_for(where, len(content))
        mode = self.unprivileged(node, node.mode) if content or not created else node.mode
        change = self.put(where, replaced(node, mode=mode, content=content[:room], size=room, seen=False))
        if room < len(content):
            return refusal(errno.ENOSPC, "write", path)
        return Success(Changed((change,)))

    def create_file(self, path: str, mode: int, content: bytes, exclusive: bool, /) -> Result[Changed, HostError]:
        want = READ | WRITE if mode & _WRITERS or content else READ
        opened = self._opened(path, mode, want, exclusive=exclusive)
        if isinstance(opened, int):
            return refusal(opened, "open", path)
        return self._filled(path, opened, content) if opened[2] else _NOTHING

    def write_file(self, path: str, mode: int, content: bytes, /) -> Result[Changed, HostError]:
        opened = self._opened(path, mode, truncate=True)
        if isinstance(opened, int):
            return refusal(opened, "open", path)
        where, node, created = opened
        seen = not content or self.readable(node)
        if not created and seen and self.bytes_of(where, node) == content:
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
        return self._filled(path, opened, (bytes(node.size) if isinstance(before, int) else before) + content)

    def write_token(self, path: str, token: str, /) -> Result[Changed, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "open", path)
        where, node = found
        refused = self._openable(where, node, READ | WRITE)
        if refused:
            return refusal(refused, "open", path)
        if node.type is FileType.FIFO:
            return refusal(errno.ESPIPE, "write", path)
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
        plain = path.rstrip("/") or path
        place = self.walk(plain, follow=False)
        if isinstance(place, int):
            return refusal(self._unreached(plain, place), "remove", path)
        if _last(path) in _DOTS:
            return refusal(_DOTS[_last(path)], "remove", path)
        slashed = path.endswith("/") and place.node is not None and place.node.type is not _DIRECTORY
        outcome = self._removed(place, drop=not slashed)
        if isinstance(outcome, int):
            return refusal(outcome, "remove", path)
        return refusal(errno.ENOTDIR, "remove", path) if slashed else Success(Changed((outcome,)))

    def _unreached(self, path: str, number: int) -> int:
        """The errno of removing what cannot be looked up: a name that is too long is not even looked up where all is read-only."""
        if number != errno.ENAMETOOLONG:
            return number
        over = self.found(_directory(path))
        return errno.EROFS if isinstance(over, tuple) and self.read_only(over[0]) else number

    def _removed(self, place: Place, *, drop: bool = True) -> Change | int:
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
        refused = refused or self._undeletable(directory, where, node)
        return refused or (self.drop(where) if drop else Change(where))

    def _undeletable(self, directory: str, where: str, node: Node) -> int:
        over = self.world.nodes[directory]
        if over.mode & 0o1000:
            user = self.outside_uid(self.identity().euid)
            if user not in (node.uid, over.uid) and not self.capable_over(node, FOWNER):
                return errno.EPERM
        if self.is_immutable(where, node):
            return errno.EPERM
        if node.type is not _DIRECTORY:
            return 0
        if self.is_mount_point(where).value_or(default_value=False):
            return errno.EBUSY
        return 0 if self.is_empty(where, node) else errno.ENOTEMPTY

    def remove_tree(self, path: str, /) -> Result[Changed, HostError]:
        if not path:
            return _NOTHING
        if path == "." or path.endswith("/."):
            return refusal(errno.EINVAL, "RemoveAll", path)
        plain = path.rstrip("/") or "/"
        place = self.walk(plain, follow=False)
        if place == errno.ENOENT:
            return _NOTHING
        shown, over = f"{_directory(plain)}/{_last(plain)}", self.found(_directory(plain))
        if isinstance(place, Place) and _last(plain) not in _DOTS:
            simply = self._removed(place)
            if not isinstance(simply, int) or simply == errno.ENOENT:
                return _NOTHING if isinstance(simply, int) else Success(Changed((simply,)))
        unlisted = over if isinstance(over, int) else self._unlistable(*over)
        if unlisted:
            return refusal(unlisted, "open", _directory(plain))
        if isinstance(place, int):
            return refusal(self._unreached(plain, place), _unreached_by(place), shown)
        gone: list[Change] = []
        failed = self._remove_all(place, shown, gone)
        return Failure(failed) if failed is not None else Success(Changed(tuple(gone)))

    def _unlistable(self, where: str, node: Node) -> int:
        """0, or the errno with which a node is not opened for reading."""
        if node.type is FileType.SOCKET:
            return errno.ENXIO
        if node.type is not _DIRECTORY:
            return self._unreadable(where, node)
        entries = self.entries(where, node) if self.readable(node) else errno.EACCES
        return entries if isinstance(entries, int) else 0

    def _remove_all(self, place: Place, shown: str, gone: list[Change]) -> HostError | None:
        """Depth first; goes on after a failure and answers the first one (Go's ``removeAllFrom``)."""
        outcome = _DOTS.get(_last(shown)) or self._removed(place)
        if outcome == errno.ENOENT:
            return None
        if not isinstance(outcome, int):
            gone.append(outcome)
            return None
        if place.node is None or place.node.type is not _DIRECTORY or outcome not in _ENTERED:
            return HostError(outcome, "unlinkat", shown)
        first: HostError | None = None
        entries = self.entries(place.path, place.node) if self.readable(place.node) else errno.EACCES
        if isinstance(entries, int):
            return HostError(entries, "openfdat", shown)
        for name in sorted(entries):
            inner = self.walk(below(place.path, name), follow=False)
            inside = f"{shown}/{name}"
            failed = (
                HostError(inner, _unreached_by(inner), inside)
                if isinstance(inner, int)
                else self._remove_all(inner, inside, gone)
            )
            first = first or failed
        outcome = _DOTS.get(_last(shown)) or self._removed(Place(place.path, self.world.nodes[place.path]))
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
        own = self.outside_uid(who.euid) == node.uid or self.capable_over(node, FOWNER)
        if not own or self.is_immutable(where, node):
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
        mode = node.mode if node.type is _DIRECTORY else self.without_privileges(node, node.mode)
        asked = (uid, gid) != (-1, -1) or mode != node.mode
        own = (owner and new_uid == node.uid and own_group) or self.capable_over(node, CHOWN)
        if asked and (not own or self.is_immutable(where, node)):
            return refusal(errno.EPERM, "chown", path)
        if (new_uid, new_gid, mode) == (node.uid, node.gid, node.mode):
            return _NOTHING
        return Success(self.altered(where, replaced(node, uid=new_uid, gid=new_gid, mode=mode)))


def _last(path: str) -> str:
    """The last name of a path, slashes at its end aside."""
    return path.rstrip("/").rpartition("/")[2]


def _unreached_by(number: int) -> str:
    """The call of ``os.RemoveAll`` that a name which cannot be looked up is refused to: it looks where permission is wanting."""
    return "fstatat" if number == errno.EACCES else "unlinkat"


def _directory(path: str) -> str:
    """What is before the last name; ``.`` for a name alone."""
    return path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
