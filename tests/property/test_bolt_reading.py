"""Laws of reading the BoltDB format.

1. What is read is what the reference library read: meta, free pages, every bucket and value, in key order.
2. Getting a key gives what iterating shows, and an absent key gives nothing.
3. No bytes make the reader raise: flipped bytes, cut files and pure noise are answered, and soon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.snapshot import free_pages, open_snapshot, view
from pypod.pure.database.buckets import name_of
from pypod.pure.database.objects import objects_of_snapshot
from pypod.pure.database.tree import tree_of
from tests.fixtures.state_databases import DATABASES, DUMPS

Walked = list[tuple[tuple[str, ...], bytes | tuple[bool, int]]]


def walk(bucket: Bucket, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bytes | tuple[bool, int]]]:
    for key, held in bucket.entries():
        path = (*above, name_of(key))
        if isinstance(held, bytes):
            yield path, held
        else:
            yield path, (held.inline, held.sequence)
            yield from walk(held, path)


def walked(bucket: Bucket) -> Walked:
    return list(walk(bucket))


@pytest.mark.parametrize("name", sorted(DUMPS))
def test_reads_what_the_reference_library_reads(name: str) -> None:
    snapshot = open_snapshot(DATABASES[name]).unwrap()
    meta, entries = DUMPS[name]["meta"], DUMPS[name]["entries"]
    assert (snapshot.txid, snapshot.page_size) == (meta["txid"], meta["page_size"])
    assert (snapshot.meta.root, snapshot.meta.high_water) == (meta["root_page"], meta["high_water"])
    assert list(free_pages(snapshot).unwrap()) == (meta["free_pages"] or [])
    found = view(snapshot, walked).unwrap()
    assert [list(path) for path, _ in found] == [entry["path"] for entry in entries]
    for (_, held), entry in zip(found, entries, strict=True):
        if isinstance(held, bytes):
            assert hashlib.sha256(held).hexdigest() == entry["sha256"]
        else:
            assert held == (entry["inline"], entry["sequence"])


@pytest.mark.parametrize("name", sorted(DUMPS))
def test_getting_agrees_with_iterating(name: str) -> None:
    def agree(bucket: Bucket) -> int:
        seen = 0
        for key, held in bucket.entries():
            absent = key + b"\x00absent"
            assert bucket.get(absent) is None
            assert bucket.bucket(absent) is None
            if isinstance(held, bytes):
                assert bucket.get(key) == held
                assert bucket.bucket(key) is None
                seen += 1
            else:
                assert bucket.get(key) is None
                inside = bucket.bucket(key)
                assert inside is not None
                seen += 1 + agree(inside)
        return seen

    assert view(open_snapshot(DATABASES[name]).unwrap(), agree).unwrap() == len(DUMPS[name]["entries"])


def read_everything(content: bytes) -> None:
    """Every way of reading gives an answer; where the file opens, it may still be damaged inside."""
    snapshot = open_snapshot(content)
    assert isinstance(tree_of(content), Failure) or not isinstance(snapshot, Failure)
    if isinstance(snapshot, Failure):
        assert snapshot.failure().text
        return
    objects_of_snapshot(snapshot.unwrap())
    free_pages(snapshot.unwrap())


SMALL = sorted(name for name, content in DATABASES.items() if 8192 <= len(content) <= 131072)
WORTHLESS = st.sampled_from((0, 1, 2, 3, 5, 16, 0x7F, 0x80, 0xFE, 0xFF))


@given(st.sampled_from(SMALL), st.lists(st.tuples(st.integers(0, 131071), WORTHLESS), min_size=1, max_size=24))
def test_changed_bytes_never_raise(name: str, flips: list[tuple[int, int]]) -> None:
    content = bytearray(DATABASES[name])
    for offset, byte in flips:
        content[offset % len(content)] = byte
    read_everything(bytes(content))


@given(st.sampled_from(SMALL), st.data())
def test_changed_structures_never_raise(name: str, data: st.DataObject) -> None:
    """Page headers, elements and meta pages, with the checksum switched off so that the damage is reached."""
    content = bytearray(DATABASES[name])
    content[72:80] = content[4096 + 72 : 4096 + 80] = bytes(8)
    for _ in range(data.draw(st.integers(1, 8))):
        page = data.draw(st.integers(0, len(content) // 4096 - 1))
        offset = page * 4096 + data.draw(st.integers(0, 40)) * 4
        word = data.draw(st.one_of(st.integers(0, 40), st.sampled_from((0xFFFF, 0xFFFFFFFF, 0x10001, 0x7FFFFFFF))))
        content[offset : offset + 4] = word.to_bytes(4, "little")
    read_everything(bytes(content))


@given(st.sampled_from(SMALL), st.integers(0, 131072))
def test_cut_files_never_raise(name: str, length: int) -> None:
    read_everything(DATABASES[name][:length])


@given(st.binary(max_size=20000))
def test_noise_is_no_database(content: bytes) -> None:
    assert isinstance(open_snapshot(content), Failure)


def test_a_thousand_damaged_files_are_answered() -> None:
    """Every other byte of the structures of a small file, with two other values; the checksums are switched off."""
    content = bytearray(DATABASES["bolt-3.4.7-empty"])
    content[72:80] = content[4096 + 72 : 4096 + 80] = bytes(8)
    for offset in (page * 4096 + offset for page in range(6) for offset in range(0, 180, 2)):
        for byte in (0x11, 0xFF):
            before, content[offset] = content[offset], byte
            answer = tree_of(content)
            assert not isinstance(answer, Failure) or answer.failure().reason
            content[offset] = before
