"""The option lists of the graph drivers: vfs, aufs, zfs, btrfs, and what all readers share.

Every reader goes through the list in order; the first bad entry ends it, with everything said up to there
(containers/storage ``drivers/{vfs,aufs,zfs,btrfs}``).  ``overlay_options`` reads the overlay driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import Problem, StoreRefused
from pypod.pure.gotext import lowered
from pypod.pure.store.values import boolean, key_and_value, size

T = TypeVar("T")
Said: TypeAlias = tuple[Diagnostic, ...]


class Entry(Struct, frozen=True):
    """An option: as given, and split into a key and a value."""

    text: str
    key: str
    value: str


class VfsOptions(Struct, frozen=True):
    """The vfs driver's options."""

    image_stores: tuple[str, ...] = ()
    ignore_chown_errors: bool = False


class DatasetOptions(Struct, frozen=True):
    """The options of aufs, zfs and btrfs: ``dataset`` is zfs's ``fsname``; ``min_space`` is btrfs's, in bytes."""

    mount_options: str = ""
    dataset: str = ""
    min_space: int = 0


def refused(text: str, subject: str) -> Failure[Problem]:
    """An option that a driver does not take."""
    problem: Problem = StoreRefused(text, subject)
    return Failure(problem)


def split(entry: str) -> Result[Entry, Problem]:
    """An option as given, taken apart."""
    return key_and_value(entry).map(lambda pair: Entry(entry, *pair))


def read_all(
    nothing: T,
    entries: Iterable[str],
    read: Callable[[T, Entry], Result[T, Problem]],
    line: Callable[[Entry], Said],
) -> tuple[Said, Result[T, Problem]]:
    """Read entry after entry into options; ``line`` is what the driver says before it reads the value."""
    said: list[Diagnostic] = []
    options = nothing
    for text in entries:
        entry = split(text)
        if isinstance(entry, Failure):
            return tuple(said), Failure(entry.failure())
        said.extend(line(entry.unwrap()))
        after = read(options, entry.unwrap())
        if isinstance(after, Failure):
            return tuple(said), after
        options = after.unwrap()
    return tuple(said), Success(options)


def _silent(_entry: Entry) -> Said:
    return ()


_CHOWN_KEYS: Final = ("vfs.ignore_chown_errors", ".ignore_chown_errors")


def _read_vfs(options: VfsOptions, entry: Entry) -> Result[VfsOptions, Problem]:
    key = lowered(entry.key)
    if key in ("vfs.imagestore", ".imagestore"):
        stores = (*options.image_stores, *entry.value.split(","))
        return Success(msgspec.structs.replace(options, image_stores=stores))
    if key in _CHOWN_KEYS:
        return boolean(entry.value).map(lambda chosen: msgspec.structs.replace(options, ignore_chown_errors=chosen))
    if key == "vfs.mountopt":
        return refused("vfs driver does not support mount options", entry.text)
    return refused(f"vfs driver does not support {key} options", entry.text)


def _vfs_line(entry: Entry) -> Said:
    if lowered(entry.key) not in _CHOWN_KEYS:
        return ()
    return (Diagnostic(Level.DEBUG, f"vfs: ignore_chown_errors={entry.value}"),)


def vfs_options(entries: Iterable[str]) -> tuple[Said, Result[VfsOptions, Problem]]:
    """The vfs driver's list; image stores are taken unchecked."""
    return read_all(VfsOptions(), entries, _read_vfs, _vfs_line)


def _read_aufs(options: DatasetOptions, entry: Entry) -> Result[DatasetOptions, Problem]:
    if lowered(entry.key) == "aufs.mountopt":
        return Success(msgspec.structs.replace(options, mount_options=entry.value))
    return refused(f"option {entry.text} not supported", entry.text)


def aufs_options(entries: Iterable[str]) -> tuple[Said, Result[DatasetOptions, Problem]]:
    """The aufs driver's list."""
    return read_all(DatasetOptions(), entries, _read_aufs, _silent)


def _read_zfs(options: DatasetOptions, entry: Entry) -> Result[DatasetOptions, Problem]:
    key = lowered(entry.key)
    if key == "zfs.fsname":
        return Success(msgspec.structs.replace(options, dataset=entry.value))
    if key == "zfs.mountopt":
        return Success(msgspec.structs.replace(options, mount_options=entry.value))
    return refused(f"Unknown option {key}", entry.text)


def zfs_options(entries: Iterable[str]) -> tuple[Said, Result[DatasetOptions, Problem]]:
    """The zfs driver's list."""
    return read_all(DatasetOptions(), entries, _read_zfs, _silent)


def _read_btrfs(options: DatasetOptions, entry: Entry) -> Result[DatasetOptions, Problem]:
    key = lowered(entry.key)
    if key == "btrfs.min_space":
        return size(entry.value).map(lambda space: msgspec.structs.replace(options, min_space=space))
    if key == "btrfs.mountopt":
        return refused("btrfs driver does not support mount options", entry.text)
    return refused(f"Unknown option {key}", entry.text)


def btrfs_options(entries: Iterable[str]) -> tuple[Said, Result[DatasetOptions, Problem]]:
    """The btrfs driver's list."""
    return read_all(DatasetOptions(), entries, _read_btrfs, _silent)
