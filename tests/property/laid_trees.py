# ruff: noqa: PTH115, PTH211 - a pathlib.Path has no slash at its end
"""A small tree with one of each kind, laid on a real filesystem and in a world, and effects over its names."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from pypod.effects.linux.entries import TYPES
from pypod.pure.effect import Effect
from pypod.pure.facts import ALL_CAPABILITIES, FileType, HostFacts, Identity
from pypod.pure.table import Table
from pypod.pure.vocabulary import changes, files
from pypod.pure.world.state import Mount, Node, World
from tests.fixtures.apart import MS_BIND, MS_RDONLY, MS_REMOUNT, mount

TOP = "/top"
OUTSIDER = 65534
PAGES = 1
"""How many pages the small mount holds."""

_SET_FLAGS = 0x40086602
_IMMUTABLE = 0x10

OWN = -1
"""The owner that is whoever runs the effects."""

Laid = tuple[FileType, int, int, bytes]
"""Type, mode, owner, content or target."""

_D, _F, _L = FileType.DIRECTORY, FileType.FILE, FileType.LINK

TREE: dict[str, Laid] = {
    "": (_D, 0o755, OWN, b""),
    "/d": (_D, 0o755, OWN, b""),
    "/d/f": (_F, 0o644, OWN, b"some text\n"),
    "/d/d": (_D, 0o755, OWN, b""),
    "/d/d/f": (_F, 0o600, 0, b"x"),
    "/sticky": (_D, 0o1777, 0, b""),
    "/sticky/f": (_F, 0o666, 0, b"of root"),
    "/sticky/d": (_D, 0o777, 0, b""),
    "/sticky/own": (_F, 0o644, OWN, b"own"),
    "/group": (_D, 0o2777, 5, b""),
    "/group/f": (_F, 0o6755, OWN, b"run me"),
    "/closed": (_D, 0o555, OWN, b""),
    "/closed/f": (_F, 0o644, OWN, b""),
    "/blind": (_D, 0o311, OWN, b""),
    "/blind/d": (_D, 0o755, OWN, b""),
    "/secret": (_F, 0o000, OWN, b"secret"),
    "/readable": (_F, 0o444, OWN, b"readable"),
    "/writable": (_F, 0o222, OWN, b"writable"),
    "/fifo": (FileType.FIFO, 0o666, OWN, b""),
    "/socket": (FileType.SOCKET, 0o777, OWN, b""),
    "/l": (_L, 0o777, OWN, b"d"),
    "/lf": (_L, 0o777, OWN, b"d/f"),
    "/loop": (_L, 0o777, OWN, b"loop"),
    "/up": (_L, 0o777, OWN, b"d/../sticky"),
    "/gone": (_L, 0o777, OWN, b"nowhere"),
    "/far": (_L, 0o777, OWN, b"nowhere/at/all"),
    "/abs": (_L, 0o777, OWN, b"/top/d"),
    "/slash": (_L, 0o777, OWN, b"d/"),
    "/new/": (_L, 0o777, OWN, b"fresh/"),
    "/ro": (_D, 0o777, OWN, b""),
    "/ro/d": (_D, 0o777, OWN, b""),
    "/ro/f": (_F, 0o666, OWN, b"fixed"),
    "/ro/secret": (_F, 0o000, 0, b""),
    "/bound": (_D, 0o777, OWN, b""),
    "/bound/d": (_D, 0o777, OWN, b""),
    "/bound/f": (_F, 0o666, OWN, b"fixed"),
    "/bound/secret": (_F, 0o000, 0, b""),
    "/small": (_D, 0o777, OWN, b""),
    "/small/f": (_F, 0o666, OWN, b"x"),
    "/small/e": (_F, 0o666, OWN, b""),
}
MOUNTS = ("/ro", "/small")
"""Where another filesystem is; ``/ro`` is read-only itself, ``/bound`` by its mount."""

NAMES = ("d", "f", "own", "e", "sticky", "group", "closed", "blind", "secret", "readable", "writable", "fifo", "socket", "l",
         "lf", "loop", "up", "gone", "far", "abs", "slash", "new", "ro", "bound", "small", "n", "fixed", "frozen", "ä", "..", ".", "x" * 256)  # fmt: skip


def _path(key: str) -> str:
    return TOP + key.rstrip("/")


def lay(top: str, uid: int, pages: int = PAGES) -> None:
    """Make the tree below a directory that is to become the root, with its mounts; in a mount namespace of one's own.

    ``pages`` is what a mounted filesystem holds.
    """
    before = os.umask(0)
    for key, (kind, mode, owner, content) in TREE.items():
        path = top + _path(key)
        if kind is _D:
            Path(path).mkdir(mode)
            if key in MOUNTS:
                mount("tmpfs", path, "tmpfs", 0, f"size={pages * 4096},mode={mode:o}")
        elif kind is _F:
            Path(path).write_bytes(content)
        elif kind is _L:
            os.symlink(content, path)
        elif kind is FileType.FIFO:
            os.mkfifo(path)
        else:
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(path)
        os.lchown(path, *(2 * (uid if owner == OWN else owner,)))
        if kind is not _L:
            Path(path).chmod(mode)
    mount("", top + TOP + "/ro", "", MS_REMOUNT | MS_RDONLY)
    bound = top + TOP + "/bound"
    mount(bound, bound, "", MS_BIND)
    mount("", bound, "", MS_REMOUNT | MS_BIND | MS_RDONLY)
    os.umask(before)


IMMUTABLE = ("fixed", "frozen", "frozen/f")


def lay_immutable(top: str, uid: int) -> None:
    """Add what nobody may change, not even root; to be called where the filesystem has such files."""
    Path(f"{top}{TOP}/fixed").write_bytes(b"fixed")
    Path(f"{top}{TOP}/frozen").mkdir(0o777)
    Path(f"{top}{TOP}/frozen/f").write_bytes(b"inside")
    for name in IMMUTABLE:
        os.lchown(f"{top}{TOP}/{name}", uid, uid)
    for name in ("fixed", "frozen"):
        descriptor = os.open(f"{top}{TOP}/{name}", os.O_RDONLY)
        fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("l", _IMMUTABLE))
        os.close(descriptor)


def laid_world(uid: int, umask: int, capabilities: int = ALL_CAPABILITIES) -> World:
    """The same tree in a closed world."""
    nodes = {"/": Node(_D, 0o755, names=frozenset({TOP[1:]}))}
    for key, (kind, mode, owner, content) in TREE.items():
        names = frozenset(
            other.rstrip("/").rpartition("/")[2]
            for other in TREE
            if other and other.rstrip("/").rpartition("/")[0] == key
        )
        user = uid if owner == OWN else owner
        held = content if kind is _F else None
        nodes[_path(key)] = Node(
            kind, mode, user, user, len(content), held, content.decode() if kind is _L else "", names
        )
    return World(
        nodes=Table(nodes), open=False, cwd=TOP, umask=umask, facts=HostFacts(),
        identity=Identity(uid, uid, uid, uid, capabilities if uid == 0 else 0),
        mounts=(Mount("/"), Mount(f"{TOP}/ro", read_only=True), Mount(f"{TOP}/bound", read_only=True, bind=True), Mount(f"{TOP}/small", limit=PAGES)),
    )  # fmt: skip


Tree = dict[str, tuple[FileType, int, int, int, bytes]]
"""Type, mode, owner, group and content or target by path."""


def tree_of(top: str) -> Tree:
    """What is on a real filesystem; to be called by one who may read everything."""
    seen: Tree = {}
    for directory, names, others in os.walk(top):
        for path in (f"{directory}/{name}" for name in (*names, *others)):
            found = os.lstat(path)
            kind = TYPES[stat.S_IFMT(found.st_mode)]
            content = Path(path).read_bytes() if kind is _F else os.fsencode(os.readlink(path)) if kind is _L else b""
            seen[path[len(top) :]] = (kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, content)
    return seen


def tree_of_world(world: World) -> Tree:
    """What is in a world, below the top."""
    seen: Tree = {}
    for path, node in world.nodes.items():
        if path.startswith(f"{TOP}/"):
            content = node.content if isinstance(node.content, bytes) else os.fsencode(node.target)
            seen[path[len(TOP) :]] = (node.type, node.mode, node.uid, node.gid, content)
    return seen


def paths() -> st.SearchStrategy[str]:
    """Paths of up to three of the names: absolute or not, with a slash too many or not; an empty one now and then."""
    names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
    known = st.sampled_from([key.strip("/") for key in TREE if key])
    plain = names | known
    placed = plain.map(lambda path: f"{TOP}/{path}") | plain
    return placed | placed | placed | placed.map(lambda path: path + "/") | st.sampled_from(("", "/", TOP, "a\0b"))


MODES = st.sampled_from((0o755, 0o700, 0o644, 0o600, 0o555, 0o000, 0o777, 0o311, 0o1777, 0o2755, 0o4755, 0o6711, 0o444))
CONTENTS = st.sampled_from((b"", b"x", b"some text\n", b"y" * 5000))
OWNERS = st.sampled_from((-1, 0, 5, OUTSIDER))


def effects() -> st.SearchStrategy[Effect[Any]]:
    """Every change of files, and looks at what became of it."""
    inside = paths().filter(lambda path: path != "/" and ".." not in path)
    return st.one_of(
        st.builds(changes.MakeDirectories, paths(), MODES),
        st.builds(changes.CreateFile, paths(), MODES, CONTENTS, st.booleans()),
        st.builds(changes.WriteFile, paths(), MODES, CONTENTS),
        st.builds(changes.AppendFile, paths(), MODES, CONTENTS),
        st.builds(changes.WriteToken, paths(), st.just("0123456789abcdef" * 4)),
        st.builds(changes.RemoveFile, paths()),
        st.builds(changes.RemoveTree, inside),
        st.builds(changes.ChangeMode, paths(), MODES),
        st.builds(changes.ChangeOwner, paths(), OWNERS, OWNERS),
        st.builds(files.ReadFile, paths()),
        st.builds(files.ListDirectory, paths()),
        st.builds(files.Stat, paths()),
        st.builds(files.LookAt, paths()),
        st.builds(files.ReadLink, paths()),
    )
