"""Examples of reading BoltDB files: what each damaged one is called, and how little a lookup reads."""

from __future__ import annotations

import pytest
from returns.result import Failure

from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.snapshot import open_snapshot, view
from tests.fixtures.state_databases import DATABASES


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("damaged-both-metas-magic", "invalid database"),
        ("damaged-both-metas-version", "version mismatch"),
        ("damaged-both-metas-checksum", "checksum error"),
        ("damaged-truncated-100b", "invalid database"),
        ("damaged-truncated-1page", "file size too small"),
        ("damaged-freelist-type", "invalid freelist page: 4, page type is leaf"),
        ("zero-length", "invalid database"),
    ],
)
def test_a_file_that_does_not_open(name: str, text: str) -> None:
    assert open_snapshot(DATABASES[name]).failure().text == text


@pytest.mark.parametrize("name", ["damaged-root-leaf", "damaged-truncated-half"])
def test_a_file_on_which_the_library_crashes(name: str) -> None:
    snapshot = open_snapshot(DATABASES[name]).unwrap()

    def everything(bucket: Bucket) -> int:
        return sum(1 if isinstance(held, bytes) else everything(held) for _, held in bucket.entries())

    result = view(snapshot, everything)
    assert isinstance(result, Failure)
    assert result.failure().fatal
    assert result.failure().page > 1
    assert result.failure().message.endswith(f"(page {result.failure().page}, byte {result.failure().offset})")


def test_the_older_transaction_where_the_newest_meta_is_damaged() -> None:
    assert open_snapshot(DATABASES["damaged-newest-meta"]).unwrap().txid == 18
    assert open_snapshot(DATABASES["bolt-3.4.7-full"]).unwrap().txid == 19


def test_the_system_page_size_counts_where_page_0_is_garbage() -> None:
    content = DATABASES["damaged-meta0-garbage"]
    assert open_snapshot(content, 4096).unwrap().page_size == 4096
    assert open_snapshot(content, 8192).failure().text == "invalid database"


def test_zeroes_are_too_small_or_no_database() -> None:
    assert open_snapshot(bytes(4096)).failure().text == "file size too small"
    assert open_snapshot(bytes(8192)).failure().text == "invalid database"


def test_a_lookup_reads_a_handful_of_pages() -> None:
    """With every page but the metas, the freelist and the root blanked, the runtime configuration is still there."""
    content = bytearray(DATABASES["bolt-3.4.7-full"])
    meta = open_snapshot(bytes(content)).unwrap().meta
    for page in range(2, len(content) // 4096):
        if page not in (meta.root, meta.freelist):
            content[page * 4096 : (page + 1) * 4096] = bytes(4096)

    def driver(root: Bucket) -> bytes | None:
        config = root.bucket(b"runtime-config")
        return config.get(b"graph-driver-name") if config else None

    assert view(open_snapshot(content).unwrap(), driver).unwrap() == b"vfs"


def test_any_buffer_is_read() -> None:
    content = DATABASES["bolt-3.4.7-empty"]
    for buffer in (content, bytearray(content), memoryview(content)):
        assert open_snapshot(buffer).unwrap().txid == 4
