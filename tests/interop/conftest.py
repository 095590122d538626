"""What tests on the real machine need; each is skipped, with the reason said, where the machine has it not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.interop.joe import missing

SOURCE: Final = Path(__file__).parent / "bolt_judge" / "judge.go"
LIBRARY: Final = Path("/usr/share/gocode")


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


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Path]:
    """A short name of the scratch place: podman refuses a run root of more than 50 characters."""
    found = Path(f"/run/pypod-beside-{os.getpid()}")
    found.symlink_to(tmp_path)
    yield found
    found.unlink()


@pytest.fixture(scope="session")
def judge_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that holds files to the reference library."""
    go = shutil.which("go")
    if go is None or not (LIBRARY / "src/go.etcd.io/bbolt").is_dir():
        pytest.skip(
            "the Go compiler or its package of bbolt is not installed: NOT shown that bbolt reads what we write"
        )
    place = tmp_path_factory.mktemp("judge")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(LIBRARY), "GOCACHE": str(place / "cache")}
    subprocess.run([go, "build", "-o", place / "judge", SOURCE], check=True, env=environment)
    return place / "judge"


@pytest.fixture(scope="session")
def joes_machine() -> None:
    """A machine of its own for an unprivileged user."""
    why = missing()
    if why:
        pytest.skip(f"{why}: that a process becomes root of a user namespace is NOT shown here")
