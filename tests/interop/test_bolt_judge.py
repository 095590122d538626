"""The files that pypod writes before a judge: bbolt 1.3.6 itself, through a small Go program.

It checks them and reads them back; it writes the same transactions, and the files are the same to the byte; it writes
after pypod and pypod after it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.bolt.changes import BoltChange, Delete, DeleteBucket, MakeBucket, Place, Put, SetSequence
from pypod.pure.bolt.check import check
from pypod.pure.bolt.commit import commit
from pypod.pure.bolt.create import new_database
from pypod.pure.bolt.snapshot import open_snapshot
from pypod.pure.bolt.writes import written
from tests.fixtures.state_databases import DATABASES
from tests.property.bolt_models import PAGE_SIZE, Model, after, content, in_buckets, refusal, transactions, values

FEW: Final = settings(
    max_examples=500 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Judge:
    """The reference library on a file of its own."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def __call__(self, file: bytes, several: Iterable[Iterable[dict[str, Any]]] = ()) -> tuple[dict[str, Any], bytes]:
        """What it finds in a file, after transactions if there are any, and the file then."""
        lines = [json.dumps(list(changes)) for changes in several]
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "state.db"
            path.write_bytes(file)
            more = ["change"] if lines else []
            done = subprocess.run(
                [self._program, path, *more], input="\n".join(lines), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout[-500:] + done.stderr[:2000]
            return json.loads(done.stdout), path.read_bytes()

    def content(self, file: bytes) -> dict[str, Any]:
        """All keys of a sound file."""
        found, _ = self(file)
        assert found["errors"] == []
        keys: dict[str, Any] = found["keys"]
        return keys


@pytest.fixture(scope="session")
def judge(judge_program: Path) -> Judge:
    return Judge(judge_program)


def asked(change: BoltChange) -> dict[str, Any]:
    """A change in the judge's form."""
    match change:
        case Put(at, key, value):
            return {"Op": "put", "At": [name.hex() for name in at], "Key": key.hex(), "Value": value.hex()}
        case Delete(at, key):
            return {"Op": "delete", "At": [name.hex() for name in at], "Key": key.hex()}
        case MakeBucket(at):
            return {"Op": "make", "At": [name.hex() for name in at[:-1]], "Key": at[-1].hex()}
        case DeleteBucket(at):
            return {"Op": "drop", "At": [name.hex() for name in at[:-1]], "Key": at[-1].hex()}
        case SetSequence(at, sequence):
            return {"Op": "sequence", "At": [name.hex() for name in at], "Sequence": sequence}


def dumped(model: Model) -> dict[str, Any]:
    """A model in the judge's form."""
    return {
        key.hex(): {"sequence": 0, "keys": dumped(held)} if isinstance(held, dict) else held.hex()
        for key, held in model.items()
    }


def updated(file: bytes, changes: Iterable[BoltChange]) -> bytes:
    writes = commit(open_snapshot(file).unwrap(), changes).unwrap()
    after_all = written(file, writes.steps)
    assert len(after_all) == writes.size
    return after_all


@FEW
@given(several=transactions(most=6).map(in_buckets))
def test_it_reads_what_pypod_wrote(judge: Judge, several: list[list[BoltChange]]) -> None:
    file = new_database(PAGE_SIZE)
    model: Model = {}
    for changes in several:
        file, model = updated(file, changes), after(model, changes)
    assert judge.content(file) == dumped(model)


@FEW
@given(several=transactions(most=8).map(in_buckets), pypod_first=st.booleans())
def test_they_write_in_turn(judge: Judge, several: list[list[BoltChange]], pypod_first: bool) -> None:
    file = new_database(PAGE_SIZE)
    model: Model = {}
    for number, changes in enumerate(several):
        model = after(model, changes)
        if (number % 2 == 0) == pypod_first:
            file = updated(file, changes)
            assert judge.content(file) == dumped(model)
        else:
            found, file = judge(file, [map(asked, changes)])
            assert found["errors"] == []
            assert content(file) == model


@st.composite
def orderly(draw: st.DrawFn) -> list[list[BoltChange]]:
    """Transactions in which bbolt leaves no order to a hash map: one bucket each, and one deletion."""
    model: Model = {}
    known: list[Place] = [(b"a",)]
    done: list[list[BoltChange]] = [[MakeBucket((b"a",))]]
    refusal(model, done[0][0])
    for _ in range(draw(st.integers(1, 14))):
        at = draw(st.sampled_from(known))
        first = draw(st.integers(0, 150))
        value = draw(values)
        wanted: list[BoltChange]
        inside = MakeBucket((*at[:3], b"b%d" % (first % 5)))
        match draw(st.sampled_from(("put", "put", "one", "delete", "delete", "bucket", "drop"))):
            case "put":
                count, step = draw(st.integers(1, 60)), draw(st.sampled_from((1, 7)))
                wanted = [Put(at, b"key%03d" % number, value) for number in range(first, first + count * step, step)]
            case "one":
                wanted = [Put(at, b"key%03d" % first, value)]
            case "delete":
                wanted = [Delete(at, b"key%03d" % first)]
            case "bucket":
                wanted = [inside]
                known.append(inside.at)
            case _:
                wanted = [DeleteBucket(at)]
                known = [place for place in known if place[: len(at)] != at] or [(b"a",)]
        wanted = [change for change in wanted if not refusal(model, change)]
        done.append(wanted)
        if not model:
            done.append([MakeBucket((b"a",))])
            refusal(model, done[-1][0])
    return done


@FEW
@given(several=orderly(), page_size=st.sampled_from([1024, 4096]))
def test_the_same_transactions_make_the_same_file(
    judge: Judge, several: list[list[BoltChange]], page_size: int
) -> None:
    file = new_database(page_size)
    for changes in several:
        file = updated(file, changes)
    found, theirs = judge(new_database(page_size), [map(asked, changes) for changes in several])
    assert found["errors"] == []
    assert theirs == file


@pytest.mark.parametrize("count", [3, 40, 700, 5000])
def test_a_big_bucket_grows_and_empties_to_the_same_file(judge: Judge, count: int) -> None:
    """Splits of branches, a freelist of many pages, files beyond 16 MiB."""
    made: list[list[BoltChange]] = [[MakeBucket((b"b",))]]
    filled: list[list[BoltChange]] = [[Put((b"b",), b"%06d" % n, bytes(4000)) for n in range(0, count, 2)]]
    more: list[list[BoltChange]] = [[Put((b"b",), b"%06d" % n, bytes(90)) for n in range(1, count, 2)]]
    emptied: list[list[BoltChange]] = [[Delete((b"b",), b"%06d" % n)] for n in range(min(count, 60))]
    several: list[list[BoltChange]] = [*made, *filled, *more, *emptied, [DeleteBucket((b"b",))], []]
    file = new_database(4096)
    for changes in several:
        file = updated(file, changes)
    found, theirs = judge(b"", [map(asked, changes) for changes in several])
    assert found == {"errors": [], "keys": {}}
    assert len(theirs) == len(file)
    assert theirs == file


def test_a_new_file_is_the_library_s(judge: Judge) -> None:
    _, theirs = judge(b"", [[]])
    assert theirs == updated(new_database(4096), [])


def test_sequences_are_set_and_stay(judge: Judge) -> None:
    several: list[list[BoltChange]] = [
        [MakeBucket((b"b",)), MakeBucket((b"b", b"c")), SetSequence((b"b",), 77), SetSequence((b"b", b"c"), 2**64 - 1)],
        [Put((b"b", b"c"), b"k", b"v"), Put((b"b",), b"n", bytes(3000))],
    ]
    file = new_database(4096)
    for changes in several:
        file = updated(file, changes)
    found, theirs = judge(new_database(4096), [map(asked, changes) for changes in several])
    assert theirs == file
    outer = found["keys"][b"b".hex()]
    assert (outer["sequence"], outer["keys"][b"c".hex()]["sequence"]) == (77, 2**64 - 1)
    assert judge.content(file) == found["keys"]


@pytest.mark.parametrize("name", ["bolt-3.4.7-full", "bolt-4.3.1-full", "synthetic-branches", "synthetic-page16k",
                                  "valid-no-freelist", "valid-truncated-to-high-water", "damaged-meta0-garbage"])  # fmt: skip
def test_an_update_of_a_real_database_leaves_the_rest(judge: Judge, name: str) -> None:
    before = judge.content(DATABASES[name])
    file = updated(DATABASES[name], [MakeBucket((b"pypod",)), Put((b"pypod",), b"key", b"value")])
    found = judge.content(file)
    assert found.pop(b"pypod".hex()) == {"sequence": 0, "keys": {b"key".hex(): b"value".hex()}}
    assert found == before
    assert judge.content(updated(file, [DeleteBucket((b"pypod",))])) == before


@FEW
@given(
    name=st.sampled_from(["bolt-3.4.7-full", "bolt-3.4.7-empty", "synthetic-branches"]),
    page=st.integers(2, 40),
    field=st.sampled_from([8, 10, 12, 16, 20, 24, 28, 32, 40]),
    number=st.integers(0, 40),
)
def test_the_check_finds_what_the_library_finds(judge: Judge, name: str, page: int, field: int, number: int) -> None:
    """Numbers of page headers and elements changed: where the library reports or dies, the check reports."""
    file = bytearray(DATABASES[name])
    where = page * 4096 + field
    if where >= len(file):
        return
    file[where] = number
    try:
        theirs: list[str] = judge(bytes(file))[0]["errors"]
    except AssertionError:
        theirs = ["died"]
    snapshot = open_snapshot(bytes(file))
    ours = [snapshot.failure()] if isinstance(snapshot, Failure) else check(snapshot.unwrap())
    assert ours or not theirs, theirs


def test_a_judge_that_finds_nothing_would_be_none(judge: Judge) -> None:
    """A leaked page and a page that is free and in use: both are reported, here and there in the same words."""
    file = bytearray(DATABASES["bolt-3.4.7-full"])
    meta = open_snapshot(bytes(file)).unwrap().meta
    file[meta.freelist * 4096 + 16] = meta.root
    theirs, _ = judge(bytes(file))
    ours = check(open_snapshot(bytes(file)).unwrap())
    assert theirs["errors"]
    assert sorted(theirs["errors"]) == sorted(error.text for error in ours)
