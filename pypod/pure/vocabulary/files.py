"""Looking at files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Observation
from pypod.pure.facts import DirectoryEntry, FileStatus, FilesystemStatus
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import Observing


class Stat(Observation[FileStatus], frozen=True):
    """What a path is, symbolic links followed (``stat``)."""

    answer = FileStatus

    path: str

    def see(self, machine: Observing, /) -> Result[FileStatus, HostError]:
        return machine.stat(self.path)

    def describe(self) -> str:
        return f"look what {self.path} is"


class LookAt(Observation[FileStatus], frozen=True):
    """What a path is, a symbolic link being a link (``lstat``)."""

    answer = FileStatus

    path: str

    def see(self, machine: Observing, /) -> Result[FileStatus, HostError]:
        return machine.look_at(self.path)

    def describe(self) -> str:
        return f"look at {self.path} itself"


class ReadFile(Observation[bytes], frozen=True):
    """The whole content of a file.  Failures name the call as Go does: ``open`` or ``read``."""

    answer = bytes

    path: str

    def see(self, machine: Observing, /) -> Result[bytes, HostError]:
        return machine.read_file(self.path)

    def describe(self) -> str:
        return f"read {self.path}"


class ListDirectory(Observation[tuple[DirectoryEntry, ...]], frozen=True):
    """The entries of a directory, sorted bytewise by name; failures name ``open``."""

    answer = tuple[DirectoryEntry, ...]

    path: str

    def see(self, machine: Observing, /) -> Result[tuple[DirectoryEntry, ...], HostError]:
        return machine.list_directory(self.path)

    def describe(self) -> str:
        return f"list {self.path}"


class ReadLink(Observation[str], frozen=True):
    """The target of a symbolic link, as it is written."""

    answer = str

    path: str

    def see(self, machine: Observing, /) -> Result[str, HostError]:
        return machine.read_link(self.path)

    def describe(self) -> str:
        return f"read the link {self.path}"


class ResolveLinks(Observation[str], frozen=True):
    """The path without any symbolic link (``filepath.EvalSymlinks``: failures name ``lstat``)."""

    answer = str

    path: str

    def see(self, machine: Observing, /) -> Result[str, HostError]:
        return machine.resolve_links(self.path)

    def describe(self) -> str:
        return f"resolve links in {self.path}"


class StatFilesystem(Observation[FilesystemStatus], frozen=True):
    """The filesystem that a path is on (``statfs``)."""

    answer = FilesystemStatus

    path: str

    def see(self, machine: Observing, /) -> Result[FilesystemStatus, HostError]:
        return machine.stat_filesystem(self.path)

    def describe(self) -> str:
        return f"look what filesystem {self.path} is on"


class CheckWritable(Observation[None], frozen=True):
    """Whether this process may write there (``access(W_OK)``): success, or the errno."""

    answer = None

    path: str

    def see(self, machine: Observing, /) -> Result[None, HostError]:
        return machine.check_writable(self.path)

    def describe(self) -> str:
        return f"check whether {self.path} is writable"


class IsMountPoint(Observation[bool], frozen=True):
    """Whether something is mounted on the path itself (``/proc/self/mountinfo``)."""

    answer = bool

    path: str

    def see(self, machine: Observing, /) -> Result[bool, HostError]:
        return machine.is_mount_point(self.path)

    def describe(self) -> str:
        return f"look whether {self.path} is a mount point"


class HoldsFuseOverlayRemains(Observation[bool], frozen=True):
    """Whether a tree was written by fuse-overlayfs: an entry named ``.wh.*``, or a directory with an extended attribute
    ``user.fuseoverlayfs.*`` or ``user.containers.*`` (containers/storage's ``scanForMountProgramIndicators``).
    """

    answer = bool

    path: str

    def see(self, machine: Observing, /) -> Result[bool, HostError]:
        return machine.holds_fuse_overlay_remains(self.path)

    def describe(self) -> str:
        return f"search {self.path} for traces of fuse-overlayfs"
