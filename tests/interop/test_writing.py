"""pypod and a real podman write one database: in turn, at once, and killed at it.  The reference library finds nothing
wrong after any of it, podman works with what pypod wrote, and nothing that was committed is lost.

Each runs in a mount namespace of its own with an empty ``/dev/shm``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pypod.cli.published import ROOT
from tests.interop.test_real_podman import missing_podman

COMMAND = 'mount --make-rprivate / && mount -t tmpfs none /dev/shm && exec "$0" "$@"'


def played(what: str, place: Path, judge: Path | None, scene: str = "turns") -> dict[str, Any]:
    """What a scene's module found, in a namespace of its own."""
    why = missing_podman()
    if why:
        pytest.skip(f"{why}: that podman works with what pypod writes is NOT shown here")
    words = ["-m", f"tests.interop.{scene}", what, str(place), *([str(judge)] if judge else [])]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-e", "-c", COMMAND, sys.executable, *words],
        capture_output=True, text=True, check=False, timeout=600, cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_in_turn(link: Path, judge_program: Path) -> None:
    report = played("turns", link, judge_program)
    assert report["turns"] >= 50
    assert report["volumes"], "no volume of pypod's was left to podman"


def test_at_once_and_killed(link: Path, judge_program: Path) -> None:
    report = played("crowd", link, judge_program)
    assert report["kills"] > 0
    assert report["reads"] > 0
    assert min(report["committed"].values()) > 0, report
