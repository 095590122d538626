"""Laws of subordinate ids.

- Reading a file of ranges is total.
- The ids of a new namespace run on from 0 without a gap, as many as the ranges hold and one more.
- Lines of other users change nothing.
- The caller's own id in a range is refused, whatever else is there.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.userns.decide import (
    NEWUIDMAP,
    SUBUID,
    SubordinateRange,
    mapping,
    parse_subordinate,
    subordinate_ids,
    with_tool,
)

RANGES = st.lists(st.builds(SubordinateRange, st.integers(0, 10**6), st.integers(1, 70000)), max_size=5)


def written(user: str, ranges: list[SubordinateRange]) -> str:
    return "".join(f"{user}:{one.start}:{one.length}\n" for one in ranges)


@given(st.binary() | st.text("user:0123\n #").map(str.encode))
def test_reading_is_total(content: bytes) -> None:
    assert isinstance(parse_subordinate(content, SUBUID, "user", 1000), Failure | Success)


@given(st.integers(1, 70000), RANGES)
def test_ids_run_on(own: int, ranges: list[SubordinateRange]) -> None:
    mapped = mapping(own, tuple(ranges))
    inside = 0
    for one in mapped:
        assert one.inside == inside
        inside += one.length
    assert inside == 1 + sum(one.length for one in ranges)
    assert (mapped[0].outside, mapped[0].length) == (own, 1)


@given(RANGES.filter(bool), RANGES)
def test_other_users_do_not_matter(ranges: list[SubordinateRange], others: list[SubordinateRange]) -> None:
    alone = written("user", ranges).encode()
    among = (written("other", others) + "# user:1:1\n\n" + written("user", ranges)).encode()
    expected = subordinate_ids("user", 1000, Success(alone), Success(alone))
    assert subordinate_ids("user", 1000, Success(among), Success(alone)) == expected
    assert expected.uids == tuple(sorted(ranges, key=lambda one: one.start))


@given(st.integers(0, 10**6), RANGES)
def test_the_own_id_is_refused(own: int, ranges: list[SubordinateRange]) -> None:
    holds = any(one.start <= own < one.start + one.length for one in ranges)
    checked = with_tool(NEWUIDMAP, "/usr/bin/newuidmap", own, tuple(ranges))
    assert isinstance(checked, Failure) == holds
    assert isinstance(with_tool(NEWUIDMAP, None, own, tuple(ranges)), Failure)
