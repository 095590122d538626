"""All that a bolt file contains, in the order of its keys, and the facts of the file."""

from __future__ import annotations

from collections.abc import Iterator

from returns.result import Failure, Result

from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import Snapshot, free_pages, view
from pypod.pure.database.buckets import name_of
from pypod.pure.database.facts import At
from pypod.pure.database.tree import Tree
from pypod.pure.state.facts import Backend, Content, Entry, StateFile


def file_of_snapshot(snapshot: Snapshot) -> Result[StateFile, BoltError]:
    """The facts of a bolt file."""
    return free_pages(snapshot).map(
        lambda free: StateFile(
            Backend.BOLT,
            snapshot.size,
            snapshot.page_size,
            snapshot.meta.high_water,
            len(free),
            txid=snapshot.txid,
        )
    )


def content_of_snapshot(snapshot: Snapshot) -> Result[Content, BoltError]:
    """Everything in a bolt file."""
    file = file_of_snapshot(snapshot)
    if isinstance(file, Failure):
        return file
    return view(snapshot, lambda root: Content(file.unwrap(), tuple(_entries(root, ()))))


def _entries(bucket: Bucket, at: At) -> Iterator[Entry]:
    for key, held in bucket.entries():
        name = name_of(key)
        if isinstance(held, Bucket):
            yield Entry(at, name, None, held.sequence)
            yield from _entries(held, (*at, name))
        else:
            yield Entry(at, name, held)


def content_of_tree(tree: Tree, file: StateFile) -> Content:
    """Everything in a described database."""
    return Content(file, tuple(_tree_entries(tree, ())))


def _tree_entries(tree: Tree, at: At) -> Iterator[Entry]:
    for name, _ in tree.names():
        held = tree.entries[name]
        if isinstance(held, Tree):
            yield Entry(at, name)
            yield from _tree_entries(held, (*at, name))
        else:
            yield Entry(at, name, held)
