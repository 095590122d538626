"""The directories and lock files of a store, and whether a store is opened at all (containers/storage ``store.go``)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.failure import Problem, StoreIncomplete
from pypod.pure.gotext import joined
from pypod.pure.store.facts import OpenedDriver, Place, Store

DIRECTORY_MODE: Final = 0o700


def why_not_opened(needs_userns: bool, no_store: bool) -> str:
    """What construction says instead of opening a store; empty where it opens one."""
    if needs_userns:
        return "Not configuring container store"
    return "No store required. Not opening container store." if no_store else ""


class Roots(Struct, frozen=True):
    """Where a store is asked for: both roots and the driver's name, each possibly empty."""

    graph_root: str
    run_root: str
    driver: str


def roots_or_defaults(asked: Roots, options: tuple[str, ...], defaults: Roots) -> Roots:
    """Nothing asked for at all means the process's defaults."""
    return asked if asked.graph_root or asked.run_root or asked.driver or options else defaults


def is_relative(*paths: str) -> bool:
    """Whether the working directory has a say in where these are; the empty path is none."""
    return any(path and not path.startswith("/") for path in paths)


def absolute(path: str, working_directory: str) -> str:
    """``filepath.Abs``; the empty path stays empty."""
    return joined("" if path.startswith("/") else working_directory, path) if path else ""


def absolute_roots(roots: Roots, working_directory: str) -> Result[Roots, Problem]:
    """The roots against the working directory; without one there is no store."""
    if not roots.graph_root:
        return Failure(StoreIncomplete.saying("no storage root specified", "storage.graph_root"))
    if not roots.run_root:
        return Failure(StoreIncomplete.saying("no storage runroot specified", "storage.run_root"))
    graph_root = absolute(roots.graph_root, working_directory)
    return Success(Roots(graph_root, absolute(roots.run_root, working_directory), roots.driver))


def is_open(store: Store | None, roots: Roots) -> bool:
    """Whether this process has that store already: then it is used as it is, even after a shutdown."""
    return store is not None and store.graph_root == roots.graph_root and roots.driver in ("", store.driver)


def first_directories(roots: Roots) -> tuple[str, ...]:
    """What is made before anything is known of the driver, in order."""
    graph_root = roots.graph_root
    below = (joined(graph_root, name) for name in ("mounts", "tmp", roots.driver))
    return (roots.run_root, graph_root, *below)


def storage_lock(graph_root: str) -> str:
    """The lock of the whole store."""
    return joined(graph_root, "storage.lock")


def userns_lock(graph_root: str) -> str:
    """The lock of automatic user namespaces; construction only makes it."""
    return joined(graph_root, "userns.lock")


class Table(Struct, frozen=True):
    """A directory with a table in it (JSON) and the table's lock."""

    directory: str
    lock: str
    file: str


def _table(root: str, driver: str, what: str) -> Table:
    directory = joined(root, f"{driver}-{what}")
    return Table(directory, joined(directory, f"{what}.lock"), joined(directory, f"{what}.json"))


def images_table(root: str, driver: str) -> Table:
    """The images of a store, or of an additional one."""
    return _table(root, driver, "images")


def image_store_tables(store: Store, working_directory: str) -> tuple[Table, ...]:
    """The images of the additional stores; the path of a store may be relative, or empty."""
    return tuple(images_table(absolute(root or ".", working_directory), store.driver) for root in store.image_stores)


def containers_table(graph_root: str, driver: str) -> Table:
    """The containers of a store."""
    return _table(graph_root, driver, "containers")


def layers_table(graph_root: str, driver: str) -> Table:
    """The layers of a store; made when they are first asked for, at the latest at shutdown."""
    return _table(graph_root, driver, "layers")


def mounts_table(run_root: str, driver: str) -> Table:
    """Which layers are mounted, since the last boot."""
    directory = joined(run_root, f"{driver}-layers")
    return Table(directory, joined(directory, "mountpoints.lock"), joined(directory, "mountpoints.json"))


def run_containers(run_root: str, driver: str) -> str:
    """Where containers have their directories of this boot."""
    return joined(run_root, f"{driver}-containers")


def run_locks(run_root: str, driver: str) -> str:
    """Where layers have their lock files of this boot."""
    return joined(run_root, f"{driver}-locks")


def opened_store(place: Place, opened: OpenedDriver) -> Store:
    """The store with the driver that opened it."""
    return Store(
        graph_root=place.graph_root,
        run_root=place.run_root,
        name=opened.name,
        driver=opened.driver,
        options=place.options,
        status=opened.status,
        mounted=opened.mounted,
        image_stores=opened.image_stores,
        assumed=opened.assumed,
    )
