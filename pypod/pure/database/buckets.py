"""Looking into a database: buckets by text names, whatever holds them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.bolt.bucket import Bucket
    from pypod.pure.bolt.errors import BoltError


class Buckets(Protocol):
    """A bucket that can be looked into, whatever holds it."""

    def get(self, name: str, /) -> bytes | None:
        """The value of a plain key."""
        ...

    def bucket(self, name: str, /) -> Buckets | None:
        """A nested bucket."""
        ...

    def names(self) -> Iterator[tuple[str, bool]]:
        """The keys in byte order, and whether each is a bucket's."""
        ...

    def plain(self) -> Iterator[tuple[str, bytes]]:
        """The plain keys in byte order, with their values."""
        ...


def name_of(key: bytes) -> str:
    """A key as text; bytes that are not UTF-8 become surrogate escapes."""
    return key.decode("utf-8", "surrogateescape")


def key_of(name: str) -> bytes:
    """The bytes of a name."""
    return name.encode("utf-8", "surrogateescape")


class BoltBuckets:
    """A bucket of a file, by text names."""

    __slots__ = ("_bucket",)

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def get(self, name: str, /) -> bytes | None:
        return self._bucket.get(key_of(name))

    def bucket(self, name: str, /) -> BoltBuckets | None:
        found = self._bucket.bucket(key_of(name))
        return BoltBuckets(found) if found else None

    def names(self) -> Iterator[tuple[str, bool]]:
        for key, is_bucket in self._bucket.names():
            yield name_of(key), is_bucket

    def plain(self) -> Iterator[tuple[str, bytes]]:
        for key, held in self._bucket.entries():
            if isinstance(held, bytes):
                yield name_of(key), held


def damage(error: BoltError, path: str) -> HostError:
    """What is wrong with a file as a machine's failure: its reason is bbolt's words, or ours with EFAULT where bbolt dies."""
    return HostError(errno.EFAULT if error.fatal else 0, "", path, error.message)
