"""Versions of conmon as they were observed with podman 3.4.7."""

from __future__ import annotations

import errno

import pytest
from returns.result import Failure, Success

from pypod.pure.conmon.decide import none_found, probed, refusal, shown_version
from pypod.pure.conmon.version import ConmonVersion, parse_version
from pypod.pure.facts import ProgramOutput
from pypod.pure.failure import ConmonOutdated, HostError, InvalidArgument


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        (b"20001", ("2", "0", "1")),
        (b"20245", ("2", "2", "5")),
        (b"1.000", ("1", "0", "0")),
        (b"2x0y1", ("2", "0", "1")),
        ("2é0é24".encode(), ("2", "0", "24")),
        (b"2\xff0\xff24", ("2", "0", "24")),
    ],
)
def test_any_character_separates(printed: bytes, version: tuple[str, str, str]) -> None:
    assert parse_version(b"conmon version " + printed) == ConmonVersion(*version)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (ProgramOutput(0, b"conmon version 2.0.24-dev"), ""),
        (ProgramOutput(0, b"conmon version 2.0.23, commit: abc"), "outdated conmon version"),
        (ProgramOutput(0, b"conmon version 2\n0.1"), ""),
        (ProgramOutput(0, b"Conmon version 1.0.0"), ""),
        (ProgramOutput(127, b"conmon version 2.1.0"), "exit status 127"),
        (ProgramOutput(0, signal=9), "signal: killed"),
        (
            ProgramOutput(0, b"conmon version 99999999999999999999.0.0"),
            'conmon version changed format: strconv.Atoi: parsing "99999999999999999999": value out of range',
        ),
    ],
)
def test_verdicts(output: ProgramOutput, why: str) -> None:
    assert refusal(Success(output)) == why


def test_any_refusal_counts_as_outdated() -> None:
    denied = Failure(HostError(errno.EACCES, "fork/exec", "/c"))
    probe = probed("/c", denied, on_path=True)
    assert probe.said.message == "Conmon at /c is invalid: fork/exec /c: permission denied"
    problem = none_found(("/c",), (probe,))
    assert isinstance(problem, ConmonOutdated)
    assert problem.message == "please update to v2.0.24 or later: outdated conmon version"
    assert "not a matter of its version" in problem.hint


@pytest.mark.parametrize("configured", [(), ("",)])
def test_nothing_to_try(configured: tuple[str, ...]) -> None:
    problem = none_found(configured, ())
    assert isinstance(problem, InvalidArgument)
    assert problem.message == "could not find a working conmon binary (configured options: []): invalid argument"


def test_the_version_as_info_shows_it() -> None:
    assert shown_version(b"conmon version 2.1.6\ncommit: unknown\n") == "conmon version 2.1.6, commit: unknown"
