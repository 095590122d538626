"""Laws of writing the BoltDB format.

1. After any transactions a file holds what nested dictionaries would hold, and nothing is wrong with it.
2. After any step of a commit, with any of the writes since the last sync lost or torn, the file holds what it held
   before or what it holds afterwards, and nothing is wrong with it.
3. No step but the last write touches a page of the former snapshot or its meta page.
4. A refused change has bbolt's words, and nothing is to be written.
5. No bytes make the writer or the check raise.
6. A node is cut without loss: parts have two elements at least, and none is cut that could stay one page.
7. Nothing is given out twice, and nothing that was freed in the same transaction.
8. What is kept of a file from one transaction to the next, and what was refused in between, changes nothing of what is
   written.
"""

from __future__ import annotations

import os
import random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from returns.result import Failure

from pypod.pure.bolt.changes import BoltChange, Delete, DeleteBucket, MakeBucket, Place, Put
from pypod.pure.bolt.check import check
from pypod.pure.bolt.commit import commit
from pypod.pure.bolt.create import new_database
from pypod.pure.bolt.node import parts_of
from pypod.pure.bolt.snapshot import free_pages, open_snapshot
from pypod.pure.bolt.space import Space
from pypod.pure.bolt.working import Nodes
from pypod.pure.bolt.writes import PageWrites, Write, written
from tests.fixtures.state_databases import DATABASES
from tests.property.bolt_models import (
    PAGE_SIZE,
    Model,
    after,
    content,
    copied,
    deletes,
    dropped,
    keys,
    made,
    opened,
    places,
    puts,
    refusal,
    survived,
    torn,
    transactions,
    values,
)

DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
CRASHES: Final = settings(max_examples=10_000 if DEEP else 30)
NOISE: Final = settings(max_examples=10_000 if DEEP else 20)


def committed(file: bytes, changes: list[BoltChange]) -> PageWrites:
    writes = commit(opened(file), changes).unwrap()
    assert writes.txid == opened(file).txid + 1
    return writes


class Database(RuleBasedStateMachine):
    """A file beside a model of it.  Changes wait in a transaction until it is committed or given up."""

    @initialize()
    def created(self) -> None:
        self.file = new_database(PAGE_SIZE)
        self.stored: Model = {}
        self.give_up()

    @rule(change=st.one_of(puts, deletes, made, dropped))
    def change(self, change: BoltChange) -> None:
        if not refusal(self.model, change):
            self.changes.append(change)

    @rule(at=places, first=st.integers(0, 80), count=st.integers(1, 60), value=values, step=st.sampled_from([1, 3]))
    def put_many(self, at: Place, first: int, count: int, value: bytes, step: int) -> None:
        for number in range(first, first + count, step):
            self.change(Put(at, b"key%03d" % number, value))

    @rule(at=places, first=st.integers(0, 80), count=st.integers(1, 140))
    def delete_many(self, at: Place, first: int, count: int) -> None:
        for number in range(first, first + count):
            self.change(Delete(at, b"key%03d" % number))

    @rule()
    def commit(self) -> None:
        writes = committed(self.file, self.changes)
        self.file = written(self.file, writes.steps)
        assert len(self.file) == writes.size
        self.stored = self.model
        self.give_up()

    @rule()
    def give_up(self) -> None:
        self.changes: list[BoltChange] = []
        self.model = copied(self.stored)

    @rule()
    def cut_behind_the_pages_in_use(self) -> None:
        self.file = self.file[: opened(self.file).meta.high_water * PAGE_SIZE]

    @rule()
    def forget_which_pages_are_free(self) -> None:
        snapshot = opened(self.file)
        where = snapshot.txid % 2 * PAGE_SIZE
        self.file = self.file[: where + 48] + b"\xff" * 8 + self.file[where + 56 : where + 72] + bytes(8) + (
            self.file[where + 80 :]
        )  # fmt: skip

    @invariant()
    def holds_the_model(self) -> None:
        assert content(self.file) == self.stored


TestDatabase = Database.TestCase
TestDatabase.settings = settings(max_examples=10_000 if DEEP else 25, stateful_step_count=25)


@given(transactions(), st.sampled_from([0, 1, 3, 64]))
def test_what_is_kept_between_transactions_changes_nothing(several: list[list[BoltChange]], most: int) -> None:
    file, nodes = new_database(PAGE_SIZE), Nodes()
    for changes in several:
        refused = [*changes, Put((b"nowhere", b"at all"), b"key", b"")]
        assert isinstance(commit(opened(file), refused, nodes), Failure)
        alone = commit(opened(file), changes)
        assert commit(opened(file), changes, nodes) == alone
        file = written(file, alone.unwrap().steps)
        nodes.forget(most=most)


@CRASHES
@given(transactions(), st.integers(0, 1 << 32))
def test_a_crash_leaves_one_of_the_two_snapshots(several: list[list[BoltChange]], seed: int) -> None:
    chance = random.Random(seed)
    file = new_database(PAGE_SIZE)
    model: Model = {}
    for changes in several:
        steps, wanted = committed(file, changes).steps, after(model, changes)
        for count in range(len(steps) + 1):
            assert content(written(file, steps[:count])) == (wanted if count >= len(steps) - 1 else model)
        for _ in range(3):
            prefix = steps[: chance.randrange(len(steps) + 1)]
            assert content(written(file, survived(prefix, chance))) in (model, wanted)
            assert content(written(file, torn(prefix, chance))) in (model, wanted)
        file, model = written(file, steps), wanted


