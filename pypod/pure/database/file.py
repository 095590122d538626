"""A database as a file that is held whole: its bytes, and its content read once.

What changes it is a transaction on the bytes, so the file has the pages and the size that bbolt would give it.  Contents
and the writer are loaded with the first file that is read or made: a plan for a real host knows its database as that host
answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.bolt.snapshot import USUAL_PAGE_SIZE, Snapshot, open_snapshot
from pypod.pure.database.buckets import damage, key_of
from pypod.pure.database.facts import EditJson, StateChange
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.bolt.changes import BoltChange, Place
    from pypod.pure.bolt.errors import BoltError
    from pypod.pure.bolt.meta import Meta
    from pypod.pure.database.tree import Tree


class Database(Struct, frozen=True):
    """The bytes of a database file, the meta page in use, and the content."""

    tree: Tree
    file: bytes
    meta: Meta

    @property
    def txid(self) -> int:
        return self.meta.txid

    @property
    def page_size(self) -> int:
        """In bytes."""
        return self.meta.page_size

    @property
    def size(self) -> int:
        """Of the file, in bytes."""
        return len(self.file)

    @property
    def small(self) -> bool:
        """Whether what follows from it is worth keeping: there are many such files, and they are much alike."""
        return len(self.file) <= _SMALL

    def to_bytes(self) -> bytes:
        """The file."""
        return self.file

    def updated(
        self, wanted: Iterable[StateChange], path: str = ""
    ) -> Result[tuple[Database, tuple[str, ...]], HostError]:
        """After one transaction (``DB.Update``), and what really changed.

        Failures in bbolt's words: ``bucket not found``, ``incompatible value`` ...; why a value is not a JSON object;
        what is damaged.
        """
        asked = tuple(wanted)
        # What an edit writes into an object may be a list, which cannot be looked up.
        if not self.small or EditJson in set(map(type, asked)):
            return _updated(self, asked, path)
        return _updated_before(self, asked, path)

    def __eq__(self, other: object) -> bool:
        # The rest follows from the bytes.
        return isinstance(other, Database) and self.page_size == other.page_size and self.file == other.file

    def __hash__(self) -> int:
        return hash((self.file, self.page_size))


def _updated(
    database: Database, wanted: tuple[StateChange, ...], path: str
) -> Result[tuple[Database, tuple[str, ...]], HostError]:
    from pypod.pure.database.tree import transaction

    asked = transaction(database.tree, wanted)
    if isinstance(asked, Failure):
        return asked
    done = asked.unwrap()
    file = _committed(database, done.changes)
    if isinstance(file, Failure):
        return Failure(damage(file.failure(), path))
    after, meta = file.unwrap()
    return Success((Database(done.tree, after, meta), done.details))


# Every first construction makes the same buckets and fixes much the same directories: in a process that plans for many
# hosts the pages need not be laid out anew for each.  Kept are 64 transactions, on files of at most 128 KiB.
_updated_before = lru_cache(maxsize=64)(_updated)
_SMALL: Final = 1 << 17


def _committed(database: Database, asked: Iterable[BoltChange]) -> Result[tuple[bytes, Meta], BoltError]:
    from pypod.pure.bolt.commit import commit
    from pypod.pure.bolt.writes import written

    snapshot = Snapshot(memoryview(database.file), database.meta)
    return commit(snapshot, asked).map(lambda writes: (written(database.file, writes.steps), writes.meta))


@lru_cache(maxsize=4)
def empty_database(page_size: int = USUAL_PAGE_SIZE) -> Database:
    """A file as ``bolt.Open`` makes it."""
    from pypod.pure.bolt.create import new_database
    from pypod.pure.database.tree import empty_tree

    file = new_database(page_size)
    return Database(empty_tree(), file, open_snapshot(file, page_size).unwrap().meta)


def database_of(content: bytes, page_size: int = USUAL_PAGE_SIZE, path: str = "") -> Result[Database, HostError]:
    """A file that is there.  ``page_size`` is the operating system's.  Fails where any of it cannot be read."""
    from pypod.pure.database.tree import tree_of_snapshot

    snapshot = open_snapshot(content, page_size)
    if isinstance(snapshot, Failure):
        return Failure(damage(snapshot.failure(), path))
    opened = snapshot.unwrap()
    return tree_of_snapshot(opened, path).map(lambda tree: Database(tree, content, opened.meta))


def database_holding(tree: Tree, page_size: int = USUAL_PAGE_SIZE) -> Result[Database, BoltError]:
    """A new file into which one transaction put a content."""
    empty = empty_database(page_size)
    return _committed(empty, _putting(tree, ())).map(lambda after: Database(tree, *after))


def _putting(tree: Tree, at: Place) -> Iterator[BoltChange]:
    from pypod.pure.bolt import changes

    for name, _ in tree.names():
        held = tree.entries[name]
        if isinstance(held, bytes):
            yield changes.Put(at, key_of(name), held)
        else:
            inside = (*at, key_of(name))
            yield changes.MakeBucket(inside)
            yield from _putting(held, inside)
