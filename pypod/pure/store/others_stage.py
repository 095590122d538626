"""The drivers that hardly a host has: aufs, btrfs, zfs."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.failure import Problem
from pypod.pure.program import Program, attempt, notes
from pypod.pure.store import others
from pypod.pure.store.facts import OpenedDriver, Place
from pypod.pure.store.home_stage import backing_filesystem, make_homes, mount_home
from pypod.pure.store.options import aufs_options, btrfs_options, zfs_options
from pypod.pure.surroundings.stage import look_path
from pypod.pure.vocabulary.files import ReadFile, Stat


def _aufs_may_open(place: Place) -> Program[Result[None, Problem]]:
    filesystems = yield from attempt(ReadFile("/proc/filesystems"))
    known = others.knows_aufs(filesystems.value_or(b""), place.rootless)
    if isinstance(known, Failure):
        return known
    filesystem = yield from backing_filesystem(place.home)
    if isinstance(filesystem, Failure):
        return Failure(filesystem.failure())
    said, fits = others.aufs_over(filesystem.unwrap().magic)
    yield from notes(said)
    return fits


def open_aufs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    """The aufs driver: the kernel must know it, and the file system below must do."""
    may = yield from _aufs_may_open(place)
    if isinstance(may, Failure):
        return Failure(may.failure())
    _, options = aufs_options(place.options)
    if isinstance(options, Failure):
        return Failure(options.failure())
    ready = yield from _mounted_homes(place, place.home)
    if isinstance(ready, Failure):
        return Failure(ready.failure())
    made = yield from make_homes(place, *others.aufs_directories(place.home))
    return made.map(lambda _: OpenedDriver("aufs", "aufs", mounted=True))


def _mounted_homes(place: Place, *paths: str) -> Program[Result[None, Problem]]:
    made = yield from make_homes(place, *paths)
    if isinstance(made, Failure):
        return made
    return (yield from mount_home(place.home))


def open_btrfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    """The btrfs driver, on btrfs alone."""
    filesystem = yield from backing_filesystem(place.home)
    if isinstance(filesystem, Failure):
        return Failure(filesystem.failure())
    fits = others.btrfs_over(place, filesystem.unwrap())
    if isinstance(fits, Failure):
        return Failure(fits.failure())
    ready = yield from _mounted_homes(place, place.home)
    if isinstance(ready, Failure):
        return Failure(ready.failure())
    _, options = btrfs_options(place.options)
    return options.map(lambda _: OpenedDriver("btrfs", "btrfs", mounted=True))


def _zfs_is_there() -> Program[Result[None, Problem]]:
    if (yield from look_path("zfs")) is None:
        said, problem = others.lacks_zfs_command()
        yield from notes((said,))
        return Failure(problem)
    device = yield from attempt(Stat(others.ZFS_DEVICE))
    if isinstance(device, Failure):
        said, problem = others.lacks_zfs_device(device.failure())
        yield from notes((said,))
        return Failure(problem)
    return Success(None)


def _zfs_dataset_is_there(place: Place, dataset: str) -> Program[Result[None, Problem]]:
    if dataset:
        return Success(None)
    filesystem = yield from backing_filesystem(place.graph_root)
    if isinstance(filesystem, Failure):
        return Failure(filesystem.failure())
    said, fits = others.zfs_over(place, filesystem.unwrap())
    yield from notes(said)
    return fits


def open_zfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    """The zfs driver: its command, its device, and a dataset that is named or found."""
    there = yield from _zfs_is_there()
    if isinstance(there, Failure):
        return Failure(there.failure())
    _, options = zfs_options(place.options)
    if isinstance(options, Failure):
        return Failure(options.failure())
    fits = yield from _zfs_dataset_is_there(place, options.unwrap().dataset)
    if isinstance(fits, Failure):
        return Failure(fits.failure())
    made = yield from make_homes(place, place.home)
    return made.map(lambda _: OpenedDriver("zfs", "zfs", assumed=(others.ZFS_ASSUMPTION,)))
