"""What a crash leaves of a transaction, before a judge: bbolt 1.3.6 itself, which opens every image as the next process
would, finds nothing wrong, reads the old or the new content, and goes on writing.

The images: the file after each step of a commit, and after any of them with only some sectors of what was not synced.
In the deep profile they are more than ten thousand.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pypod.pure.bolt.changes import BoltChange
from pypod.pure.bolt.commit import commit
from pypod.pure.bolt.create import new_database
from pypod.pure.bolt.writes import written
from tests.property.bolt_models import Model, after, content, in_buckets, opened, survived, transactions

DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
EXAMPLES: Final = 500 if DEEP else 10
IMAGES: Final = 10_000 if DEEP else 150
"""So many are judged at least, for each page size."""
SUBSETS: Final = 10
"""Images of each transaction in which sectors are missing."""


class Judge:
    """The reference library, in one process for many files."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __call__(self, image: bytes) -> dict[str, Any]:
        """What it finds in a file, the digest of what it reads, and what it finds once it has written."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(struct.pack("<I", len(image)) + image)
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line.startswith(b"{"), line + self._process.stdout.read()
        found: dict[str, Any] = json.loads(line)
        return found


@pytest.fixture
def judge(judge_program: Path, tmp_path: Path) -> Iterator[Judge]:
    # In memory where that is possible: the file is written anew for every image.
    shared = Path("/dev/shm")
    path = (shared if os.access(shared, os.W_OK) else tmp_path) / f"pypod-crash-{os.getpid()}.db"
    command: list[str | Path] = [judge_program, path, "images"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        yield Judge(process)
        assert process.stdin is not None
        process.stdin.close()
    path.unlink(missing_ok=True)
    assert process.returncode == 0


def digest(model: Model) -> str:
    """The digest of everything, as the judge makes it."""
    into = hashlib.sha256()

    def add(bucket: Model) -> None:
        for key, held in sorted(bucket.items()):
            into.update(struct.pack("<cQ", b"k", len(key)) + key)
            if isinstance(held, dict):
                into.update(struct.pack("<cQ", b"b", 0))
                add(held)
                into.update(struct.pack("<cQ", b"e", 0))
            else:
                into.update(struct.pack("<cQ", b"v", len(held)) + held)

    add(model)
    return into.hexdigest()


@pytest.mark.parametrize("page_size", [1024, 4096])
def test_a_crash_leaves_what_the_library_goes_on_with(judge: Judge, page_size: int) -> None:
    judged = 0

    def judge_image(image: bytes, *allowed: Model) -> None:
        nonlocal judged
        judged += 1
        assert content(image) in allowed
        found = judge(image)
        assert found["errors"] == found["after"] == []
        assert found["digest"] in map(digest, allowed)

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
    @given(several=transactions().map(in_buckets), seed=st.integers(0, 1 << 32))
    def crash(several: list[list[BoltChange]], seed: int) -> None:
        chance = random.Random(seed)
        file: bytes = new_database(page_size)
        old: Model = {}
        for changes in several:
            steps, new = commit(opened(file), changes).unwrap().steps, after(old, changes)
            for count in range(len(steps) + 1):
                judge_image(written(file, steps[:count]), new if count >= len(steps) - 1 else old)
            for _ in range(SUBSETS):
                judge_image(written(file, survived(steps[: chance.randrange(len(steps) + 1)], chance)), old, new)
            file, old = written(file, steps), new

    crash()
    assert judged >= IMAGES


def test_a_judge_that_finds_nothing_would_be_none(judge: Judge) -> None:
    """A freelist that lost a page: it is reported at once, and not written anew by the library."""
    file = bytearray(written(new_database(4096), commit(opened(new_database(4096)), ()).unwrap().steps))
    count = opened(bytes(file)).meta.freelist * 4096 + 10
    assert file[count] > 0
    file[count] -= 1
    found = judge(bytes(file))
    assert [error.partition(": ")[2] for error in found["errors"]] == ["unreachable unfreed"]
    assert len(found["after"]) == 1
