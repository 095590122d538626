"""The installed podman: told by its package, run only where that makes nothing."""

from __future__ import annotations

import gzip

import pytest
from returns.result import Failure, Success

from pypod.effects import planning_host
from pypod.pure.facts import ALL_CAPABILITIES, Identity, ProgramOutput
from pypod.pure.failure import HostError
from pypod.pure.installed.decide import may_be_run, upstream, version_in_changelog, version_printed
from pypod.pure.installed.stage import installed_podman
from pypod.pure.program import drive
from pypod.pure.vocabulary.process import ReadVariable


@pytest.mark.parametrize(
    ("version", "expected"),
    [("4.3.1+ds1-8+deb12u1", "4.3.1"), ("3.4.7", "3.4.7"), ("1:5.4.0~rc1+ds1-2", "5.4.0-rc1"), ("", "")],
)
def test_the_upstream_version(version: str, expected: str) -> None:
    assert upstream(version) == expected


def test_the_changelog_tells_the_version() -> None:
    text = b"libpod (3.4.7+ds1-3) unstable; urgency=medium\n\n  * Changes\n" * 1000
    assert version_in_changelog(Success(gzip.compress(text))) == "3.4.7"
    assert version_in_changelog(Success(b"no archive")) == ""
    assert version_in_changelog(Success(b"")) == ""
    assert version_in_changelog(Failure(HostError(2, "open", "/x"))) == ""


def test_what_is_printed_tells_the_version() -> None:
    assert version_printed(Success(ProgramOutput(0, b"podman version 3.4.7\n"))) == "3.4.7"
    assert version_printed(Success(ProgramOutput(1, b"", b"permission denied"))) == ""
    assert version_printed(Failure(HostError(13, "fork/exec", "/x"))) == ""


def test_only_a_full_root_may_run_it() -> None:
    assert may_be_run(Identity(capabilities=ALL_CAPABILITIES))
    assert not may_be_run(Identity(capabilities=0))
    assert not may_be_run(Identity(1000, 1000, 1000, 1000, ALL_CAPABILITIES))


def test_without_a_podman_there_is_no_version() -> None:
    host = planning_host(((ReadVariable("PATH"), Success("/nowhere")),))
    assert drive(installed_podman(), host) == Success("")
    assert host.programs == ()
