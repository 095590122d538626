"""What tests on the real machine need; each is skipped, with the reason said, where the machine has it not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def strace() -> str:
    """The system-call tracer."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed: that a plan changes nothing is NOT shown here")
    return found


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty directory, in which nothing may come to be."""
    place = tmp_path / "scratch"
    place.mkdir()
    return place
