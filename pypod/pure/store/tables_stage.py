"""The tables of a store, read under their locks."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.facts import Handle
from pypod.pure.failure import Problem
from pypod.pure.program import Program, attempt, need, refused, settle
from pypod.pure.store.facts import Store
from pypod.pure.store.layout import (
    DIRECTORY_MODE,
    Table,
    image_store_tables,
    images_table,
    is_relative,
    layers_table,
    mounts_table,
    storage_lock,
)
from pypod.pure.store.lockfile_stage import holding, make_lock_file
from pypod.pure.store.locks import READ_ONLY_LOCK_MODE
from pypod.pure.store.tables import content_of, count, mounted_layers, read_only_conflict
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.process import WorkingDirectory


def _content(table: Table) -> Program[bytes]:
    answer = yield from attempt(ReadFile(table.file))
    return settle(content_of(answer))


def load_table(table: Table) -> Program[bytes]:
    """Make a table's directory and lock where they are missing, and read it as its writer."""
    yield from need(MakeDirectories(table.directory, DIRECTORY_MODE))
    settle((yield from make_lock_file(table.lock)))
    return (yield from holding(table.lock, lambda _: _content(table)))


def _load_read_only(table: Table) -> Program[bytes]:
    settle((yield from make_lock_file(table.lock, READ_ONLY_LOCK_MODE)))
    content = yield from holding(table.lock, lambda _: _content(table), exclusive=False)
    settle(read_only_conflict(content, "image"))
    return content


def load_image_stores(store: Store) -> Program[tuple[bytes, ...]]:
    """The images of the additional stores, in order; their lock files are made, and directories for them."""
    relative = is_relative(*(root or "." for root in store.image_stores))
    working_directory = (yield from need(WorkingDirectory())) if relative else "/"
    contents: list[bytes] = []
    for table in image_store_tables(store, working_directory):
        content = yield from _load_read_only(table)
        contents.append(content)
    return tuple(contents)


def count_images(store: Store) -> Program[int]:
    """How many images an opened store has, those of the additional stores among them."""
    table = images_table(store.graph_root, store.driver)
    own = yield from holding(table.lock, lambda _: _content(table), exclusive=False)
    others = yield from load_image_stores(store)
    return count((own, *others))


def _make_layers(store: Store) -> Program[Result[None, Problem]]:
    layers = layers_table(store.graph_root, store.driver)
    mounts = mounts_table(store.run_root, store.driver)
    for directory in (mounts.directory, layers.directory):
        made = yield from attempt(MakeDirectories(directory, DIRECTORY_MODE))
        if isinstance(made, Failure):
            return Failure(refused("")(made.failure()))
    for lock in (layers.lock, mounts.lock):
        opened = yield from make_lock_file(lock)
        if isinstance(opened, Failure):
            return Failure(opened.failure())
    return Success(None)


def load_mounts(store: Store) -> Program[Result[tuple[str, ...], Problem]]:
    """The layers that are mounted, from the table of this boot and under its lock."""
    table = mounts_table(store.run_root, store.driver)

    def read(_lock: Handle) -> Program[Result[tuple[str, ...], Problem]]:
        answer = yield from attempt(ReadFile(table.file))
        return content_of(answer).map(mounted_layers)

    return (yield from holding(table.lock, read, exclusive=False))


def load_layers(store: Store) -> Program[Result[None, Problem]]:
    """Load the layers, as whoever asks a store about them first does; what is missing of their tables is made.

    Failures are values: a shutdown that cannot load the layers is not told to anybody.
    """

    def load(_lock: Handle) -> Program[Result[None, Problem]]:
        made = yield from _make_layers(store)
        if isinstance(made, Failure):
            return made
        layers = yield from attempt(ReadFile(layers_table(store.graph_root, store.driver).file))
        readable = content_of(layers)
        if isinstance(readable, Failure):
            return Failure(readable.failure())
        mounted = yield from load_mounts(store)
        return mounted.map(lambda _: None)

    return (yield from holding(storage_lock(store.graph_root), load))
