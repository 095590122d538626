"""A database as nested dictionaries, and transactions on it: what the laws of writing compare files with."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from hypothesis import strategies as st

from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.changes import BoltChange, Delete, DeleteBucket, MakeBucket, Place, Put, SetSequence
from pypod.pure.bolt.check import check
from pypod.pure.bolt.snapshot import Snapshot, open_snapshot, view
from pypod.pure.bolt.writes import Resize, Step, Sync, Write

Model: TypeAlias = "dict[bytes, bytes | Model]"

PAGE_SIZE = 1024
"""Small pages make deep trees of few keys."""

SECTOR: Final = 512
"""Bytes that a disk stores whole or not at all."""

buckets = st.sampled_from([b"a", b"ctr", b"exec", b"z" * 300])
keys = st.one_of(
    st.sampled_from([b"\0", b"a", b"config", b"k" * 200, b"\xff" * 9]),
    st.integers(0, 120).map(lambda n: b"key%03d" % n),
)
values = st.one_of(
    st.binary(max_size=12), st.integers(0, 400).map(bytes), st.sampled_from([bytes(900), b"x" * 5000, b"{}"])
)
places = st.lists(buckets, max_size=3).map(tuple)


def inside(model: Model, at: Place) -> Model | None:
    """The bucket at a place."""
    found: Model | None = model
    for name in at:
        held = found.get(name) if found is not None else None
        found = held if isinstance(held, dict) else None
    return found


def copied(model: Model) -> Model:
    return {key: copied(held) if isinstance(held, dict) else held for key, held in model.items()}


def refusal(model: Model, change: BoltChange) -> str:
    """Make a change on a model; why bbolt refuses it, if it does.  Models do not count: sequences are left alone."""
    if isinstance(change, SetSequence):
        return "" if change.at and inside(model, change.at) is not None else "bucket not found"
    at, key = (
        (change.at, change.key) if isinstance(change, Put | Delete) else (change.at[:-1], b"".join(change.at[-1:]))
    )
    bucket = inside(model, at)
    if bucket is None or (isinstance(change, DeleteBucket) and key not in bucket):
        return "bucket not found"
    if not key:
        return "bucket name required" if isinstance(change, MakeBucket) else "key required"
    held = bucket.get(key)
    if held is not None and isinstance(held, dict) != isinstance(change, MakeBucket | DeleteBucket):
        return "incompatible value"
    if isinstance(change, Put):
        bucket[key] = change.value
    elif isinstance(change, MakeBucket):
        bucket.setdefault(key, {})
    else:
        bucket.pop(key, None)
    return ""


puts = st.builds(Put, places, keys, values)
deletes = st.builds(Delete, places, keys)
made = st.builds(MakeBucket, st.lists(buckets, min_size=1, max_size=3).map(tuple))
dropped = st.builds(DeleteBucket, st.lists(buckets, min_size=1, max_size=3).map(tuple))


@st.composite
def transactions(draw: st.DrawFn, *, most: int = 4) -> list[list[BoltChange]]:
    """Transactions of changes that bbolt takes, the one after the other; runs of puts and deletes among them."""
    model: Model = {}
    done: list[list[BoltChange]] = []
    for _ in range(draw(st.integers(1, most))):
        wanted: list[BoltChange] = list(draw(st.lists(st.one_of(puts, deletes, made, made, dropped), max_size=12)))
        if draw(st.booleans()):
            at, first = draw(places), draw(st.integers(0, 60))
            run = range(first, first + draw(st.integers(1, 60)))
            value = draw(values)
            filled = draw(st.booleans())
            wanted += [Put(at, b"key%03d" % n, value) if filled else Delete(at, b"key%03d" % n) for n in run]
        done.append([change for change in wanted if not refusal(model, change)])
    return done


def in_buckets(several: list[list[BoltChange]]) -> list[list[BoltChange]]:
    """Without plain keys in the root bucket, which bbolt has no call for."""
    return [[change for change in changes if change.at or not isinstance(change, Put | Delete)] for changes in several]


def read(bucket: Bucket) -> Model:
    """The content of a bucket."""
    return {key: held if isinstance(held, bytes) else read(held) for key, held in bucket.entries()}


def opened(file: bytes) -> Snapshot:
    return open_snapshot(file, PAGE_SIZE).unwrap()


def content(file: bytes) -> Model:
    """What a file holds; it must be sound."""
    snapshot = opened(file)
    assert check(snapshot) == ()
    model: Model = view(snapshot, read).unwrap()
    return model


def after(model: Model, changes: Iterable[BoltChange]) -> Model:
    """A model after a transaction."""
    changed = copied(model)
    for change in changes:
        assert not refusal(changed, change)
    return changed


def _unsynced(steps: tuple[Step, ...]) -> int:
    """Where the steps that a crash can undo begin."""
    return max((index + 1 for index, step in enumerate(steps) if isinstance(step, Sync)), default=0)


def survived(steps: tuple[Step, ...], chance: random.Random) -> tuple[Step, ...]:
    """What is left of steps after a crash: all that was synced, and any sectors of the rest."""
    sure = _unsynced(steps)
    share = chance.choice((0.1, 0.5, 0.9))
    sectors = [sector for step in steps[sure:] for sector in _sectors(step)]
    return (*steps[:sure], *(sector for sector in sectors if chance.random() < share))


def _sectors(step: Step) -> Iterator[Step]:
    if isinstance(step, Write):
        for start in range(0, len(step.data), SECTOR):
            yield Write(step.offset + start, step.data[start : start + SECTOR])
    elif isinstance(step, Resize):
        yield step


def torn(steps: tuple[Step, ...], chance: random.Random) -> tuple[Step, ...]:
    """The same of a disk that stores writes whole or not at all, but for the last one, of which any bytes are stored."""
    sure = _unsynced(steps)
    left = [step for step in steps[sure:] if chance.random() < 0.5]
    if left and isinstance(left[-1], Write):
        left[-1] = Write(left[-1].offset, left[-1].data[: chance.randrange(len(left[-1].data) + 1)])
    return (*steps[:sure], *left)