@given(transactions(most=6))
def test_the_former_snapshot_is_not_touched(several: list[list[BoltChange]]) -> None:
    file = new_database(PAGE_SIZE)
    for changes in several:
        snapshot = opened(file)
        free = set(free_pages(snapshot).unwrap())
        writes = committed(file, changes)
        pages = [step for step in writes.steps if isinstance(step, Write)]
        for step in pages[:-1]:
            numbers = range(step.offset // PAGE_SIZE, (step.offset + len(step.data)) // PAGE_SIZE)
            assert all(number in free or number >= snapshot.meta.high_water for number in numbers)
            assert len(step.data) % PAGE_SIZE == 0
        assert [step.offset for step in pages[:-1]] == sorted({step.offset for step in pages[:-1]})
        assert pages[-1].offset == writes.txid % 2 * PAGE_SIZE
        assert len(pages[-1].data) == PAGE_SIZE
        file = written(file, writes.steps)


@given(transactions(most=3), st.one_of(puts, deletes, made, dropped), st.booleans())
def test_refused_changes_have_the_library_s_words(
    several: list[list[BoltChange]], change: BoltChange, nameless: bool
) -> None:
    file = new_database(PAGE_SIZE)
    model: Model = {}
    for changes in several:
        file, model = written(file, committed(file, changes).steps), after(model, changes)
    if nameless and isinstance(change, Put):
        change = Put(change.at, b"", change.value)
    elif nameless and isinstance(change, MakeBucket):
        change = MakeBucket((*change.at[:-1], b""))
    result = commit(opened(file), [change])
    expected = refusal(copied(model), change)
    assert (result.failure().text if isinstance(result, Failure) else "") == expected


@NOISE
@pytest.mark.parametrize("name", ["bolt-3.4.7-full", "synthetic-branches", "synthetic-page16k", "valid-no-freelist"])
@given(
    flips=st.lists(
        st.tuples(st.integers(0, 1 << 17), st.sampled_from([0, 1, 2, 3, 4, 255]) | st.integers(0, 255)),
        min_size=1,
        max_size=6,
    ),
    near=st.booleans(),
    cut=st.integers(0, 1 << 17),
)
def test_no_bytes_make_the_writer_raise(name: str, flips: list[tuple[int, int]], near: bool, cut: int) -> None:
    file = bytearray(DATABASES[name])
    file[72:80] = bytes(8)
    size = int.from_bytes(file[24:28], "little")
    file[size + 72 : size + 80] = bytes(8)
    for place, byte in flips:
        where = place // size * size + place % 100 if near else place
        file[where % len(file)] = byte
    snapshot = open_snapshot(bytes(file[: len(file) - cut // 8 * (cut % 8 == 0)]))
    if isinstance(snapshot, Failure):
        return
    found = check(snapshot.unwrap())
    assert all(error.text for error in found)
    changes: list[BoltChange] = [MakeBucket((b"new",)), Put((b"new",), b"a", b"b"), Delete((b"runtime-config",), b"os")]
    several: list[list[BoltChange]] = [changes, [DeleteBucket((b"ctr",))], [DeleteBucket((b"runtime-config",))]]
    for wanted in several:
        result = commit(snapshot.unwrap(), wanted)
        if isinstance(result, Failure):
            assert result.failure().text
        elif not found:
            assert check(open_snapshot(written(bytes(file), result.unwrap().steps)).unwrap()) == ()


@given(st.lists(st.integers(17, 1500), max_size=80), st.sampled_from([512, 1024, 4096]))
def test_a_node_is_cut_without_loss(sizes: list[int], page_size: int) -> None:
    parts = list(parts_of(sizes, page_size))
    assert [index for start, end in parts for index in range(start, end)] == list(range(len(sizes)))
    whole = 16 + sum(sizes)
    assert (len(parts) > 1) == (len(sizes) > 4 and whole >= page_size)
    for start, end in parts[:-1]:
        assert end - start >= 2
        assert end - start == 2 or 16 + sum(sizes[start:end]) <= page_size // 2
    start, end = parts[-1]
    assert end - start <= 4 or 16 + sum(sizes[start:end]) < page_size


@given(st.sets(st.integers(2, 60)), st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=20))
def test_no_page_is_given_out_twice(free: set[int], wanted: list[tuple[int, bool]]) -> None:
    space = Space(sorted(free), 61, 4096, 61 * 4096)
    given_out: set[int] = set()
    used = sorted(set(range(2, 61)) - free)
    for count, releases in wanted:
        runs = [first for first in sorted(free) if all(first + more in free for more in range(count))]
        first = space.allocate(count)
        pages = set(range(first, first + count))
        assert first == (runs[0] if runs else space.high_water - count)
        assert not pages & given_out
        given_out |= pages
        free -= pages
        if releases and used:
            space.release(used.pop(), 1)
    assert set(space.free) == free
    assert not set(space.pending) & given_out


@given(keys, values, places)
def test_an_empty_transaction_changes_nothing_but_the_number(key: bytes, value: bytes, at: Place) -> None:
    buckets = [MakeBucket(at[:depth]) for depth in range(1, len(at) + 1)]
    file = written(new_database(PAGE_SIZE), committed(new_database(PAGE_SIZE), [*buckets, Put(at, key, value)]).steps)
    same = written(file, committed(file, []).steps)
    assert content(same) == content(file)
    assert opened(same).meta.root == opened(file).meta.root
