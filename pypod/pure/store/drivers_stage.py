"""The graph drivers, and the choice among them.

A driver is loaded when it is opened: a host has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
from returns.result import Failure, Result

from pypod.pure.failure import Problem
from pypod.pure.gotext import joined
from pypod.pure.program import Program, attempt, notes
from pypod.pure.store import choice
from pypod.pure.store.facts import OpenedDriver, Place
from pypod.pure.store.home import leaving_owners
from pypod.pure.store.home_stage import make_homes
from pypod.pure.store.options import vfs_options
from pypod.pure.vocabulary.files import Stat

Initialise: TypeAlias = Callable[[Place], Program[Result[OpenedDriver, Problem]]]


def _open_vfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    made = yield from make_homes(leaving_owners(place), place.home)
    if isinstance(made, Failure):
        return Failure(made.failure())
    said, options = vfs_options(place.options)
    yield from notes(said)
    return options.map(lambda read: OpenedDriver("vfs", "vfs", image_stores=read.image_stores))


def _open_overlay(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    from pypod.pure.store.overlay_stage import open_overlay

    return (yield from open_overlay(place))


def _open_aufs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    from pypod.pure.store.others_stage import open_aufs

    return (yield from open_aufs(place))


def _open_btrfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    from pypod.pure.store.others_stage import open_btrfs

    return (yield from open_btrfs(place))


def _open_zfs(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    from pypod.pure.store.others_stage import open_zfs

    return (yield from open_zfs(place))


_DRIVERS: Final[dict[str, Initialise]] = {
    "overlay": _open_overlay,
    "overlay2": _open_overlay,
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
