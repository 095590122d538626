"""pypod and a real podman construct on one host: each works on what the other made, across reboots, at once and killed.

``PYPOD_CROWD_SECONDS`` and ``PYPOD_CROWD_PROCESSES`` make the crowd as large as it is wanted; 16 processes for minutes were
run before a release.
"""

from __future__ import annotations

from pathlib import Path

from tests.interop.test_writing import played


def test_each_works_on_what_the_other_made(link: Path, judge_program: Path) -> None:
    report = played("turns", link, judge_program, "constructing")
    assert report["refreshes"] == 1
    assert report["locks"] == [0]


def test_a_crowd_of_both_constructs_at_once(link: Path, judge_program: Path) -> None:
    report = played("crowd", link, judge_program, "constructing")
    assert report["refreshes"] == 1, report
    assert report["ended"].get("pypod 0", 0) > 0, report
    assert report["ended"].get("podman 0", 0) > 0, report
    assert set(report["ended"]) <= {"pypod 0", "pypod 1", "pypod killed", "podman 0", "podman killed"}, report
