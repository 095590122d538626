"""pypod and podman construct and work on one host, in turn and at once.  Run inside of a mount namespace by
``test_constructing.py``:

    python -m tests.interop.constructing turns|crowd PLACE JUDGE

Prints one JSON object: what was found.  Any disagreement is an assertion that fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pypod.effects.linux.database import read_objects
from tests.interop.turns import Scene

SECONDS: Final = float(os.environ.get("PYPOD_CROWD_SECONDS", "8"))
PROCESSES: Final = int(os.environ.get("PYPOD_CROWD_PROCESSES", "6"))
WORK: Final = (("info",), ("container", "exists", "none"), ("pod", "exists", "none"))
"""What pypod does in the crowd: each constructs and shuts down."""


class Both(Scene):
    """A scratch root on which both work, by the same global flags."""

    def __init__(self, place: Path, judge: str) -> None:
        super().__init__(place, judge)
        self.ours = [sys.executable, "-m", "pypod", *self.command[1:], "--any-podman"]

    def pypod(self, *words: str, status: int = 0) -> str:
        done = subprocess.run([*self.ours, *words], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == status, (words, done.returncode, done.stderr)
        return done.stdout.strip()

    def info(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.pypod("info", "--format", "json"))
        return shown

    def refreshes(self) -> int:
        """How often a refresh was written to the events of this boot."""
        logs = [path.read_text(encoding="utf-8") for path in self.place.rglob("events.log")]
        return sum('"Status":"refresh"' in line for log in logs for line in log.splitlines())

    def shown(self, command: Callable[..., str]) -> list[str]:
        """What ``info`` of either shows."""
        return command("info", "--format", "\n".join(f"{{{{.{field}}}}}" for field in FIELDS)).split("\n")


FIELDS: Final = (
    "Store.GraphRoot", "Store.RunRoot", "Store.VolumePath", "Store.GraphDriverName", "Host.OCIRuntime.Name",
    "Host.OCIRuntime.Path", "Host.Conmon.Path", "Host.EventLogger", "Host.CgroupManager", "Store.ImageStore.Number",
    "Store.ContainerStore.Number",
)  # fmt: skip
"""What both show of one host in the same words."""


def turns(scene: Both) -> dict[str, Any]:
    """pypod constructs what podman then works on; a reboot, and it goes on; then the other way round."""
    scene.pypod("info")
    first = scene.refreshes()
    scene.prepared()
    made = scene.container("one")
    ours, theirs = scene.shown(scene.pypod), scene.shown(scene.podman)
    assert ours == theirs, (ours, theirs)
    scene.pypod("container", "exists", "one")
    scene.pypod("container", "exists", made[:12])
    scene.pypod("container", "exists", "none", status=1)
    locks = [one.lock for one in read_objects(scene.path).unwrap().containers]
    _reboot(scene)
    scene.pypod("container", "exists", "one")
    assert [one.lock for one in read_objects(scene.path).unwrap().containers] == locks
    scene.judged()
    scene.podman("volume", "create", "two")
    assert scene.info()["store"]["containerStore"]["number"] == 1
    assert scene.pypod("locks").startswith("No conflicts.")
    _reboot(scene)
    scene.podman("ps")
    scene.pypod("container", "exists", "one")
    assert scene.refreshes() == 1
    scene.pypod("system", "renumber")
    assert [one.lock for one in read_objects(scene.path).unwrap().containers] == [0]
    scene.podman("rm", "one")
    scene.pypod("container", "exists", "one", status=1)
    scene.judged()
    return {"refreshes": first, "locks": locks}


def _reboot(scene: Both) -> None:
    """What a boot takes away: the run root, the temporary directory, the shared memory."""
    subprocess.run(["umount", "-l", f"{scene.place}/root/vfs"], check=False, capture_output=True)
    for path in (f"{scene.place}/run", f"{scene.place}/tmp", "/dev/shm/libpod_lock"):
        subprocess.run(["rm", "-rf", path], check=True)


def crowd(scene: Both) -> dict[str, Any]:
    """Many processes of both at once, some of them killed; then everything is as it should be."""
    scene.prepared()
    _reboot(scene)
    started: list[tuple[str, subprocess.Popen[bytes]]] = []
    ended: Counter[str] = Counter()
    chance = random.Random(20211209)
    deadline = time.monotonic() + SECONDS
    turn = kills = 0
    while time.monotonic() < deadline or started:
        while len(started) < PROCESSES and time.monotonic() < deadline:
            turn += 1
            started.append(_begun(scene, turn, chance))
        kills += _killed(started, chance) if time.monotonic() < deadline else 0
        for kind, process in list(started):
            if process.poll() is not None:
                ended[f"{kind} {process.returncode if process.returncode >= 0 else 'killed'}"] += 1
                started.remove((kind, process))
        time.sleep(0.05)
        assert time.monotonic() < deadline + 120, f"somebody hangs: {[process.args for _, process in started]}"
    scene.pypod("info")
    scene.judged()
    objects = read_objects(scene.path).unwrap()
    taken = [*(one.lock for one in objects.containers), *(one.lock for one in objects.volumes)]
    assert len(taken) == len(set(taken)), "one lock for two"
    return {"ended": dict(ended), "kills": kills, "refreshes": scene.refreshes(), "objects": len(taken)}


def _begun(scene: Both, turn: int, chance: random.Random) -> tuple[str, subprocess.Popen[bytes]]:
    theirs = (("volume", "create", f"v{turn}"), ("ps", "-a"), ("info",))
    kind, command, work = ("pypod", scene.ours, WORK) if turn % 2 else ("podman", scene.command, theirs)
    words = [*command, *chance.choice(work)]
    return kind, subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _killed(started: list[tuple[str, subprocess.Popen[bytes]]], chance: random.Random) -> int:
    if not started or chance.random() > 0.1:
        return 0
    with contextlib.suppress(ProcessLookupError):
        chance.choice(started)[1].send_signal(signal.SIGKILL)
    return 1


PLAYS: Final = {"turns": turns, "crowd": crowd}


def main() -> None:
    what, place, judge = sys.argv[1:]
    json.dump(PLAYS[what](Both(Path(place), judge)), sys.stdout)


if __name__ == "__main__":
    main()
