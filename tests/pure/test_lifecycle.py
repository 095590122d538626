"""Refresh, user namespaces and migration as they were observed with podman 3.4.7."""

from __future__ import annotations

import errno

import pytest
from returns.result import Failure, Success

from pypod.pure.database.facts import PodFacts
from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.lifecycle.decide import Alive, alive
from pypod.pure.lifecycle.migrate import pause_process
from pypod.pure.lifecycle.refresh import graph_root_mounted, pod_cgroup
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.userns.decide import SubordinateRange, mapping, parse_pid, takes_short_cut

MISSING = Failure(HostError(errno.ENOENT, "stat", "/run/libpod/alive"))
REFUSED = Failure(HostError(errno.ENOTDIR, "stat", "/run/libpod/alive"))


def test_the_alive_file() -> None:
    there = Success(FileStatus(FileType.FILE, 0o644))
    assert alive(there, "/a", needs_userns=True) == Success(Alive.RUNNING)
    assert alive(MISSING, "/a", needs_userns=False) == Success(Alive.REFRESH)
    assert alive(REFUSED, "/a", needs_userns=True) == Success(Alive.LEAVE)
    problem = alive(REFUSED, "/a", needs_userns=False).failure()
    assert problem.message == "error reading runtime status file /a: stat /run/libpod/alive: not a directory"


@pytest.mark.parametrize(
    ("content", "mounted"),
    [
        (b"graphRootMounted=1", True),
        (b"x\ngraphRootMounted=1\r\n", True),
        (b"graphRootMounted=1 ", False),
        (b"", False),
    ],
)
def test_a_mounted_graph_root(content: bytes, mounted: bool) -> None:
    assert graph_root_mounted(Success(content)) is mounted


def test_pods_keep_an_empty_path_unless_rootless() -> None:
    pod = PodFacts("f00", "p", 0, cgroup_parent="/parent", shares_cgroup=True)
    assert pod_cgroup(pod, "cgroupfs", Surroundings()).unwrap().path is None
    assert pod_cgroup(pod, "cgroupfs", Surroundings(rootless=True)).unwrap().path == "/parent/f00"
    assert (
        pod_cgroup(pod, "other", Surroundings()).failure()
        == "unknown cgroups manager other specified: invalid argument"
    )


def test_ranges_run_on() -> None:
    ranges = (SubordinateRange(200000, 5), SubordinateRange(300000, 10), SubordinateRange(400000, 7))
    lines = [(one.inside, one.outside, one.length) for one in mapping(1001, ranges)]
    assert lines == [(0, 1001, 1), (1, 200000, 5), (6, 300000, 10), (16, 400000, 7)]


def test_pause_files_hold_digits_alone() -> None:
    assert (parse_pid(b"12"), parse_pid(b"12\n"), parse_pid(b"")) == (12, None, None)
    assert pause_process("/p", MISSING) == Success(None)
    problem = pause_process("/p", Success(b"12\n")).failure()
    assert problem.message == r'cannot parse pause pid file /p: strconv.Atoi: parsing "12\n": invalid syntax'


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        (("info",), True),
        (("system", "service"), True),
        (("system", "migrate"), False),
        (("image", "mount"), False),
        (("ps", "mount"), False),
        (("--log-level=debug", "ps"), True),
    ],
)
def test_the_short_cut(words: tuple[str, ...], taken: bool) -> None:
    assert takes_short_cut(1000, "/run/user/1000", words) is taken
    assert not takes_short_cut(0, "/run/user/1000", words)
    assert not takes_short_cut(1000, "", words)
