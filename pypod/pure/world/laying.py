"""Laying what a description lists into a world: directories, files, programs, mounts.

Missing parents are made 0755.  What lies below the user's home and runtime directory belongs to the user.
"""

from __future__ import annotations

import errno
from functools import lru_cache
from typing import Final

from pypod.pure.facts import FileType
from pypod.pure.locks.layout import LOCKS_PER_BITMAP, MAGIC, layout_of
from pypod.pure.world.encoding import bolt_file, tar_file
from pypod.pure.world.looking import Looking
from pypod.pure.world.mounts import unmounted
from pypod.pure.world.segment import Segment
from pypod.pure.world.shape import Part, number_in, plain_tree, text_in
from pypod.pure.world.state import Content, Mount, Node, Program
from pypod.pure.world.tree import PAGE, Place, replaced

USER: Final = 1000
USER_HOME: Final = "/home/user"
USER_DIRECTORIES: Final = (USER_HOME, "/run/user/1000")
SHELL: Final = "/.oracle/sh"
_SUFFIXES: Final = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LARGEST: Final = 1 << 28
_OCTAL: Final = tuple(f"\\{byte:03o}" for byte in range(256))
_FORMS: Final = ("text", "b64", "b64z", "size", "bolt", "shm", "tar")


class Laying(Looking):
    """Lays as root; ``rootless``: the case runs as the user."""

    rootless = False

    def lay(self, spec: Part) -> None:
        """Everything that a case or a step lists, in the order of the sandbox."""
        for part in spec.items("remove"):
            self.remove(part.path())
        for path, entry in spec.each("dirs"):
            self.directory(path, entry)
        for path, entry in spec.each("files"):
            self.file(path, entry)
        for path, entry in spec.each("programs"):
            self.program(path, entry)
        for entry in spec.items("mounts"):
            self.mount(entry)
        for part in spec.items("readonly"):
            self.protect(part)
        for part in spec.items("writable"):
            self.unmount_at(part.path())

    # -- places

    def _place(self, path: str, part: Part, *, follow: bool = False) -> Place:
        if not path.startswith("/"):
            part.wrong("an absolute path as name")
        place = self.walk(path.rstrip("/") or "/", follow=follow)
        if isinstance(place, int):
            part.wrong("a path that can be reached")
        return place

    def _owner(self, path: str, part: Part) -> tuple[int, int]:
        mine = self.rootless and any(path == home or path.startswith(home + "/") for home in USER_DIRECTORIES)
        default = USER if mine else 0
        return number_in(part, "uid", default), number_in(part, "gid", default)

    def remove(self, path: str) -> None:
        """A path and all below it; a missing one is no failure."""
        place = self.walk(path.rstrip("/") or "/", follow=False)
        if isinstance(place, Place) and place.node is not None and place.path != "/":
            self.clear(place.path)
            self.drop(place.path)

    def clear(self, where: str) -> None:
        """All below a canonical path."""
        node = self.world.nodes[where]
        if node.type is not FileType.DIRECTORY or not node.names:
            return
        prefix = where.rstrip("/") + "/"
        nodes = self.world.nodes
        left = nodes.without(path for path in nodes if path.startswith(prefix))
        self.world = replaced(self.world, nodes=left.set(where, replaced(node, names=frozenset())))

    def directory(self, path: str, part: Part) -> None:
        """A directory with its missing parents; owner always, mode where it is given."""
        if not path.startswith("/"):
            part.wrong("an absolute path as name")
        missing: list[str] = []
        level = path
        while (place := self.walk(level, follow=False)) == errno.ENOENT or (
            isinstance(place, Place) and place.node is None
        ):
            missing.append(level)
            level = level.rpartition("/")[0] or "/"
        for one in reversed(missing):
            place = self._place(one, part)
            if place.node is None:
                uid, gid = self._owner(one, Part({}))
                self.set(place.path, Node(FileType.DIRECTORY, 0o755, uid, gid))
        place = self._place(path, part, follow=True)
        if place.node is None:
            part.wrong("a directory that can be made")
        uid, gid = self._owner(path, part)
        mode = part.get("mode")
        bits = place.node.mode if mode is None else mode.mode()
        self.set(place.path, replaced(place.node, uid=uid, gid=gid, mode=bits))

    # -- files

    def file(self, path: str, part: Part) -> None:
        """A file in one of its forms; one that is there keeps what is not given."""
        self._parents(path, part)
        here = self._place(path, part)
        fresh = here.node is None
        node = self._special(part) if fresh else None
        if node is None:
            if "symlink" in part.fields() or (here.node is not None and here.node.type is FileType.DIRECTORY):
                part.wrong("a path where there is nothing yet")
            here = self._place(path, part, follow=True)
            node = self._filled(part, here.node or Node(FileType.FILE, 0o644, content=b""))
        uid, gid = self._owner(path, part)
        if fresh or part.get("uid") is not None or part.get("gid") is not None:
            node = replaced(node, uid=uid, gid=gid)
        mode = part.get("mode")
        if node.type is not FileType.LINK and (fresh or mode is not None):
            node = replaced(node, mode=0o644 if mode is None else mode.mode())
        self.set(here.path, node)

    def _parents(self, path: str, part: Part) -> None:
        """The directory of a path, with its missing parents."""
        parent = path.rpartition("/")[0] or "/"
        over = self.walk(parent)
        if isinstance(over, int) or over.node is None or over.node.type is not FileType.DIRECTORY:
            self.directory(parent, Part({}, part.place))

    def _special(self, part: Part) -> Node | None:
        link = part.get("symlink")
        if link is not None:
            target = link.text()
            if not target or "\0" in target:
                link.wrong("the target of a link")
            return Node(FileType.LINK, 0o777, size=len(target.encode("utf-8", "surrogatepass")), target=target)
        for name, kind in (("fifo", FileType.FIFO), ("socket", FileType.SOCKET)):
            field = part.get(name)
            if field is not None and field.truth():
                return Node(kind, 0o644)
        return None

    def _filled(self, part: Part, node: Node) -> Node:
        content = self._content(part)
        if content is None:
            content = node.content
        edited = self._edited(part, content)
        size = len(edited) if isinstance(edited, bytes) else getattr(edited, "size", node.size)
        if isinstance(edited, Program):
            size = len(edited.text)
        return replaced(node, content=edited, size=size)

    def _content(self, part: Part) -> Content:
        form = next((name for name in _FORMS if part.get(name) is not None), "")
        field = part.get(form) if form else None
        if field is None:
            return None
        if form == "text":
            return field.text().encode("utf-8", "surrogatepass")
        if form == "b64":
            return field.encoded()
        if form == "b64z":
            return field.compressed()
        if form == "size":
            return bytes(field.number(0, _LARGEST))
        if form == "tar":
            members = {name: Part(value, field.place).text() for name, value in field.fields().items()}
            return tar_file(members)
        if form == "shm":
            return self._segment(field)
        content = bolt_file(plain_tree(Part(field.fields(), field.place)))
        return field.wrong("buckets that fit five pages") if content is None else content

    def _segment(self, part: Part) -> Segment:
        layout = layout_of(self.world.facts.architecture if self.world.facts is not None else "")
        locks = number_in(part, "num_locks", 0, (1 << 32) - 1)
        if part.get("num_locks") is None:
            part.wrong("a lock segment with num_locks")
        bitmaps = number_in(part, "num_bitmaps", -(-locks // LOCKS_PER_BITMAP), 1 << 16)
        if bitmaps > 1 << 16:
            part.wrong("a lock segment of at most 2097152 locks")
        numbers = [one.number(0, max(bitmaps * LOCKS_PER_BITMAP - 1, 0)) for one in part.items("allocated")]
        return Segment(
            number_in(part, "magic", MAGIC, 0xFFFF),
            number_in(part, "unused", 0, 0xFFFF),
            bitmaps,
            locks,
            layout.header + bitmaps * layout.group,
            layout,
            sum(1 << number for number in set(numbers)),
        )

    def _edited(self, part: Part, content: Content) -> Content:
        """After ``truncate``, ``append`` and ``patch``."""
        if not {"truncate", "append", "patch"} & part.fields().keys():
            return content
        raw = content if isinstance(content, bytes) else b"" if content is None else content.to_bytes()
        cut = part.get("truncate")
        if cut is not None:
            size = cut.number(0, _LARGEST)
            raw = raw[:size].ljust(size, b"\0")
        raw += text_in(part, "append", "").encode("utf-8", "surrogatepass")
        for patch in part.items("patch"):
            pair = patch.elements()
            if len(pair) != 2:
                patch.wrong("an offset and hexadecimal digits")
            offset = pair[0].number(0, _LARGEST)
            data = pair[1].hexadecimal()
            raw = raw[:offset].ljust(offset, b"\0") + data + raw[offset + len(data) :]
        return raw

    def program(self, path: str, part: Part) -> None:
        """An executable that writes and exits; what was there is removed first."""
        stdout = text_in(part, "stdout", "").encode("utf-8", "surrogatepass")
        stderr = text_in(part, "stderr", "").encode("utf-8", "surrogatepass")
        sleep = part.get("sleep")
        seconds = 0.0
        if sleep is not None:
            if not isinstance(sleep.value, int | float) or isinstance(sleep.value, bool):
                sleep.wrong("seconds")
            seconds = float(sleep.value)
        status = number_in(part, "rc", 0, 255)
        script = _script(stdout, stderr, status, "" if sleep is None else str(sleep.value))
        content = Program(stdout, stderr, status, seconds, script)
        self.remove(path)
        mode = part.get("mode")
        bits = 0o755 if mode is None else mode.mode()
        self._parents(path, part)
        here = self._place(path, part)
        if here.node is not None:
            part.wrong("a path where there is nothing yet")
        self.set(here.path, Node(FileType.FILE, bits, *self._owner(path, Part({})), len(script), content))

    # -- mounts

    def mount(self, part: Part) -> None:
        """A tmpfs of its own: ``size`` as tmpfs takes it (default 1m), ``mode`` of its root."""
        field = part.get("path")
        path = field.path() if field is not None else part.wrong("a mount with a path")
        self.directory(path, part)
        where = self._place(path, part, follow=True).path
        prefix = where.rstrip("/") + "/"
        hidden = tuple(
            (other, node) for other, node in self.world.nodes.items() if other == where or other.startswith(prefix)
        )
        self.clear(where)
        mode = part.get("mode")
        root = Node(FileType.DIRECTORY, 0o755 if mode is None else mode.mode())
        self.set(where, root)
        fresh = Mount(where, limit=_pages(part), hidden=hidden)
        self.world = replaced(self.world, mounts=(*self.world.mounts, fresh))

    def protect(self, part: Part) -> None:
        """A read-only bind mount of a path on itself."""
        place = self._place(part.path(), part, follow=True)
        if place.node is None:
            part.wrong("a path that is there")
        over = self.mount_of(place.path) or Mount("/")
        bound = replaced(over, point=place.path, read_only=True, bind=True, hidden=(), shared=False)
        self.world = replaced(self.world, mounts=(*self.world.mounts, bound))

    def unmount_at(self, path: str) -> None:
        """Drop what is mounted last on a path, if anything is."""
        place = self.walk(path)
        where = place.path if isinstance(place, Place) else path
        mount = next((one for one in reversed(self.world.mounts) if one.point == where), None)
        if mount is not None and where != "/":
            self.world = unmounted(self.world, mount)


def _pages(part: Part) -> int:
    text = text_in(part, "size", "1m").lower()
    scale = _SUFFIXES.get(text[-1:], 1)
    digits = text[:-1] if text[-1:] in _SUFFIXES else text
    if not digits.isdecimal() or len(digits) > 12:
        part.wrong('a size such as "4k"')
    return -(-int(digits) * scale // PAGE)


# Hosts have much the same few programs.
@lru_cache(maxsize=128)
def _script(stdout: bytes, stderr: bytes, status: int, sleep: str) -> bytes:
    lines = [f"#!{SHELL}"]
    if sleep:
        lines.append(f"{SHELL} -c 'sleep {sleep}'")
    for data, redirect in ((stdout, ""), (stderr, " >&2")):
        if data:
            escaped = "".join(map(_OCTAL.__getitem__, data))
            lines.append(f"printf '{escaped}'{redirect}")
    lines.append(f"exit {status}")
    return ("\n".join(lines) + "\n").encode()
