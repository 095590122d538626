"""Snapshots: a database as of its newest transaction.

:func:`open_snapshot` finds it and :func:`view` reads from it, like bbolt's ``Open`` and ``View``.  Neither raises,
whatever the bytes are: what bbolt would panic or fault on is a :class:`BoltError` that names page and offset.
A snapshot refers to its content; only the pages that are asked for are read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.bolt import freelist
from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.errors import BoltError, DamagedError
from pypod.pure.bolt.meta import Meta, current_meta
from pypod.pure.bolt.page import Content, Pages

T = TypeVar("T")

USUAL_PAGE_SIZE: Final = 4096


class Snapshot(Struct, frozen=True):
    """The newest valid transaction of a file.  ``size`` is the file's, in bytes."""

    content: Content
    meta: Meta

    @property
    def txid(self) -> int:
        return self.meta.txid

    @property
    def page_size(self) -> int:
        return self.meta.page_size

    @property
    def size(self) -> int:
        return len(self.content)


def open_snapshot(content: Content, page_size: int = USUAL_PAGE_SIZE) -> Result[Snapshot, BoltError]:
    """The newest valid snapshot of a file (``bolt.Open``).  ``page_size`` is the operating system's, in bytes.

    Failures in bbolt's words: ``invalid database``, ``version mismatch``, ``checksum error``, ``file size too small``;
    ``invalid freelist page: …`` where bbolt panics.
    """
    meta = current_meta(content, page_size)
    if isinstance(meta, Failure):
        return meta
    snapshot = Snapshot(content, meta.unwrap())
    return _unless_damaged(lambda: freelist.freelist_page(_pages(snapshot), snapshot.meta)).map(lambda _: snapshot)


def view(snapshot: Snapshot, reading: Callable[[Bucket], T]) -> Result[T, BoltError]:
    """What ``reading`` makes of the root bucket.  It must not keep a bucket or an iterator: only values."""
    pages = _pages(snapshot)
    meta = snapshot.meta
    return _unless_damaged(lambda: reading(Bucket(pages, meta.root, meta.sequence)))


def free_pages(snapshot: Snapshot) -> Result[tuple[int, ...], BoltError]:
    """The ids of the pages that the file calls free, ascending."""
    pages = _pages(snapshot)
    return _unless_damaged(lambda: freelist.free_pages(pages, freelist.freelist_page(pages, snapshot.meta)))


def _pages(snapshot: Snapshot) -> Pages:
    return Pages(snapshot.content, snapshot.page_size, snapshot.meta.high_water)


def _unless_damaged(read: Callable[[], T]) -> Result[T, BoltError]:
    try:
        return Success(read())
    except DamagedError as damaged:
        return Failure(damaged.error)
