"""The state of a machine as an immutable value.

A world is *closed* when it knows everything (a simulated host) and *open* when it knows only what it was told; an open
world asks for what it has not seen (``Ask``), and keeps all that a run changed.

Rule 1: ``nodes`` maps canonical absolute paths to nodes: every proper prefix of a key is a real directory.
Rule 2: owners are ids of the host, never of a user namespace; identities are what the process sees.
Rule 3: a node that was ``seen`` on a real host and not changed since is answered as the real host answered.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from msgspec import Struct
from returns.result import Result

from pypod.pure.database.facts import DatabaseFacts, StateChange
from pypod.pure.database.file import Database
from pypod.pure.effect import Effect
from pypod.pure.facts import Entry, FileType, HostFacts, Identity
from pypod.pure.failure import HostError
from pypod.pure.table import Table
from pypod.pure.userns.facts import IdMappings
from pypod.pure.world.segment import Segment

__all__ = [
    "EMPTY",
    "Ask",
    "Database",
    "Held",
    "Mount",
    "Node",
    "Overlaid",
    "Overlay",
    "Pause",
    "Program",
    "Segment",
    "World",
]


class Program(Struct, frozen=True):
    """What an executable file does when it is run.  ``sleep`` is seconds before it writes anything."""

    stdout: bytes = b""
    stderr: bytes = b""
    rc: int = 0
    sleep: float = 0.0
    text: bytes = b""

    def to_bytes(self) -> bytes:
        """The script."""
        return self.text


class Overlaid(Struct, frozen=True):
    """A database of a real host with changes laid over it: what was read of it, as it would be read after them."""

    facts: DatabaseFacts
    changes: tuple[StateChange, ...]

    def to_bytes(self) -> bytes:
        """As many bytes as the file has."""
        return bytes(self.facts.size)


Content: TypeAlias = bytes | Program | Segment | Database | Overlaid | None


class Node(Struct, frozen=True):
    """An inode.

    ``content`` of a file is ``None`` while it has not been read (an open world).  ``names`` are the entries of a
    directory that are known; ``listed``: there are no others.  ``seen``: known from a real host, not changed since.
    """

    type: FileType
    mode: int
    uid: int = 0
    gid: int = 0
    size: int = 0
    content: Content = None
    target: str = ""
    names: frozenset[str] = frozenset()
    listed: bool = True
    seen: bool = False
    mtime_ns: int = 0
    device: int = 0
    inode: int = 0

    @property
    def entry(self) -> Entry:
        """One side of a change; what a directory takes on the disk is not told."""
        size = 0 if self.type is FileType.DIRECTORY else self.size
        return Entry(self.type, self.mode, self.uid, self.gid, size)


class Mount(Struct, frozen=True):
    """A mount: where, of what filesystem (name and statfs magic); ``limit`` is the number of 4096-byte pages it can hold,
    negative for no limit.  ``hidden`` are the nodes that were below the mount point before.
    """

    point: str
    filesystem: str = "tmpfs"
    magic: int = 0x01021994
    read_only: bool = False
    limit: int = -1
    bind: bool = False
    shared: bool = False
    hidden: tuple[tuple[str, Node], ...] = ()


class Held(Struct, frozen=True):
    """What a handle stands for: a locked file, the mapped segment file with the number of locks it was mapped for, or the
    lock ``number`` that was taken through the mapping of handle ``mapping``.
    """

    path: str
    locks: int = 0
    number: int = -1
    mapping: int = 0


class Overlay(Struct, frozen=True):
    """What the kernel's overlay filesystem can do with the backing filesystem of the host."""

    supported: bool = True
    d_type: bool = True
    metacopy: bool = False
    native_diff: bool = True


class Pause(Struct, frozen=True):
    """A pause process: what it keeps alive is a user namespace and its mounts."""

    mappings: IdMappings
    mounts: tuple[Mount, ...]


EMPTY: Final[Table[Any, Any]] = Table({})

_ROOT: Final = Node(FileType.DIRECTORY, 0o755, listed=False, seen=True)


class World(Struct, frozen=True):
    """The state of a machine and of the process that runs on it.  ``World()`` is open and knows nothing.

    ``told`` are answers of the real host to what no other field holds; ``absent`` maps paths that could not be looked
    at to the errno.  ``mounts`` are in mounting order; ``outer`` are those of process 1 while the process is in a user
    namespace of its own (``mappings``), which the pause process ``inside`` keeps alive.  ``processes`` maps process
    ids to names, an empty one for a process that has ended; ``pauses`` those of pause processes to what they keep.  ``left`` is the effect with
    which the process was left, if it was.  ``booted`` are the mount points that a reboot leaves.  ``assumed``: the
    identity is not the one that looks at the real host, whose leave to write says nothing about it then.
    """

    nodes: Table[str, Node] = Table({"/": _ROOT})
    open: bool = True
    absent: Table[str, int] = Table()
    told: Table[Effect[Any], Result[Any, HostError]] = Table()
    identity: Identity | None = None
    mappings: IdMappings | None = None
    environment: Table[str, str | None] = Table()
    cwd: str | None = None
    umask: int = 0o022
    mounts: tuple[Mount, ...] = ()
    outer: tuple[Mount, ...] | None = None
    inside: int = 0
    processes: Table[int, str] = EMPTY
    pauses: Table[int, Pause] = EMPTY
    next_pid: int = 100
    handles: int = 0
    held: Table[int, Held] = EMPTY
    facts: HostFacts | None = None
    overlay: Overlay = Overlay()
    session: bool = False
    clock: str = "2021-12-09T12:00:00.000000000Z"
    drawn: int = 0
    limits: tuple[int, int] = (4096, 4096)
    handlers: tuple[str, ...] = ()
    left: Effect[int] | None = None
    booted: tuple[str, ...] = ()
    assumed: bool = False


class Ask(Struct, frozen=True):
    """What an open world has to be told first: the effect that the real machine is to answer."""

    effect: Effect[Any]
