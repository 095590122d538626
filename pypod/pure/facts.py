"""Facts: what a machine answers when it is asked.

Every record here is a plain value; nothing in it refers to the machine it came from.  Paths are POSIX
paths as given, sizes are bytes, times are nanoseconds since the epoch, modes are the twelve permission
bits (``0o7777``) without the file type.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct


class FileType(Enum):
    """The type of a directory entry, as ``lstat`` tells it."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    FIFO = "fifo"
    SOCKET = "socket"
    CHARACTER = "character-device"
    BLOCK = "block-device"


class FileStatus(Struct, frozen=True):
    """What ``stat`` or ``lstat`` says: type, mode (octal permission bits), owner, size in bytes, times."""

    type: FileType
    mode: int
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    device: int = 0
    inode: int = 0

    @property
    def is_directory(self) -> bool:
        return self.type is FileType.DIRECTORY

    @property
    def is_file(self) -> bool:
        return self.type is FileType.FILE


class DirectoryEntry(Struct, frozen=True):
    """A name in a directory and its type; links are not followed."""

    name: str
    type: FileType


class FilesystemStatus(Struct, frozen=True):
    """What ``statfs`` says: the filesystem's magic number and whether it is mounted read-only."""

    magic: int
    read_only: bool = False


CGROUP2_MAGIC: Final = 0x63677270
"""``statfs("/sys/fs/cgroup").type`` on a unified (v2) hierarchy; libpod's ``IsCgroup2UnifiedMode``."""


class Entry(Struct, frozen=True):
    """One side of a change to the file tree: what is, or will be, at a path.  ``mode`` after the umask."""

    type: FileType
    mode: int
    uid: int = 0
    gid: int = 0
    size: int = 0


class Change(Struct, frozen=True):
    """One path that a CHANGE effect made, altered or removed; ``None`` is absence."""

    path: str
    before: Entry | None = None
    after: Entry | None = None
    detail: str = ""
    """What changed where type, mode and owner do not say it: ``lock 7``, ``runtime-config/os``."""


class Changed(Struct, frozen=True):
    """The answer to a CHANGE effect.  Empty when nothing had to change: then it is no action."""

    changes: tuple[Change, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes)


NOTHING_CHANGED: Final = Changed()


class Allocated(Changed, frozen=True, kw_only=True):
    """The answer to an allocation of a lock: the number that was taken."""

    number: int


class Probed(Changed, frozen=True, kw_only=True):
    """The answer to a test mount: whether it showed the property, else the kernel's or libpod's words why not."""

    holds: bool
    because: str = ""
    known: bool = True
    """False when the answer is an assumption: only the kernel can tell, once the plan is applied."""


class Ran(Changed, frozen=True, kw_only=True):
    """The answer to a program that was run for what it does: how it ended; ``signal`` is 0 unless a signal ended it."""

    status: int = 0
    signal: int = 0
    assumed: bool = False
    """Nobody knows before it is done whether it works as it is taken to."""


class Waited(Struct, frozen=True):
    """The answer to waiting for the end of a process: whether it is gone.  ``refusals`` are the signals 0 among those
    sent meanwhile that the kernel refused, ``refusal`` is its errno.
    """

    gone: bool
    refusals: int = 0
    refusal: int = 0


class ContainerProcess(Struct, frozen=True):
    """A container's first process, its conmon's (0: not known), and the file in which that leaves how it ended."""

    pid: int
    conmon: int = 0
    exit_file: str = ""


class Mapper(Struct, frozen=True):
    """A process that has a file mapped: its id and its command's name."""

    pid: int
    name: str


class Handle(Struct, frozen=True):
    """Something held: a lock or a mapping.  Numbered in the order of taking, so that tapes compare."""

    number: int
    subject: str


class Identity(Struct, frozen=True):
    """Who the process is: real and effective ids, and the effective capability set as a bit mask."""

    uid: int = 0
    euid: int = 0
    gid: int = 0
    egid: int = 0
    capabilities: int = 0

    @property
    def has_sys_admin(self) -> bool:
        """Bit 21 of the effective set; containers/storage's ``HasCapSysAdmin``."""
        return bool(self.capabilities >> 21 & 1)


ALL_CAPABILITIES: Final = (1 << 41) - 1


class UserEntry(Struct, frozen=True):
    """A line of the user database."""

    name: str
    uid: int
    gid: int
    home: str


class ProgramOutput(Struct, frozen=True):
    """How a program ended and what it wrote.  ``signal`` is 0 unless a signal ended it."""

    status: int
    stdout: bytes = b""
    stderr: bytes = b""
    signal: int = 0
    timed_out: bool = False


class BuildFacts(Struct, frozen=True):
    """What the podman of the host was built with: graph drivers by name, systemd support."""

    drivers: tuple[str, ...] = ("overlay", "overlay2", "aufs", "zfs", "vfs")
    systemd: bool = True


class HostFacts(Struct, frozen=True):
    """What does not change while a host is up.

    ``architecture`` is the kernel's machine name (``x86_64``), ``page_size`` is in bytes, ``boot_id`` the
    text of ``/proc/sys/kernel/random/boot_id`` without its newline.  ``podman_installed`` is the version that
    ``podman --version`` would print, empty when none is installed.  ``processors`` are those that this process may use.
    """

    hostname: str = "host"
    architecture: str = "x86_64"
    page_size: int = 4096
    boot_id: str = ""
    selinux: bool = False
    apparmor: bool = False
    seccomp: bool = True
    processors: int = 1
    build: BuildFacts = BuildFacts()


class LockSegment(Struct, frozen=True):
    """The header and the bitmaps of a lock segment; ``allocated`` are the numbers whose bit is set, ascending."""

    magic: int
    unused: int
    bitmaps: int
    locks: int
    size: int
    allocated: tuple[int, ...] = ()


class Mutex(Struct, frozen=True):
    """A mutex of a lock segment as its bytes stand: the number of the lock, -1 for the segment's own mutex, the futex word
    (the thread that holds it, and flags), the owner as the C library notes it, and the kind.

    ``process`` and ``command`` are those of the thread that holds it; 0 and empty where no such thread is to be seen.
    """

    number: int
    word: int
    owner: int
    kind: int
    process: int = 0
    command: str = ""


class SegmentLocks(Struct, frozen=True):
    """A lock segment, and those of its mutexes that are not as they are when nobody holds them."""

    segment: LockSegment
    mutexes: tuple[Mutex, ...] = ()


class Level(Enum):
    """The level of a diagnostic, in logrus's words."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Stream(Enum):
    """Where libpod puts a diagnostic: its log, or raw on one of the two outputs."""

    LOG = "log"
    STDOUT = "stdout"
    STDERR = "stderr"


class Diagnostic(Struct, frozen=True):
    """A line that libpod says: what a decision returns where it has something to say."""

    level: Level
    message: str
    stream: Stream = Stream.LOG
