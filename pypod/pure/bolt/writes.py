"""What a commit does to the file, as data: steps in an order that leaves the former snapshot whole until the last one.

Rule 1: no step but the last write touches a page of the former snapshot, its meta page included.
Rule 2: everything that the new meta page refers to was synced before that page is written.

So a crash after any step, and the loss of any writes that were not yet synced, leaves one of the two snapshots.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from pypod.pure.bolt.meta import Meta
from pypod.pure.bolt.page import Buffer


class Resize(Struct, frozen=True):
    """``ftruncate`` to a size in bytes."""

    size: int


class Write(Struct, frozen=True):
    """One ``pwrite``: a page with those that belong to it, at a byte offset."""

    offset: int
    data: bytes


class Sync(Struct, frozen=True):
    """``fdatasync``; ``whole`` is ``fsync``, which the new size of a file needs."""

    whole: bool = False


Step: TypeAlias = Resize | Write | Sync


class PageWrites(Struct, frozen=True):
    """The steps of a commit, the meta page that the last write makes current, and the file's size afterwards (bytes)."""

    steps: tuple[Step, ...]
    meta: Meta
    size: int

    @property
    def txid(self) -> int:
        return self.meta.txid


def written(buffer: Buffer, steps: Iterable[Step]) -> bytes:
    """The file after some steps; what lies between its end and a later write is zero."""
    image = bytearray(buffer)
    for step in steps:
        match step:
            case Resize(size):
                del image[size:]
                image.extend(bytes(size - len(image)))
            case Write(offset, data):
                image.extend(bytes(max(offset - len(image), 0)))
                image[offset : offset + len(data)] = data
            case Sync():
                pass
    return bytes(image)
