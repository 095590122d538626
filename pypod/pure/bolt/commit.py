"""Write transactions: what a commit writes, computed from a snapshot and the changes.

The decisions are those of bbolt 1.3.6, so the files come out as the library writes them: which pages are rewritten,
merged and split, which bucket is inline, where pages are allocated and how big the file becomes.  Where bbolt leaves
the order to a hash map (several buckets changed at once), it is that of the keys here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.bolt import freelist, leaf, meta
from pypod.pure.bolt.bucket import HEADER
from pypod.pure.bolt.changes import BoltChange, Delete, DeleteBucket, MakeBucket, Place, Put, SetSequence
from pypod.pure.bolt.errors import BoltError, DamagedError
from pypod.pure.bolt.leaf import BUCKET_FLAG
from pypod.pure.bolt.meta import Meta
from pypod.pure.bolt.node import Leaf
from pypod.pure.bolt.page import Pages
from pypod.pure.bolt.rebalance import rebalance
from pypod.pure.bolt.snapshot import Snapshot
from pypod.pure.bolt.space import Space, map_size, sound_free
from pypod.pure.bolt.spill import Spill
from pypod.pure.bolt.working import FreePages, Nodes, Source, Working
from pypod.pure.bolt.writes import PageWrites, Resize, Step, Sync, Write

LARGEST_KEY: Final = 32768
LAST_SEQUENCE: Final = 0xFFFFFFFFFFFFFFFF
LAST_TXID: Final = 0xFFFFFFFFFFFFFFFF
LARGEST_VALUE: Final = (1 << 31) - 2

INCOMPATIBLE: Final = BoltError("incompatible value")
BUCKET_NOT_FOUND: Final = BoltError("bucket not found")
BUCKET_NAME_REQUIRED: Final = BoltError("bucket name required")
KEY_REQUIRED: Final = BoltError("key required")
KEY_TOO_LARGE: Final = BoltError("key too large")
VALUE_TOO_LARGE: Final = BoltError("value too large")

_EMPTY_BUCKET: Final = HEADER.pack(0, 0) + leaf.encoded(Leaf([], [], []))


def commit(
    snapshot: Snapshot, changes: Iterable[BoltChange], nodes: Nodes | None = None
) -> Result[PageWrites, BoltError]:
    """One write transaction (``DB.Update``) as steps on the file; also without any change, as the library does it.

    ``nodes`` are what is known of the file from transactions before; those of this one are added, so that it has to be
    done.  Fails, and nothing is to be written, with bbolt's words where a change is refused (``bucket not found``,
    ``incompatible value``, ``key required`` ...), and where the file is damaged.  A file that stores no freelist gets one.
    """
    begun = begin(snapshot, nodes or Nodes())
    return begun if isinstance(begun, Failure) else begun.unwrap().commit(changes)


def begin(snapshot: Snapshot, nodes: Nodes) -> Result[Transaction, BoltError]:
    """A write transaction (``DB.Begin``) to be looked into before it is committed.  Fails where the file is damaged."""
    try:
        return Success(Transaction(snapshot, nodes))
    except DamagedError as damaged:
        return Failure(damaged.error)


class Transaction:
    """A write transaction that was begun.  ``root`` is its root bucket, of which looking raises damage."""

    def __init__(self, snapshot: Snapshot, nodes: Nodes) -> None:
        """Damage is raised."""
        self._meta = snapshot.meta
        self._file_size = snapshot.size
        size = self._meta.page_size
        if self._meta.high_water * size > map_size(snapshot.size):
            raise DamagedError(f"the file ends before page {self._meta.high_water}", -1, snapshot.size)
        if not 1 < self._meta.root < self._meta.high_water or self._meta.txid == LAST_TXID:
            raise DamagedError("the meta page refers to no root page, or was the last there can be", -1, -1)
        pages = Pages(snapshot.content, size, self._meta.high_water)
        self._source = Source(pages, nodes)
        self.root = Working(self._source, self._meta.root, self._meta.sequence)

    def commit(self, changes: Iterable[BoltChange]) -> Result[PageWrites, BoltError]:
        """Make the changes and tell what is to be written, as :func:`commit` does; once."""
        try:
            return self._committed(changes)
        except DamagedError as damaged:
            return Failure(damaged.error)

    def _committed(self, changes: Iterable[BoltChange]) -> Result[PageWrites, BoltError]:
        self._free = self._free_pages()
        self._space = Space(
            self._free.ids, self._meta.high_water, self._meta.page_size, self._file_size, self._free.packed
        )
        self._spill = Spill(self._source, self._space)
        for change in changes:
            refused = self._change(change)
            if refused is not None:
                return Failure(refused)
        rebalance(self.root, self._source, self._space)
        self._spill.bucket(self.root)
        grown = self._write_freelist()
        self._spill.remember()
        return Success(self._page_writes(grown))

    def _free_pages(self) -> FreePages:
        """The free pages, and where the file says so; on page 0 where it does not."""
        known = self._source.nodes.free
        if known is not None and known.page == self._meta.freelist:
            return known
        pages = self._source.pages
        stored = freelist.freelist_page(pages, self._meta)
        if stored is None:
            unreachable = self._unreachable()
            return FreePages(0, 0, unreachable, freelist.packed(unreachable))
        ids = sound_free(freelist.free_pages(pages, stored), self._meta.high_water)
        return FreePages(stored.id, stored.overflow, ids, freelist.packed(ids))

    def _change(self, change: BoltChange) -> BoltError | None:
        match change:
            case Put(at, key, value):
                return self._put(at, key, value)
            case Delete(at, key):
                return self._delete(at, key)
            case MakeBucket(at):
                return self._make_bucket(at)
            case DeleteBucket(at):
                return self._delete_bucket(at)
            case SetSequence(at, sequence):
                return self._set_sequence(at, sequence)

    def _bucket(self, at: Place) -> Working | None:
        found: Working | None = self.root
        for key in at:
            found = found.bucket(key) if found is not None else None
        return found

    def _put(self, at: Place, key: bytes, value: bytes) -> BoltError | None:
        bucket = self._bucket(at)
        if bucket is None:
            return BUCKET_NOT_FOUND
        if not key:
            return KEY_REQUIRED
        if len(key) > LARGEST_KEY:
            return KEY_TOO_LARGE
        if len(value) > LARGEST_VALUE:
            return VALUE_TOO_LARGE
        held = bucket.look(key)
        if held is not None and held[0] & BUCKET_FLAG:
            return INCOMPATIBLE
        bucket.leaf_for(key).put(key, value, 0)
        return None

    def _delete(self, at: Place, key: bytes) -> BoltError | None:
        bucket = self._bucket(at)
        if bucket is None:
            return BUCKET_NOT_FOUND
        held = bucket.look(key)
        if held is None:
            return None
        if held[0] & BUCKET_FLAG:
            return INCOMPATIBLE
        bucket.delete(key)
        return None

    def _make_bucket(self, at: Place) -> BoltError | None:
        key = at[-1] if at else b""
        bucket = self._bucket(at[:-1])
        if bucket is None:
            return BUCKET_NOT_FOUND
        if not key:
            return BUCKET_NAME_REQUIRED
        if len(key) > LARGEST_KEY:
            return KEY_TOO_LARGE
        held = bucket.look(key)
        if held is not None:
            return None if held[0] & BUCKET_FLAG else INCOMPATIBLE
        bucket.leaf_for(key).put(key, _EMPTY_BUCKET, BUCKET_FLAG)
        return None

    def _delete_bucket(self, at: Place) -> BoltError | None:
        bucket = self._bucket(at[:-1]) if at else None
        held = bucket.look(at[-1]) if bucket is not None else None
        if bucket is None or held is None:
            return BUCKET_NOT_FOUND
        inside = bucket.bucket(at[-1])
        if inside is None:
            return INCOMPATIBLE
        self._release_all(inside)
        del bucket.opened[at[-1]]
        bucket.delete(at[-1])
        return None

    def _set_sequence(self, at: Place, sequence: int) -> BoltError | None:
        bucket = self._bucket(at) if at else None
        if bucket is None:
            return BUCKET_NOT_FOUND
        if not 0 <= sequence <= LAST_SEQUENCE:
            return VALUE_TOO_LARGE
        bucket.taken_root()
        bucket.sequence = sequence
        return None

    def _release_all(self, bucket: Working) -> None:
        for key in bucket.names_of_buckets():
            inside = bucket.bucket(key)
            if inside is not None:
                self._release_all(inside)
        for number in bucket.pages_as_read():
            self._space.release(number, self._source.extent(number))

    def _unreachable(self) -> list[int]:
        """The free pages of a file that does not say which are free."""
        used: set[int] = set()
        buckets = [self.root]
        for bucket in buckets:
            for number in bucket.pages_as_read():
                used.update(range(number, number + self._source.extent(number)))
            inside = [bucket.bucket(key) for key in bucket.names_of_buckets()]
            buckets += [one for one in inside if one is not None]
            bucket.opened.clear()
        return [number for number in range(2, self._meta.high_water) if number not in used]

    def _write_freelist(self) -> bool:
        """The new freelist, on pages of its own; whether it made the file grow."""
        space = self._space
        if self._free.page:
            space.release(self._free.page, self._source.room(self._free.page, self._free.overflow))
        count = freelist.pages_for(len(space.free) + len(space.pending), space.page_size)
        before = space.high_water
        self._freelist = space.allocate(count)
        ids, packed = space.free_next()
        self._spill.write(self._freelist, count, freelist.page_of(packed, self._freelist, count - 1))
        self._source.nodes.free = FreePages(self._freelist, count - 1, ids, packed)
        return space.high_water > before

    def _page_writes(self, grown: bool) -> PageWrites:
        space = self._space
        after = msgspec.structs.replace(
            self._meta,
            root=self.root.root,
            freelist=self._freelist,
            high_water=space.high_water,
            txid=self._meta.txid + 1,
        )
        writes = sorted(self._spill.writes, key=_offset)
        size = space.grown() if grown else space.file_size
        first: tuple[Step, ...] = (Resize(size), Sync(whole=True)) if grown else ()
        last = _meta_write(after)
        end = max(write.offset + len(write.data) for write in writes)
        return PageWrites((*first, *writes, Sync(), last, Sync()), after, max(size, end))


def _offset(write: Write) -> int:
    return write.offset


def _meta_write(after: Meta) -> Write:
    number = after.txid % 2
    return Write(number * after.page_size, meta.encoded(after, number))
