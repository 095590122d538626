"""Laws of the lock segment.

- A segment has its header and a group for every 32 locks begun, and no more.
- What was laid out reads back: magic, counts, and the locks whose bit is set.
- The name depends on who runs, and on nothing else.
"""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from pypod.pure.locks.decide import rounded, segment_name, segment_path
from pypod.pure.locks.layout import LOCKS_PER_BITMAP, MAGIC, layout_of, read_segment
from pypod.pure.surroundings.facts import Surroundings

ARCHITECTURES = st.sampled_from(("x86_64", "aarch64", "i686"))


@given(ARCHITECTURES, st.integers(1, 1 << 20))
def test_sizes(architecture: str, locks: int) -> None:
    layout = layout_of(architecture)
    assert rounded(locks) % LOCKS_PER_BITMAP == 0
    assert 0 <= rounded(locks) - locks < LOCKS_PER_BITMAP
    assert layout.size(locks) == layout.size(rounded(locks))
    assert layout.size(locks + LOCKS_PER_BITMAP) - layout.size(locks) == layout.group


@given(ARCHITECTURES, st.integers(1, 200), st.data())
def test_a_segment_reads_back(architecture: str, locks: int, data: st.DataObject) -> None:
    layout = layout_of(architecture)
    taken = data.draw(st.sets(st.integers(0, rounded(locks) - 1), max_size=8))
    content = bytearray(layout.size(locks))
    struct.pack_into("<HH", content, 0, MAGIC, 0)
    struct.pack_into("<II", content, layout.counts_offset, rounded(locks) // 32, rounded(locks))
    for number in taken:
        offset = layout.bitmap_offset(number // 32)
        (bits,) = struct.unpack_from("<I", content, offset)
        struct.pack_into("<I", content, offset, bits | 1 << number % 32)
    read = read_segment(bytes(content), layout)
    assert (read.magic, read.locks, read.allocated) == (MAGIC, rounded(locks), tuple(sorted(taken)))


@given(st.integers(0, 2**32 - 2), st.booleans())
def test_names(uid: int, rootless: bool) -> None:
    name = segment_name(Surroundings(rootless=rootless, rootless_uid=uid))
    assert name == (f"/libpod_rootless_lock_{uid}" if rootless else "/libpod_lock")
    assert segment_path(name) == f"/dev/shm{name}"
