"""The graph drivers, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.failure import Problem
from pypod.pure.gotext import joined
from pypod.pure.program import Program, attempt, notes
from pypod.pure.store import choice, others
from pypod.pure.store.facts import OpenedDriver, Place
from pypod.pure.store.home import leaving_owners
from pypod.pure.store.home_stage import backing_filesystem, make_homes, mount_home
from pypod.pure.store.options import aufs_options, btrfs_options, vfs_options, zfs_options
from pypod.pure.store.overlay_stage import open_overlay
from pypod.pure.surroundings.stage import look_path
from pypod.pure.vocabulary.files import ReadFile, Stat

Initialise: TypeAlias = Callable[[Place], Program[Result[OpenedDriver, Problem]]]


def _open_vfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    made = yield from make_homes(leaving_owners(place), place.home)
    if isinstance(made, Failure):
        return Failure(made.failure())
    said, options = vfs_options(place.options)
    yield from notes(said)
    return options.map(lambda read: OpenedDriver("vfs", "vfs", image_stores=read.image_stores))


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


def _open_aufs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
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


def _open_btrfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
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


def _open_zfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
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


_DRIVERS: Final[dict[str, Initialise]] = {
    "overlay": open_overlay,
    "overlay2": open_overlay,
    "vfs": _open_vfs,
    "aufs": _open_aufs,
    "btrfs": _open_btrfs,
    "zfs": _open_zfs,
}


def _open_named(place: Place, build: tuple[str, ...]) -> Program[Result[OpenedDriver, Problem]]:
    yield from notes((choice.trying(place.name),))
    if place.name not in build or place.name not in _DRIVERS:
        said, problem = choice.unknown_driver(place.name, place.graph_root)
        yield from notes((said,))
        return Failure(problem)
    return (yield from _DRIVERS[place.name](place))


def _open_prior(place: Place, present: tuple[str, ...]) -> Program[Result[OpenedDriver, Problem]]:
    opened = yield from _DRIVERS[place.name](place)
    if isinstance(opened, Failure):
        yield from notes((choice.prior_failed(place.name, opened.failure()),))
        return opened
    several = choice.several_drivers(place.graph_root, present)
    if several is not None:
        return Failure(several)
    yield from notes((choice.using_prior(place.name),))
    return opened


def _open_first(place: Place, build: tuple[str, ...]) -> Program[Result[OpenedDriver, Problem]]:
    for name in choice.PRIORITY:
        if name not in build:
            said, _ = choice.lacking_driver(name, place.graph_root)
            yield from notes((said,))
            continue
        opened = yield from _DRIVERS[name](msgspec.structs.replace(place, name=name))
        if not isinstance(opened, Failure) or not choice.is_passed_over(opened.failure()):
            return opened
    return Failure(choice.no_driver())


def open_driver(place: Place, build: tuple[str, ...]) -> Program[Result[OpenedDriver, Problem]]:
    """The graph driver of a store: the one that is named, else the one that was there, else the first that works.

    ``build`` are the names of the drivers that the build has (containers/storage ``drivers/driver.go``, ``New``).
    """
    if place.name:
        return (yield from _open_named(place, build))
    present: tuple[str, ...] = ()
    for name in choice.prior_candidates(build):
        there = yield from attempt(Stat(joined(place.graph_root, name)))
        present = present if isinstance(there, Failure) else (*present, name)
    prior = choice.prior_driver(present)
    if prior:
        return (yield from _open_prior(msgspec.structs.replace(place, name=prior), present))
    return (yield from _open_first(place, build))
