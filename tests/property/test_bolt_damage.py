"""Laws of damaged databases, thousands of them; in the deep profile more than a hundred thousand.

1. Whatever the bytes are, everything that reads, checks or writes a database gives an answer, and soon.
2. No answer takes more memory than four times the file, its own bytes included (of one file in eight).
3. What the check finds nothing in is sound: written to, it stays so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Final

import pytest

from pypod.cli.published import ROOT
from tests.property.bolt_damage import SLOWEST

DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
FILES: Final = 12_800 if DEEP else 150
"""For each of the seeds."""


@pytest.mark.parametrize("seed", range(8 if DEEP else 2))
def test_damaged_files_are_answered(seed: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.property.bolt_damage", str(seed), str(FILES)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    cost = json.loads(done.stdout)
    assert cost["files"] == FILES
    # Neither harmless nor hopeless: the damage is met at every depth.
    assert FILES * 0.5 < cost["opened"] < FILES * 0.95
    assert 0 < cost["sound"] < FILES * 0.5
    assert cost["seconds"] < SLOWEST
    assert cost["memory"] < 4
