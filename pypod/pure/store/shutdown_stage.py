"""Shutting a store down."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.draft import Draft
from pypod.pure.facts import Handle
from pypod.pure.failure import Problem
from pypod.pure.program import Program, attempt, need, notes, refused, stage
from pypod.pure.store.facts import Store
from pypod.pure.store.layout import layers_table, mounts_table, storage_lock
from pypod.pure.store.lockfile_stage import holding
from pypod.pure.store.shutdown import (
    TABLE_MODE,
    TOKEN_DIGITS,
    clean_up,
    mount_point_kept,
    mounted_at,
    not_shut_down,
    not_unmounted,
    unmount_refused,
)
from pypod.pure.store.tables import content_of, in_use, without_mount
from pypod.pure.store.tables_stage import load_layers, load_mounts
from pypod.pure.vocabulary.changes import RemoveFile, RemoveTree, ReplaceFile, WriteToken
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.host import DrawToken
from pypod.pure.vocabulary.mounts import Unmount


def _clean_up(store: Store) -> Program[Result[None, Problem]]:
    leftovers = clean_up(store)
    for path in leftovers.remove:
        yield from attempt(RemoveTree(path))
    for path in leftovers.unmount:
        detached = yield from attempt(Unmount(path))
        if isinstance(detached, Failure):
            return Failure(not_unmounted(detached.failure()))
    return Success(None)


def _touch(lock: str) -> Program[None]:
    """A new last-writer token; that it cannot be written is not told to anybody."""
    token = yield from need(DrawToken(TOKEN_DIGITS))
    yield from attempt(WriteToken(lock, token))


def _unmount(store: Store, layer: str) -> Program[Result[None, Problem]]:
    """Unmount a layer, however often it is mounted, and take it from the table (``layerStore.Unmount``, by force)."""
    table = mounts_table(store.run_root, store.driver)

    def take_away(_lock: Handle) -> Program[Result[None, Problem]]:
        yield from _detach(store, layer)
        read = content_of((yield from attempt(ReadFile(table.file))))
        written: Result[None, Problem] = Failure(read.failure()) if isinstance(read, Failure) else Success(None)
        if not isinstance(read, Failure):
            replaced = yield from attempt(ReplaceFile(table.file, TABLE_MODE, without_mount(read.unwrap(), layer)))
            written = replaced.map(lambda _: None).alt(refused(""))
        yield from _touch(table.lock)
        return written

    return (yield from holding(table.lock, take_away))


def _detach(store: Store, layer: str) -> Program[None]:
    """What the driver does of it: refusals are only logged."""
    path = mounted_at(store, layer)
    if not path:
        return
    detached = yield from attempt(Unmount(path))
    if isinstance(detached, Failure):
        yield from notes((unmount_refused(detached.failure(), layer, path),))
    removed = yield from attempt(RemoveFile(path))
    if isinstance(removed, Failure):
        yield from notes(mount_point_kept(removed.failure(), layer, path))


def _unmount_all(store: Store, layers: tuple[str, ...]) -> Program[Result[None, Problem]]:
    """Every layer in turn; the first failure is what is told."""
    outcome: Result[None, Problem] = Success(None)
    for layer in layers:
        unmounted = yield from _unmount(store, layer)
        outcome = outcome if isinstance(outcome, Failure) else unmounted
    if isinstance(outcome, Failure):
        yield from _touch(layers_table(store.graph_root, store.driver).lock)
    return outcome


def _give_back(store: Store, *, force: bool) -> Program[Result[None, Problem]]:
    mounted = yield from load_mounts(store)
    if isinstance(mounted, Failure):
        return Failure(mounted.failure())
    used = None if force else in_use(mounted.unwrap())
    if used is not None:
        return Failure(used)
    unmounted = yield from _unmount_all(store, mounted.unwrap())
    if isinstance(unmounted, Failure):
        return unmounted
    cleaned = yield from _clean_up(store)
    yield from _touch(storage_lock(store.graph_root))
    yield from _touch(layers_table(store.graph_root, store.driver).lock)
    return cleaned


def shut_down_store(store: Store, *, force: bool = False) -> Program[Result[None, Problem]]:
    """Shut a store down: a mounted layer keeps everything as it is, or by ``force`` is unmounted (containers/storage
    ``Shutdown``).
    """
    loaded = yield from load_layers(store)
    if isinstance(loaded, Failure):
        return loaded
    layers = layers_table(store.graph_root, store.driver)
    return (
        yield from holding(
            storage_lock(store.graph_root),
            lambda _: holding(layers.lock, lambda _: _give_back(store, force=force)),
        )
    )


def shut_down(draft: Draft, *, force: bool = False) -> Program[Result[None, Problem]]:
    """What ``Runtime.Shutdown`` does once no container is to be stopped: the store, if there is one.  The database needs
    nothing.
    """
    if draft.store is None:
        return Success(None)
    done = yield from shut_down_store(draft.store, force=force)
    return done.alt(not_shut_down)


def _shut_down(draft: Draft) -> Program[Draft]:
    """Podman's command drops the error of a shutdown."""
    yield from shut_down(draft)
    return draft


SHUTDOWN = stage("shutdown", _shut_down)
"""``Runtime.Shutdown(false)`` at the end of a command that succeeded."""
