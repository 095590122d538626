"""What a plan knows of any database: its sizes, the names of its buckets, and the runtime configuration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.bolt.snapshot import Snapshot, view
from pypod.pure.database.buckets import BoltBuckets, Buckets, name_of
from pypod.pure.database.facts import DatabaseFacts

if TYPE_CHECKING:
    from pypod.pure.bolt.errors import BoltError
    from pypod.pure.database.file import Database


def facts_of(buckets: Buckets, txid: int, page_size: int, size: int) -> DatabaseFacts:
    """The buckets and the runtime configuration (``GetDBConfig``, with the ``os`` that it leaves out)."""
    config = buckets.bucket("runtime-config")
    return DatabaseFacts(
        txid=txid,
        page_size=page_size,
        size=size,
        buckets=tuple(name for name, is_bucket in buckets.names() if is_bucket),
        config=None if config is None else tuple(_texts(config)),
    )


def _texts(bucket: Buckets) -> Iterator[tuple[str, str]]:
    for name, is_bucket in bucket.names():
        value = None if is_bucket else bucket.get(name)
        if value is not None:
            yield name, name_of(value)


def facts_of_database(database: Database) -> DatabaseFacts:
    """The facts of a file that is held whole."""
    return _facts_before(database) if database.small else _facts(database)


def _facts(database: Database) -> DatabaseFacts:
    return facts_of(database.tree, database.txid, database.page_size, database.size)


# What a construction reads is most often what the first transactions of any host leave.
_facts_before = lru_cache(maxsize=64)(_facts)


def facts_of_snapshot(snapshot: Snapshot) -> Result[DatabaseFacts, BoltError]:
    """The facts of a file; reads the root's pages and those of ``runtime-config``."""
    return view(snapshot, lambda root: facts_of(BoltBuckets(root), snapshot.txid, snapshot.page_size, snapshot.size))
