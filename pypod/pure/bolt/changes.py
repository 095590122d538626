"""What a write transaction can do to a database: values, in the order in which they are to happen.

A bucket is named by the keys that lead to it from the root; the empty place is the root bucket itself.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

Place: TypeAlias = tuple[bytes, ...]


class Put(Struct, frozen=True):
    """Set a key (``Bucket.Put``).  Refused on a bucket's key (``incompatible value``)."""

    at: Place
    key: bytes
    value: bytes


class Delete(Struct, frozen=True):
    """Delete a key (``Bucket.Delete``); an absent one is no failure.  Refused on a bucket's key."""

    at: Place
    key: bytes


class MakeBucket(Struct, frozen=True):
    """Make a bucket in a bucket that is there, if it is missing (``CreateBucketIfNotExists``)."""

    at: Place


class DeleteBucket(Struct, frozen=True):
    """Delete a bucket and everything in it (``Bucket.DeleteBucket``).  Refused where it is absent."""

    at: Place


class SetSequence(Struct, frozen=True):
    """Set the number that a bucket counts with (``Bucket.SetSequence``), from 0 to 2**64 - 1."""

    at: Place
    sequence: int


BoltChange: TypeAlias = Put | Delete | MakeBucket | DeleteBucket | SetSequence
