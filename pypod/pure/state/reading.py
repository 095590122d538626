"""What is read from a snapshot of a bolt file.  What only some of it needs is loaded there: ``ps -q`` needs next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from returns.result import Failure, Result, Success

from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import Snapshot, view
from pypod.pure.database.buckets import BoltBuckets, Buckets
from pypod.pure.state.facts import Backend, Containers, Content, Listed, References
from pypod.pure.state.listing import containers_of, listed

T = TypeVar("T")


def listed_in(snapshot: Snapshot) -> Result[tuple[Listed, ...], BoltError]:
    """The ids and names of the containers; no object is looked at."""
    return _read(snapshot, listed)


def containers_in(snapshot: Snapshot) -> Result[Containers, BoltError]:
    """The containers for ``ps``."""
    return _read(snapshot, lambda buckets: containers_of(buckets, Backend.BOLT))


def references_in(snapshot: Snapshot) -> Result[References, BoltError]:
    """What refers to what."""
    from pypod.pure.state.content import file_of_snapshot
    from pypod.pure.state.references import references_of

    file = file_of_snapshot(snapshot)
    if isinstance(file, Failure):
        return file
    return _read(snapshot, lambda buckets: references_of(buckets, file.unwrap()))


def content_in(snapshot: Snapshot) -> Result[Content, BoltError]:
    """Everything."""
    from pypod.pure.state.content import content_of_snapshot

    return content_of_snapshot(snapshot)


def damage_in(snapshot: Snapshot) -> Result[tuple[str, ...], BoltError]:
    """What is wrong with the pages: empty where nothing is."""
    from pypod.pure.bolt.check import check

    return Success(tuple(error.message for error in check(snapshot)))


def _read(snapshot: Snapshot, reading: Callable[[Buckets], T]) -> Result[T, BoltError]:
    return view(snapshot, lambda root: reading(BoltBuckets(root)))
