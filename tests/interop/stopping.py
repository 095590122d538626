"""Real containers that pypod stops, migrates and renumbers.  Run inside of a mount namespace by ``test_stopping.py``:

    python -m tests.interop.stopping shutdown|rootless|migrate|renumber|guards PLACE

Prints one JSON object: what podman says afterwards.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from returns.result import Failure, Result

from pypod.effects.linux.database import read_objects
from pypod.effects.live import planning_host
from pypod.effects.real import library_machine
from pypod.opening import open_runtime
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Effect, On
from pypod.pure.failure import HostError
from pypod.pure.lifecycle.backup_stage import BACKUP
from pypod.pure.program import drive
from pypod.pure.vocabulary.telling import Note
from pypod.runtime.safeguard import guard
from tests.interop.turns import Scene

LIMITS: Final = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--net", "none")
OTHER: Final = "other"
"""A second name of runc's, configured by the test.  crun starts nothing on a machine with both kinds of cgroups."""

PROGRAMS: Final = {
    "heeds": "trap 'exit 7' TERM; while :; do sleep 0.1; done",
    "stubborn": "trap '' TERM; while :; do sleep 0.1; done",
    "paused": "while :; do sleep 0.1; done",
    "over": "exit 3",
}


class Listening(On):
    """The real machine; what is said is kept."""

    def __init__(self) -> None:
        super().__init__(library_machine())
        self.said: list[tuple[str, str]] = []

    def answer(self, effect: Effect[Any], /) -> Result[Any, HostError]:
        if isinstance(effect, Note):
            self.said.append((effect.level.value, effect.message))
        return super().answer(effect)


class Containers(Scene):
    """A scratch root of podman's with an image of busybox."""

    def __init__(self, place: Path) -> None:
        super().__init__(place, "")
        words = dict(zip(self.command[1::2], self.command[2::2], strict=True))
        named = ("root", "runroot", "tmpdir", "storage-driver", "events-backend", "runtime", "cgroup-manager")
        self.flags = tuple((name, words[f"--{name}"]) for name in named)

    def prepared(self) -> None:
        binaries = self.place / "tiny/bin"
        binaries.mkdir(parents=True)
        shutil.copy(shutil.which("busybox") or "", binaries)
        for name in ("sh", "sleep"):
            (binaries / name).symlink_to("busybox")
        subprocess.run(["tar", "-C", self.place / "tiny", "-cf", self.place / "tiny.tar", "."], check=True)
        self.podman("import", "--quiet", str(self.place / "tiny.tar"), "tiny:1")

    def begin(self, name: str, *words: str) -> str:
        """A container that runs."""
        given = (*LIMITS, "--stop-timeout", "1", "--name", name, *words)
        return self.podman("run", "-d", *given, "tiny:1", "/bin/sh", "-c", PROGRAMS[name])

    def began(self, *, paused: bool = True) -> dict[str, str]:
        """One of each kind: ids by name.  Where there is no cgroup for it none can be paused."""
        ids = {name: self.begin(name) for name in ("heeds", "stubborn", *(("paused",) if paused else ()))}
        if paused:
            self.podman("pause", "paused")
        subprocess.run(
            [*self.command, "run", *LIMITS, "--name", "over", "tiny:1", "/bin/sh", "-c", PROGRAMS["over"]], check=False
        )
        self.podman("create", *LIMITS, "--name", "new", "tiny:1", "/bin/sh")
        return ids | {name: str(self.inspected("container", name)["Id"]) for name in ("over", "new")}

    def states(self) -> dict[str, list[Any]]:
        """What podman says of each container, once it has cleaned up after those that ended."""
        for _ in range(100):
            listed: list[dict[str, Any]] = json.loads(self.podman("ps", "-a", "--format", "json"))
            if not any(one["State"] in ("stopped", "stopping") for one in listed):
                return {one["Names"][0]: [one["State"], one["ExitCode"]] for one in listed}
            time.sleep(0.1)
        raise AssertionError("podman did not clean up")

    def events(self, name: str) -> list[str]:
        """What became of a container, by its events."""
        lines = (self.place / "tmp/events/events.log").read_text(encoding="utf-8").splitlines()
        told = [json.loads(line) for line in lines]
        return [one["Status"] for one in told if one.get("Name") == name and one["Status"] in ("stop", "died")]

    def locks(self) -> list[int]:
        read = read_objects(self.path).unwrap()
        return [*(one.lock for one in read.containers), *(one.lock for one in read.volumes)]

    def works(self, name: str) -> str:
        """Whether podman can go on with a container, from its start to its end."""
        self.podman("start", name)
        said = self.podman("exec", name, "/bin/sh", "-c", "echo here")
        self.podman("stop", "-t", "0", name)
        return said

    def gone(self) -> None:
        subprocess.run([*self.command, "rm", "-fa", "-t", "0"], capture_output=True, check=False, timeout=120)


