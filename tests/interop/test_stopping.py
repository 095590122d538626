"""Real containers of a real podman: pypod's forced shutdown stops them, migrating stops or keeps them as libpod does, and
renumbering leaves them to podman as they are.

Each test plays in a mount namespace of its own with an empty ``/dev/shm``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pypod.cli.published import ROOT
from tests.interop.joe import joe
from tests.interop.test_real_podman import missing_podman

COMMAND = 'mount --make-rprivate / && mount -t tmpfs none /dev/shm && exec "$0" "$@"'
CONFIGURATION = (
    '[engine]\nstop_timeout = 2\n[engine.runtimes]\nother = ["{runc}"]\n[network]\nnetwork_config_dir = "{place}/net"\n'
)


@pytest.fixture
def near() -> Iterator[Path]:
    """A directory with a short name: podman takes no longer ones for its run root."""
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def played(what: str, place: Path) -> dict[str, Any]:
    why = missing_podman() or ("" if shutil.which("busybox") else "no busybox here")
    if why:
        pytest.skip(f"{why}: that pypod stops what podman started is NOT shown here")
    configuration = place / "containers.conf"
    configuration.write_text(CONFIGURATION.format(place=place, runc=shutil.which("runc")), encoding="utf-8")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-e", "-c", COMMAND, sys.executable, "-m", "tests.interop.stopping", what, str(place)],
        capture_output=True, text=True, check=False, timeout=300, cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "CONTAINERS_CONF": str(configuration)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def test_a_forced_shutdown_stops_what_runs_and_podman_agrees(near: Path) -> None:
    report = played("shutdown", near)
    assert report["outcome"] is None
    assert report["again"] == "runtime has already been stopped"
    states = report["states"]
    assert states["heeds"] == ["exited", 7]
    assert states["stubborn"] == ["exited", 137]
    assert states["over"] == ["exited", 3]
    assert states["paused"][0] == "paused"
    assert states["new"] == ["created", 0]
    for name in ("heeds", "stubborn"):
        # Where podman's own clean-up had the lock first, it told the end and pypod went on with the next container.
        assert report["events"][name][:2] in (["stop", "died"], ["died"])
    assert report["events"]["paused"] == []
    assert report["mounted"] == []
    assert report["works"] == ["here", "here"]


@pytest.mark.usefixtures("joes_machine")
def test_a_forced_shutdown_stops_what_an_unprivileged_user_runs() -> None:
    why = missing_podman() or ("" if shutil.which("busybox") else "no busybox here")
    if why:
        pytest.skip(f"{why}: that pypod stops what podman started is NOT shown here")
    play = f"mkdir p && cd {ROOT} && podman unshare $PYTHON -m tests.interop.stopping rootless $HOME/p"
    said = joe(play, "joe:200000:65536\n")
    assert said.status == 0, said.stderr[-4000:]
    report = said.inside()
    assert report["outcome"] is None
    assert report["states"] == {
        "heeds": ["exited", 7], "stubborn": ["exited", 137], "over": ["exited", 3], "new": ["created", 0]
    }  # fmt: skip
    for name in ("heeds", "stubborn"):
        assert report["events"][name][:2] in (["stop", "died"], ["died"])
    assert report["mounted"] == []
    assert report["works"] == ["here", "here"]


def test_migrating_stops_and_keeps_what_podman_stops_and_keeps(near: Path) -> None:
    report = played("migrate", near)
    assert report["run"]["failure"] is None
    assert report["ours"] == report["theirs"]
    assert report["ours"]["heeds"] == ["exited", 7]
    assert report["ours"]["paused"][0] == "paused"
    assert report["runtimes"] == ["other"]
    told = sorted(line for line in report["said"] if line.startswith("stopped "))
    assert len(told) == 2
    ids = {report["ids"][name] for name in ("heeds", "stubborn")}
    assert {text.removeprefix("stopped ") for _, text in report["run"]["said"] if text.startswith("stopped ")} == ids
    assert report["works"] == "here"


def test_renumbering_leaves_what_runs_to_podman(near: Path) -> None:
    report = played("renumber", near)
    assert report["run"]["failure"] is None
    assert report["before"] != report["after"] == list(range(len(report["after"])))
    assert report["said"] == "here"
    assert report["running"]["heeds"][0] == "running"
    assert len(set(report["unique"])) == len(report["unique"]) == len(report["after"]) + 1
    assert report["theirs"] == list(range(len(report["theirs"])))
    assert report["stopped"]["heeds"] == ["exited", 7]


def test_renumbering_is_refused_while_a_podman_waits(near: Path) -> None:
    report = played("guards", near)
    assert report["refused"] is not None
    assert f"process {report['waiting']} (podman)" in report["refused"]
    assert report["waited"] == "7"
    assert report["backed_up"]
    assert report["same"]
