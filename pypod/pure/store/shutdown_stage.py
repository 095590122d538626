"""Shutting a store down."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.draft import Draft
from pypod.pure.failure import Problem
from pypod.pure.program import Program, attempt, need, stage
from pypod.pure.store.facts import Store
from pypod.pure.store.layout import layers_table, storage_lock
from pypod.pure.store.lockfile_stage import holding
from pypod.pure.store.shutdown import TOKEN_DIGITS, clean_up, not_shut_down, not_unmounted
from pypod.pure.store.tables import in_use
from pypod.pure.store.tables_stage import load_layers, load_mounts
from pypod.pure.vocabulary.changes import RemoveTree, WriteToken
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


def _give_back(store: Store) -> Program[Result[None, Problem]]:
    mounted = yield from load_mounts(store)
    if isinstance(mounted, Failure):
        return Failure(mounted.failure())
    used = in_use(mounted.unwrap())
    if used is not None:
        return Failure(used)
    cleaned = yield from _clean_up(store)
    yield from _touch(storage_lock(store.graph_root))
    yield from _touch(layers_table(store.graph_root, store.driver).lock)
    return cleaned


def shut_down_store(store: Store) -> Program[Result[None, Problem]]:
    """Shut a store down, not by force: a mounted layer keeps everything as it is (containers/storage ``Shutdown``)."""
    loaded = yield from load_layers(store)
    if isinstance(loaded, Failure):
        return loaded
    layers = layers_table(store.graph_root, store.driver)
    return (
        yield from holding(
            storage_lock(store.graph_root),
            lambda _: holding(layers.lock, lambda _: _give_back(store)),
        )
    )


def shut_down(draft: Draft) -> Program[Result[None, Problem]]:
    """``Runtime.Shutdown(false)``: the store, if there is one.  The database needs nothing."""
    if draft.store is None:
        return Success(None)
    done = yield from shut_down_store(draft.store)
    return done.alt(not_shut_down)


def _shut_down(draft: Draft) -> Program[Draft]:
    """Podman's command drops the error of a shutdown."""
    yield from shut_down(draft)
    return draft


SHUTDOWN = stage("shutdown", _shut_down)
"""``Runtime.Shutdown(false)`` at the end of a command that succeeded."""
