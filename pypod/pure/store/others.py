"""What the drivers aufs, btrfs and zfs ask of a host before they open (containers/storage ``drivers/{aufs,btrfs,zfs}``)."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, FilesystemStatus, Level
from pypod.pure.failure import DriverIncompatible, DriverPrerequisites, DriverUnsupported, HostError, Problem
from pypod.pure.gotext import joined, quoted
from pypod.pure.store.facts import Place
from pypod.pure.store.filesystems import AUFS, BTRFS, ECRYPTFS, ZFS, filesystem_name

ZFS_DEVICE: Final = "/dev/zfs"
ZFS_ASSUMPTION: Final = "zfs: the dataset of the graph root is taken to be there."

_AUFS_REFUSES: Final = frozenset({AUFS, BTRFS, ECRYPTFS})


def knows_aufs(filesystems: bytes, rootless: bool) -> Result[None, Problem]:
    """Whether the kernel has aufs (``/proc/filesystems``); a user namespace may not use it."""
    names = (line.split()[-1] for line in filesystems.splitlines() if line.split())
    if not rootless and b"aufs" in names:
        return Success(None)
    return Failure(DriverUnsupported.saying("kernel does not support aufs", "aufs"))


def aufs_over(magic: int) -> tuple[tuple[Diagnostic, ...], Result[None, Problem]]:
    """Whether aufs works over a filesystem."""
    if magic & 0xFFFFFFFF not in _AUFS_REFUSES:
        return (), Success(None)
    name = filesystem_name(magic)
    said = Diagnostic(Level.ERROR, f"AUFS is not supported over {name}")
    return (said,), Failure(DriverIncompatible.saying(f"AUFS is not supported over {quoted(name)}", name))


def aufs_directories(home: str) -> tuple[str, ...]:
    """The directories in aufs's home."""
    return tuple(joined(home, name) for name in ("mnt", "diff", "layers"))


def btrfs_over(place: Place, filesystem: FilesystemStatus) -> Result[None, Problem]:
    """Whether the home of btrfs is on btrfs."""
    if filesystem.magic & 0xFFFFFFFF == BTRFS:
        return Success(None)
    return Failure(DriverPrerequisites.saying(f"{quoted(place.home)} is not on a btrfs filesystem", place.home))


def lacks_zfs_command() -> tuple[Diagnostic, Problem]:
    """There is no program ``zfs`` on PATH."""
    said = 'zfs command is not available: exec: "zfs": executable file not found in $PATH'
    return Diagnostic(Level.DEBUG, said), DriverPrerequisites.saying("the 'zfs' command is not available", "zfs")


def lacks_zfs_device(error: HostError) -> tuple[Diagnostic, Problem]:
    """The kernel's zfs device does not open."""
    why = f"open {ZFS_DEVICE}: {error.reason}"
    said = Diagnostic(Level.DEBUG, f"cannot open {ZFS_DEVICE}: {why}")
    return said, DriverPrerequisites.saying(f"could not open {ZFS_DEVICE}: {why}", ZFS_DEVICE, cause=error)


def zfs_over(place: Place, filesystem: FilesystemStatus) -> tuple[tuple[Diagnostic, ...], Result[None, Problem]]:
    """Whether the graph root is on zfs, where no dataset is named."""
    if filesystem.magic & 0xFFFFFFFF == ZFS:
        return (), Success(None)
    said = Diagnostic(Level.ERROR, "No zfs dataset found for root")
    text = f"no zfs dataset found for rootdir '{place.graph_root}'"
    return (said,), Failure(DriverPrerequisites.saying(text, place.graph_root))