def rootless(scene: Containers) -> dict[str, Any]:
    """The same by a user in a namespace: with the old cgroups podman pauses nothing there."""
    return shutdown(scene, paused=False)


def shutdown(scene: Containers, *, paused: bool = True) -> dict[str, Any]:
    ids = scene.began(paused=paused)
    opened = open_runtime(flags=scene.flags, any_podman=True)
    assert not isinstance(opened, Failure), opened
    runtime = opened.unwrap()
    outcome = runtime.shutdown(force=True)
    again = runtime.shutdown(force=True)
    mounts = json.loads((scene.place / "run/vfs-layers/mountpoints.json").read_text(encoding="utf-8"))
    return {
        "ids": ids,
        "outcome": None if not isinstance(outcome, Failure) else outcome.failure().message,
        "again": again.failure().message,
        "mounted": mounts,
        "states": scene.states(),
        "events": {name: scene.events(name) for name in ids},
        "works": [scene.works("heeds"), scene.works("stubborn")],
    }


def run(scene: Containers, command: str, *flags: tuple[str, str]) -> dict[str, Any]:
    """A command, done by pypod on this machine."""
    host = Listening()
    request = Request(command, (), (*scene.flags, *flags))
    ended = drive(program_of(request)(Draft(request)), host)
    ending: Any = ended.failure() if isinstance(ended, Failure) else None
    return {"failure": ending and ending.message, "said": [line for line in host.said if line[0] != "debug"]}


def migrate(scene: Containers) -> dict[str, Any]:
    """What pypod does, and what podman does with the same containers made once more."""
    ids = scene.began()
    ours = run(scene, "system migrate", ("new-runtime", OTHER))
    report: dict[str, Any] = {"ids": ids, "run": ours, "ours": scene.states(), "runtimes": _runtimes(scene)}
    report["works"] = scene.works("heeds")
    scene.podman("unpause", "paused")
    scene.gone()
    scene.began()
    report["said"] = scene.podman("system", "migrate", "--new-runtime", OTHER).splitlines()
    return report | {"theirs": scene.states()}


def _runtimes(scene: Containers) -> list[str]:
    return sorted({one.runtime for one in read_objects(scene.path).unwrap().containers})


def renumber(scene: Containers) -> dict[str, Any]:
    scene.begin("heeds")
    scene.podman("volume", "create", "data")
    scene.podman("create", *LIMITS, "--name", "new", "tiny:1", "/bin/sh")
    scene.podman("volume", "create", "more")
    for gap in ("data", "new"):
        scene.podman("volume" if gap == "data" else "container", "rm", gap)
    before = scene.locks()
    ours = run(scene, "system renumber")
    after = scene.locks()
    said = scene.podman("exec", "heeds", "/bin/sh", "-c", "echo here")
    running = scene.states()
    scene.podman("volume", "create", "third")
    unique = scene.locks()
    scene.podman("system", "renumber")
    theirs = scene.locks()
    scene.podman("stop", "-t", "5", "heeds")
    return {
        "run": ours, "before": before, "after": after, "said": said, "running": running, "unique": unique,
        "theirs": theirs, "stopped": scene.states(),
    }  # fmt: skip


def guards(scene: Containers) -> dict[str, Any]:
    """Podman waits for a container and so has the segment mapped; then nobody has."""
    scene.begin("heeds")
    waiting = subprocess.Popen([*scene.command, "wait", "heeds"], stdout=subprocess.PIPE, text=True)
    request = Request("system renumber", (), scene.flags)
    refused: Any = None
    for _ in range(100):
        looked = drive(guard(request), planning_host())
        if isinstance(looked, Failure):
            refused = looked.failure()
            break
        time.sleep(0.1)
    scene.podman("stop", "-t", "5", "heeds")
    waited = waiting.communicate(timeout=60)[0].strip()
    scene.states()
    backup = drive(guard(request), planning_host()).unwrap()
    copying = Draft(msgspec.structs.replace(request, backup=backup), database_path=str(scene.path))
    backed_up = drive(BACKUP(copying), On(library_machine()))
    same = Path(backup).read_bytes() == Path(scene.path).read_bytes()
    return {"refused": refused and refused.message, "waiting": waiting.pid, "waited": waited, "same": same,
            "backed_up": not isinstance(backed_up, Failure)}  # fmt: skip


PLAYS: Final[dict[str, Callable[[Containers], dict[str, Any]]]] = {
    "shutdown": shutdown,
    "rootless": rootless,
    "migrate": migrate,
    "renumber": renumber,
    "guards": guards,
}


def main() -> None:
    what, place = sys.argv[1:]
    scene = Containers(Path(place))
    scene.prepared()
    try:
        json.dump(PLAYS[what](scene), sys.stdout)
    finally:
        scene.gone()


if __name__ == "__main__":
    main()
