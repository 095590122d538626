"""Examples of writing BoltDB files: the order of a commit's steps, where pages go, and how big the file becomes."""

from __future__ import annotations

import pytest

from pypod.pure.bolt import freelist
from pypod.pure.bolt.changes import BoltChange, Delete, DeleteBucket, MakeBucket, Put, SetSequence
from pypod.pure.bolt.check import check
from pypod.pure.bolt.commit import LARGEST_KEY, commit
from pypod.pure.bolt.create import new_database
from pypod.pure.bolt.node import parts_of
from pypod.pure.bolt.snapshot import free_pages, open_snapshot
from pypod.pure.bolt.space import map_size
from pypod.pure.bolt.writes import PageWrites, Resize, Sync, Write, written
from tests.fixtures.state_databases import DATABASES

MIB = 1 << 20


def committed(file: bytes, *changes: BoltChange) -> PageWrites:
    return commit(open_snapshot(file).unwrap(), changes).unwrap()


def after(file: bytes, *changes: BoltChange) -> bytes:
    return written(file, committed(file, *changes).steps)


def shape(writes: PageWrites) -> list[str]:
    """A commit's steps in short: what is written names its page and how many it fills."""
    short: list[str] = []
    for step in writes.steps:
        match step:
            case Resize(size):
                short.append(f"resize {size}")
            case Write(offset, data):
                short.append(f"write {offset // 4096} {len(data) // 4096}")
            case Sync(whole):
                short.append("fsync" if whole else "fdatasync")
    return short


def test_the_first_transaction_of_a_new_file() -> None:
    """The root goes above the four pages, the freelist above the root: the file grows to the library's map first."""
    assert shape(committed(new_database(4096), MakeBucket((b"a",)))) == [
        "resize 32768", "fsync", "write 4 1", "write 5 1", "fdatasync", "write 0 1", "fdatasync",
    ]  # fmt: skip


def test_the_next_transactions_take_turns() -> None:
    """Pages that one transaction freed are given out by the next one, the lowest first; the file stays as it is."""
    first = after(new_database(4096), MakeBucket((b"a",)))
    assert free_pages(open_snapshot(first).unwrap()).unwrap() == (2, 3)
    second = committed(first, Put((b"a",), b"k", b"v"))
    assert shape(second) == ["write 2 1", "write 3 1", "fdatasync", "write 1 1", "fdatasync"]
    assert free_pages(open_snapshot(written(first, second.steps)).unwrap()).unwrap() == (4, 5)
    assert shape(committed(first)) == ["write 2 1", "fdatasync", "write 1 1", "fdatasync"]


def test_a_page_beyond_the_end_extends_the_file() -> None:
    """Where the freelist finds a free page, the file is not made bigger than what is written."""
    file = after(new_database(4096), MakeBucket((b"a",)), Put((b"a",), b"k", bytes(9000)))
    file = file[: open_snapshot(file).unwrap().meta.high_water * 4096]
    writes = committed(file, Put((b"a",), b"k", bytes(13000)))
    assert not any(isinstance(step, Resize) for step in writes.steps)
    assert writes.size == open_snapshot(written(file, writes.steps)).unwrap().meta.high_water * 4096 > len(file)


@pytest.mark.parametrize(
    ("size", "mapped"),
    [
        (1, 32768), (32768, 32768), (32769, 65536), (16 * MIB, 16 * MIB), (MIB * 1024, MIB * 1024),
        (MIB * 1024 + 1, MIB * 2048), (MIB * 3000, MIB * 3072),
    ],
)  # fmt: skip
def test_the_library_s_map(size: int, mapped: int) -> None:
    assert map_size(size) == mapped


def test_a_big_file_grows_by_sixteen_mebibytes() -> None:
    writes = committed(new_database(4096), MakeBucket((b"a",)), Put((b"a",), b"k", bytes(17 * MIB)))
    after_all = writes.meta.high_water + 1
    assert writes.steps[0] == Resize(after_all * 4096 + 16 * MIB)


def test_pages_of_the_freelist() -> None:
    assert [freelist.pages_for(count, 4096) for count in (0, 509, 510, 511)] == [1, 1, 2, 2]
    assert freelist.pages_for(0xFFFE, 4096) == (16 + 8 * 0xFFFE) // 4096 + 1
    assert freelist.pages_for(0xFFFF, 4096) == (16 + 8 * 0x10000) // 4096 + 1
    many = tuple(range(2, 2 + 0xFFFF))
    page = freelist.encoded(many, 7, 128)
    assert page[10:12] == b"\xff\xff"
    assert int.from_bytes(page[16:24], "little") == 0xFFFF


def test_cuts_are_at_half_a_page() -> None:
    assert list(parts_of([1000] * 4, 4096)) == [(0, 4)]
    assert list(parts_of([5000] * 4, 4096)) == [(0, 4)]
    assert list(parts_of([1000] * 5, 4096)) == [(0, 2), (2, 5)]
    assert list(parts_of([5000] * 5, 4096)) == [(0, 2), (2, 5)]
    assert list(parts_of([100] * 50, 4096)) == [(0, 20), (20, 50)]


