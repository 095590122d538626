"""pypod and a real podman use one lock segment, or one directory of lock files, at the same time.

- A segment that pypod makes is podman's to the byte.
- Each waits for the other, and takes over what the other held when it was killed.
- No number is given twice, whoever allocates, in turn or at once.
- ``pypod locks`` names who holds what podman waits for, and takes nothing for it.

Each experiment runs in a mount namespace of its own with an empty ``/dev/shm``.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pypod.cli.published import ROOT
from tests.interop.test_real_podman import missing_podman
from tests.interop.test_writing import COMMAND


def tried(experiment: str, place: Path, configuration: str = "") -> dict[str, Any]:
    why = missing_podman()
    if why:
        pytest.skip(f"{why}: that pypod and podman share their locks is NOT shown here")
    (place / "containers.conf").write_text(configuration, encoding="utf-8")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-e", "-c", COMMAND, sys.executable, "-m", "tests.interop.locking", experiment, place],
        capture_output=True, text=True, check=False, timeout=300, cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "CONTAINERS_CONF": str(place / "containers.conf")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def only_lock(shown: dict[str, Any]) -> dict[str, Any]:
    (one,) = (found for found in shown["locks"] if found["owners"])
    found: dict[str, Any] = one
    return found


def test_a_fresh_segment_is_podmans_to_the_byte(link: Path) -> None:
    assert tried("fresh", link) == {"equal": True, "size": 82488, "modes": True}


def test_podman_waits_for_pypod(link: Path) -> None:
    report = tried("waits", link)
    shown = report["shown"]
    one = only_lock(shown)
    assert (one["allocated"], one["owners"][0]["name"]) == (True, "v")
    assert (one["held"]["hold"], one["held"]["process"], one["held"]["awaited"]) == ("held", report["pid"], True)
    assert (shown["conflicts"], shown["held"], report["after"]) == ([], 1, True)


def test_podman_goes_on_where_pypod_was_killed(link: Path) -> None:
    assert tried("killed-pypod", link) == {"inspected": "v", "free": True}


def test_pypod_goes_on_where_podman_was_killed(link: Path) -> None:
    assert tried("killed-podman", link) == {"left": "abandoned", "taken": True, "free": True}


def test_no_number_is_given_twice(link: Path) -> None:
    report = tried("allocation", link)
    assert report["in_turn"] == [[1, 3, 5], [0, 2, 4, 6]]
    assert (report["count"], report["theirs"]) == (3 + 400 + 10, 10)
    assert (report["shown"]["conflicts"], report["shown"]["used"], report["shown"]["unowned"]) == ([], 10, [])


def test_lock_files_are_shared_too(link: Path) -> None:
    report = tried("files", link, '[engine]\nlock_type = "file"\n')
    assert report["numbers"] == [0, 1, 2]
    assert report["taken"].startswith("error creating lock 1: open ")
    assert report["taken"].endswith("/locks/1: file exists")
    one = only_lock(report["shown"])
    assert (one["held"]["process"], one["held"]["awaited"], one["owners"][0]["name"]) == (report["pid"], True, "v")
    assert (report["shown"]["kind"], report["shown"]["conflicts"]) == ("file", [])


def test_a_crowd_some_of_whom_are_killed(link: Path) -> None:
    report = tried("crowd", link)
    assert report["taken"]
    assert report["kills"] > 0
    assert report["shown"]["conflicts"] == []


def test_a_construction_loses_no_lock_on_its_way(link: Path) -> None:
    report = tried("construction", link)
    assert {"alive.lck", "storage.lock", "layers.lock", "events.log.lock"} <= set(report["took"])
    assert (report["shown"]["conflicts"], report["locks"]) == ([], {"v": 0})


def test_a_full_shared_memory_is_a_refusal(link: Path) -> None:
    assert tried("full", link) == {"errno": errno.ENOSPC, "left": []}
