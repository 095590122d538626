"""Locks as they were observed with podman 3.4.7."""

from __future__ import annotations

import errno

import pytest
from returns.result import Failure, Success

from pypod.pure.facts import LockSegment
from pypod.pure.failure import HostError
from pypod.pure.locks.decide import Opening, lock_kind, mapped_beyond_end, unopened
from pypod.pure.locks.layout import layout_of


@pytest.mark.parametrize(
    ("locks", "size"), [(32, 1344), (64, 2632), (128, 5208), (1024, 41272), (2048, 82488), (4096, 164920)]
)
def test_sizes(locks: int, size: int) -> None:
    assert layout_of("x86_64").size(locks) == size


def test_other_machines() -> None:
    assert (layout_of("aarch64").size(2048), layout_of("i686").size(2048)) == (98880, 49444)


@pytest.mark.parametrize(
    ("number", "tail"),
    [
        (errno.ELOOP, "too many levels of symbolic links"),
        (errno.EBADF, "bad file descriptor"),
        (errno.ERANGE, "numerical result out of range"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_refusals(number: int, tail: str) -> None:
    decided = unopened("/libpod_lock", 100, HostError(number, "shm_open", "/libpod_lock"), renumber=False)
    assert decided.failure().message == f"failed to open 100 locks in /libpod_lock: {tail}"


def test_missing_and_renumbered() -> None:
    missing = HostError(errno.ENOENT, "shm_open", "/libpod_lock")
    other = HostError(errno.ERANGE, "shm_open", "/libpod_lock")
    assert unopened("/libpod_lock", 64, missing, renumber=False) == Success(Opening.CREATE)
    assert unopened("/libpod_lock", 64, other, renumber=True) == Success(Opening.REPLACE)


def test_an_empty_segment_kills_podman() -> None:
    problem = mapped_beyond_end("/libpod_lock", 64, LockSegment(0, 0, 0, 0, 0))
    assert problem is not None
    assert (problem.diagnosis, problem.exit_status) == ("LK-07", 2)
    assert mapped_beyond_end("/libpod_lock", 64, LockSegment(0, 0, 0, 0, 10)) is None


def test_unknown_type() -> None:
    refused = lock_kind("SHM")
    assert isinstance(refused, Failure)
    assert refused.failure().message == "unknown lock type SHM: invalid argument"
