"""Laws of the store's decisions.

- Reading driver options never raises, and what is said of a list is at least what is said of a shorter one.
- The first bad entry wins: what follows it does not matter.
- The prior driver is the first of the order of preference that is there, never ``overlay2`` or ``vfs`` by accident.
- Only three kinds of failure are passed over.
- A path made absolute is absolute and clean; whether a store is open does not depend on how its root was written.
- Sizes grow with their units.
- A broken table is empty; images are counted once over all stores, layers are mounted where their count is positive.
"""

from __future__ import annotations

import errno
import json

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import (
    DriverIncompatible,
    DriverPrerequisites,
    DriverUnsupported,
    HostError,
    Problem,
    Refused,
    StoreRefused,
)
from pypod.pure.gotext import cleaned
from pypod.pure.store.choice import PRIORITY, is_passed_over, prior_candidates, prior_driver, several_drivers
from pypod.pure.store.layout import absolute
from pypod.pure.store.options import Said, aufs_options, btrfs_options, vfs_options, zfs_options
from pypod.pure.store.overlay_options import OverlayOptions, overlay_options, overlay_paths
from pypod.pure.store.tables import count, mounted_layers, named
from pypod.pure.store.values import boolean, octal, size, unsigned

KEYS = (
    "mountopt", "size", "inodes", "imagestore", "additionallayerstore", "mount_program", "skip_mount_home", "mountopt ",
    "ignore_chown_errors", "force_mask", "override_kernel_check", "nope", "", "İ", "btrfs.min_space", "zfs.fsname",
)  # fmt: skip
VALUES = (
    "",
    "1",
    "true",
    "maybe",
    "1G",
    "-1",
    "/a",
    "/a,b",
    "/a:ref",
    "/a:ref:ref",
    "/",
    ".",
    "700",
    "é",
    "1.5 kib",
    "=",
)


def entries() -> st.SearchStrategy[str]:
    """Options as they may stand in a file or on a command line."""
    keys = st.builds(str.__add__, st.sampled_from(("", ".", "overlay.", "vfs.", "Overlay2.")), st.sampled_from(KEYS))
    good = st.builds("{}={}".format, keys, st.sampled_from(VALUES) | st.text(max_size=6))
    return good | st.text(max_size=8)


def overlay_read(options: tuple[str, ...]) -> tuple[Said, Result[OverlayOptions, Problem]]:
    """The overlay driver's reading on a host where paths with an ``a`` are directories and others are missing."""
    looked: dict[str, Result[FileStatus, HostError]] = {
        path: Success(FileStatus(FileType.DIRECTORY, 0o755))
        if "a" in path
        else Failure(HostError(errno.ENOENT, "stat", path))
        for path in overlay_paths(options)
    }
    return overlay_options(options, looked)


@given(st.lists(entries(), max_size=4).map(tuple), st.lists(entries(), max_size=3).map(tuple))
def test_the_first_bad_entry_wins(options: tuple[str, ...], more: tuple[str, ...]) -> None:
    for read in (overlay_read, vfs_options, aufs_options, zfs_options, btrfs_options):
        said, result = read(options)
        longer, after = read((*options, *more))
        assert longer[: len(said)] == said
        if isinstance(result, Failure):
            assert after == result
            assert longer == said


@given(st.sets(st.sampled_from((*PRIORITY, "overlay2", "devicemapper"))))
def test_prior_driver_is_the_preferred_one(build: set[str]) -> None:
    present = prior_candidates(sorted(build))
    assert "vfs" not in present
    chosen = prior_driver(present)
    wanted = [name for name in PRIORITY if name in present]
    assert chosen == (wanted[0] if wanted else "")
    assert (several_drivers("/g", present) is None) == (len(present) < 2)


def test_only_three_kinds_are_passed_over() -> None:
    for kind in (DriverUnsupported, DriverPrerequisites, DriverIncompatible):
        assert is_passed_over(kind.saying("x").wrapped("y"))
    for other in (Refused("x"), StoreRefused(DriverUnsupported.sentinel)):
        assert not is_passed_over(other)


@given(st.text("/.ab", max_size=8), st.text("/.ab", max_size=8))
def test_absolute_paths(path: str, below: str) -> None:
    made = absolute(path, f"/{below}")
    assert (made == "") == (path == "")
    if path:
        assert made.startswith("/")
        assert made == cleaned(made) == absolute(made, "/elsewhere")


@given(st.integers(0, 999), st.sampled_from(("", "b", "i", "ib", "iB", "B")))
def test_sizes_grow_with_their_units(amount: int, tail: str) -> None:
    for power, unit in enumerate(("", "k", "M", "g", "T", "p")):
        assert size(f"{amount}{unit}{tail}") == size(f"{amount} {unit}{tail}") == Success(amount << 10 * power)


@given(st.text(max_size=8))
def test_values_are_read_or_refused(text: str) -> None:
    for read in (size, unsigned, octal, boolean):
        result = read(text)
        if isinstance(result, Failure):
            assert result.failure().message
    assert unsigned(text).map(lambda number: number >= 0).value_or(True)


@given(st.binary(max_size=30))
def test_tables_that_are_no_json_are_empty(content: bytes) -> None:
    broken = b"{" + content
    assert named(broken) == ()
    assert mounted_layers(broken) == ()
    assert count((content, content)) <= len(named(content))


@given(st.lists(st.tuples(st.text("ab", min_size=1, max_size=2), st.integers(-1, 2))))
def test_tables_are_counted_and_searched(rows: list[tuple[str, int]]) -> None:
    content = json.dumps([{"id": name, "count": number} for name, number in rows]).encode()
    assert count((content, content)) == len({name for name, _ in rows})
    assert mounted_layers(content) == tuple(name for name, number in rows if number > 0)