@pytest.mark.parametrize(("size", "inline"), [(976, True), (977, False)])
def test_a_bucket_is_inline_up_to_a_quarter_of_a_page(size: int, inline: bool) -> None:
    """A header of 16 bytes, an element of 16, a key of 16."""
    file = after(new_database(4096), MakeBucket((b"a",)), Put((b"a",), b"k" * 16, bytes(size)))
    assert (open_snapshot(file).unwrap().meta.high_water == 6) == inline


def test_what_bbolt_refuses() -> None:
    file = after(new_database(4096), MakeBucket((b"a",)), Put((b"a",), b"k", b""), MakeBucket((b"a", b"b")))
    refused: dict[str, tuple[BoltChange, ...]] = {
        "incompatible value": (
            Put((b"a",), b"b", b""), Delete((b"a",), b"b"), MakeBucket((b"a", b"k")), DeleteBucket((b"a", b"k")),
        ),
        "bucket not found": (
            Put((b"x",), b"k", b""), Delete((b"a", b"k"), b"x"), MakeBucket((b"x", b"y")), DeleteBucket((b"x",)),
            DeleteBucket(()), SetSequence((b"x",), 1),
        ),
        "bucket name required": (MakeBucket(()), MakeBucket((b"a", b""))),
        "key required": (Put((b"a",), b"", b""),),
        "key too large": (Put((b"a",), bytes(LARGEST_KEY + 1), b""), MakeBucket((bytes(LARGEST_KEY + 1),))),
        "value too large": (SetSequence((b"a",), 1 << 64),),
    }  # fmt: skip
    for text, changes in refused.items():
        for change in changes:
            assert commit(open_snapshot(file).unwrap(), [change]).failure().text == text
    assert committed(file, Delete((b"a",), b"absent"), Put((b"a",), bytes(LARGEST_KEY), b"")).txid == 3


def test_a_damaged_file_is_not_written() -> None:
    file = bytearray(DATABASES["bolt-3.4.7-full"])
    meta = open_snapshot(bytes(file)).unwrap().meta
    twice = meta.freelist * 4096 + 16
    file[twice + 8 : twice + 16] = file[twice : twice + 8]
    assert commit(open_snapshot(bytes(file)).unwrap(), ()).failure().text == "the freelist has a page twice"
    for name in ("damaged-root-leaf", "damaged-truncated-half"):
        snapshot = open_snapshot(DATABASES[name]).unwrap()
        assert commit(snapshot, [DeleteBucket((b"ctr",))]).failure().fatal


@pytest.mark.parametrize(
    ("place", "byte", "text"),
    [
        ("root", (1, 1), "is called page 265 in its header"),
        ("root", (8, 3), "invalid type: branch"),
        ("root", (8, 32), "invalid type: unknown<20>"),
        ("root", (11, 9), "elements do not fit"),
        ("root", (16, 2), "has unknown flags 2"),
        ("root", (24, 0), "has no key"),
        ("root", (21, 255), "lies outside"),
        ("freelist", (16, 0), "out of bounds: "),
        ("freelist", (12, 1), "multiple references"),
    ],
)
def test_what_the_check_says(place: str, byte: tuple[int, int], text: str) -> None:
    file = bytearray(DATABASES["bolt-3.4.7-full"])
    meta = open_snapshot(bytes(file)).unwrap().meta
    start = (meta.root if place == "root" else meta.freelist) * 4096
    file[start + byte[0]] = byte[1]
    found = [error.text for error in check(open_snapshot(bytes(file)).unwrap())]
    assert any(text in one for one in found), found


def test_keys_out_of_order_and_out_of_range() -> None:
    changes = [Put((b"a",), b"key%03d" % number, bytes(200)) for number in range(60)]
    file = bytearray(after(new_database(4096), MakeBucket((b"a",)), *changes))
    where = file.index(b"key030")
    file[where : where + 6] = b"key999"
    found = [error.text.partition(": ")[2] for error in check(open_snapshot(bytes(file)).unwrap())]
    assert any(text.startswith("keys out of order") for text in found)
    assert any(text.endswith("is not in its parent's range") for text in found)


def test_a_branch_without_children() -> None:
    changes = [Put((b"a",), b"key%03d" % number, bytes(200)) for number in range(60)]
    file = bytearray(after(new_database(4096), MakeBucket((b"a",)), *changes))
    branch = next(start for start in range(0, len(file), 4096) if file[start + 8] == 1)
    file[branch + 10 : branch + 12] = bytes(2)
    snapshot = open_snapshot(bytes(file)).unwrap()
    assert f"page {branch // 4096}: branch without children" in [error.text for error in check(snapshot)]
    assert commit(snapshot, [Put((b"a",), b"key", b"")]).failure().text.endswith("branch without children")
