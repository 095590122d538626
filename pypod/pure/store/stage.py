"""Opening containers/storage."""

from __future__ import annotations

import msgspec

from pypod.pure.configuration.keys import (
    GID_MAP,
    GRAPH_DRIVER,
    GRAPH_OPTIONS,
    GRAPH_ROOT,
    RUN_ROOT,
    STORE_GRAPH_DRIVER,
    UID_MAP,
)
from pypod.pure.draft import Draft
from pypod.pure.program import Program, debug, need, settle, stage
from pypod.pure.settings import Origin, Source
from pypod.pure.store.drivers_stage import open_driver
from pypod.pure.store.facts import Place, Store
from pypod.pure.store.home import mapped_root
from pypod.pure.store.layout import (
    DIRECTORY_MODE,
    Roots,
    absolute_roots,
    containers_table,
    first_directories,
    images_table,
    is_open,
    is_relative,
    opened_store,
    roots_or_defaults,
    run_containers,
    run_locks,
    storage_lock,
    userns_lock,
    why_not_opened,
)
from pypod.pure.store.lockfile_stage import holding, make_lock_file
from pypod.pure.store.tables_stage import count_images, load_image_stores, load_layers, load_table
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.process import WorkingDirectory


def _decide(draft: Draft) -> Program[Draft]:
    why_not = why_not_opened(draft.surroundings.needs_userns, draft.configured.no_store)
    if why_not:
        yield from debug(why_not)
    return draft


def _roots(draft: Draft) -> Program[Roots]:
    """Where the store is, by the settings and the working directory."""
    configured = draft.configured
    roots = roots_or_defaults(
        Roots(draft.setting(GRAPH_ROOT), draft.setting(RUN_ROOT), draft.setting(GRAPH_DRIVER)),
        draft.setting(GRAPH_OPTIONS),
        Roots(configured.default_graph_root, configured.default_run_root, configured.default_graph_driver),
    )
    relative = is_relative(roots.graph_root, roots.run_root)
    working_directory = (yield from need(WorkingDirectory())) if relative else "/"
    return settle(absolute_roots(roots, working_directory))


def _place(draft: Draft, roots: Roots) -> Place:
    return Place(
        roots.graph_root,
        roots.run_root,
        roots.driver,
        draft.setting(GRAPH_OPTIONS),
        rootless=draft.surroundings.unshared,
        euid=draft.surroundings.identity.euid,
        owner=draft.surroundings.unshared_uid,
        root=mapped_root(draft.setting(UID_MAP), draft.setting(GID_MAP)),
    )


def _open_driver(draft: Draft, roots: Roots) -> Program[Store]:
    """The directories, the locks, and the graph driver under the store's lock."""
    for directory in first_directories(roots):
        yield from need(MakeDirectories(directory, DIRECTORY_MODE))
    for lock in (storage_lock(roots.graph_root), userns_lock(roots.graph_root)):
        settle((yield from make_lock_file(lock)))
    place = _place(draft, roots)
    build = draft.surroundings.host.build.drivers
    opened = yield from holding(storage_lock(roots.graph_root), lambda _: open_driver(place, build))
    return opened_store(place, settle(opened))


def _load(store: Store) -> Program[None]:
    """The tables of the store, and what it needs of this boot."""
    yield from load_table(images_table(store.graph_root, store.driver))
    yield from load_table(containers_table(store.graph_root, store.driver))
    yield from need(MakeDirectories(run_containers(store.run_root, store.driver), DIRECTORY_MODE))
    yield from load_image_stores(store)
    yield from need(MakeDirectories(run_locks(store.run_root, store.driver), DIRECTORY_MODE))


def open_store(draft: Draft) -> Program[Draft]:
    """``Runtime.configureStore``: open the store, or find that this process has it open already."""
    roots = yield from _roots(draft)
    if is_open(draft.store, roots):
        return draft
    store = yield from _open_driver(draft, roots)
    yield from _load(store)
    after = draft.claim(STORE_GRAPH_DRIVER, store.driver, Origin(Source.COMPUTED, store.graph_root))
    return msgspec.structs.replace(after, store=store)


def _open(draft: Draft) -> Program[Draft]:
    if why_not_opened(draft.surroundings.needs_userns, draft.configured.no_store):
        return draft
    return (yield from open_store(draft))


CAPABILITIES = stage("capabilities", _decide)
"""Whether a store is opened at all."""
STORE = stage("store", _open)
"""The container store."""

__all__ = ["CAPABILITIES", "STORE", "count_images", "load_layers", "open_store"]
