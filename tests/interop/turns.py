"""Podman and pypod write one database, in turn and at once.  Run inside of a mount namespace by ``test_writing.py``:

    python -m tests.interop.turns turns|crowd PLACE JUDGE

Prints one JSON object: what was done and what was found.  Any disagreement is an assertion that fails.
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
from pathlib import Path
from typing import Any, Final

from returns.result import Failure

from pypod.effects.linux.database import read_objects
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.database.buckets import key_of
from pypod.pure.database.facts import Delete, EditJson, EmptyBucket, ExpectTxid, MakeBucket, Put, StateChange
from pypod.pure.database.tree import Tree, tree_of

TURNS: Final = int(os.environ.get("PYPOD_TURNS", "50"))
SECONDS: Final = float(os.environ.get("PYPOD_CROWD_SECONDS", "5"))
NOTES: Final = "pypod-notes"


class Scene:
    """A scratch root of podman's, its database, and the judge."""

    def __init__(self, place: Path, judge: str) -> None:
        self.place = place
        self.judge = judge
        self.path = str(place / "root/libpod/bolt_state.db")
        self.machine = LinuxDatabaseChanges(60)
        self.command = [
            "podman", "--root", f"{place}/root", "--runroot", f"{place}/run", "--tmpdir", f"{place}/tmp",
            "--storage-driver", "vfs", "--events-backend", "file", "--runtime", "runc", "--cgroup-manager", "cgroupfs",
        ]  # fmt: skip

    def podman(self, *words: str) -> str:
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()

    def write(self, *changes: StateChange) -> None:
        """A transaction that expects what was read just before."""
        _, txid, _ = tree_of(Path(self.path).read_bytes()).unwrap()
        assert self.machine.update_database(self.path, changes, (ExpectTxid(txid),)).unwrap().changes

    def tree(self) -> Tree:
        return tree_of(Path(self.path).read_bytes()).unwrap()[0]

    def judged(self) -> None:
        """The reference library finds nothing wrong."""
        done = subprocess.run([self.judge, self.path], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
        assert json.loads(done.stdout)["errors"] == []

    def prepared(self) -> None:
        """Podman's first run, and a tiny image."""
        binary = self.place / "tiny/bin/true"
        binary.parent.mkdir(parents=True)
        binary.write_text("nothing")
        subprocess.run(["tar", "-C", self.place / "tiny", "-cf", self.place / "tiny.tar", "."], check=True)
        self.podman("import", "--quiet", str(self.place / "tiny.tar"), "tiny:1")
        self.write(MakeBucket((NOTES,)))

    def container(self, name: str) -> str:
        limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
        return self.podman("create", *limits, "--net", "none", "--name", name, "tiny:1", "/bin/true")

    def inspected(self, kind: str, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.podman(kind, "inspect", name))
        return found[0]


def _value(tree: Tree, *at: str) -> bytes:
    bucket = tree.at(at[:-1])
    value = bucket.get(at[-1]) if bucket is not None else None
    assert value is not None, at
    return value


def label(scene: Scene, turn: int) -> None:
    """Podman makes a container; pypod labels it and gives it another lock; podman shows the label and removes it."""
    name = f"c{turn}"
    made = scene.container(name)
    config = json.loads(_value(scene.tree(), "ctr", made, "config"))
    labels: dict[str, str] = {**(config.get("labels") or {}), "turn": f"<{turn}>"}
    scene.write(EditJson(("ctr", made), "config", (("labels", labels), ("lockID", 1000 + turn), ("x-unknown", [turn]))))
    scene.judged()
    assert scene.inspected("container", name)["Config"]["Labels"]["turn"] == f"<{turn}>"
    scene.podman("container", "rename", name, f"{name}-new")
    after = json.loads(_value(scene.tree(), "ctr", made, "config"))
    assert (after["name"], after["lockID"], after["labels"]["turn"]) == (f"{name}-new", 1000 + turn, f"<{turn}>")
    scene.write(EditJson(("ctr", made), "config", (("lockID", config["lockID"]),)))
    scene.podman("rm", f"{name}-new")
    assert scene.tree().at(("ctr", made)) is None


def volume(scene: Scene, turn: int) -> None:
    """Podman makes a volume; pypod makes another one of it, as libpod would write it; podman lists and removes that."""
    old, new = f"old{turn}", f"new{turn}"
    scene.podman("volume", "create", old)
    held = scene.tree().bucket("vol")
    assert held is not None
    changes: list[StateChange] = [EmptyBucket(("vol",)), EmptyBucket(("allVolumes",))]
    for name, _ in held.names():
        bucket = held.bucket(name)
        assert bucket is not None
        after = new if name == old else name
        changes += [MakeBucket(("vol", after)), Put(("allVolumes",), after, key_of(after))]
        changes += [
            MakeBucket(("vol", after, key)) if is_bucket else Put(("vol", after), key, bucket.get(key) or b"")
            for key, is_bucket in bucket.names()
        ]
    mount = f"{scene.place}/root/volumes/{new}"
    (scene.place / f"root/volumes/{old}").rename(mount)
    scene.write(*changes, EditJson(("vol", new), "config", (("name", new), ("mountPoint", f"{mount}/_data"))))
    scene.judged()
    listed = scene.podman("volume", "ls", "--quiet").split()
    assert new in listed
    assert old not in listed
    assert scene.inspected("volume", new)["Mountpoint"] == f"{mount}/_data"
    if turn % 2:
        scene.podman("volume", "rm", new)


def note(scene: Scene, turn: int) -> None:
    """pypod keeps notes of growing size in a bucket that podman does not know; podman writes beside it and keeps it."""
    scene.write(Put((NOTES,), f"n{turn}", b"x" * (turn * 700)), Delete((NOTES,), f"n{turn - 12}"))
    scene.judged()
    scene.podman("volume", "create", f"beside{turn}")
    assert _value(scene.tree(), NOTES, f"n{turn}") == b"x" * (turn * 700)
    scene.podman("volume", "rm", f"beside{turn}")


def turns(scene: Scene) -> dict[str, Any]:
    scene.prepared()
    kinds = (label, volume, note)
    for turn in range(TURNS):
        kinds[turn % len(kinds)](scene, turn)
        scene.judged()
    return {"turns": TURNS, "volumes": scene.podman("volume", "ls", "--quiet").split()}


def writer(scene: Scene, name: str) -> None:
    """Commit for ever; what was committed is said after it was."""
    for number in range(1 << 30):
        key = f"{name}-{number}"
        answer = scene.machine.update_database(scene.path, (Put((NOTES,), key, b"y" * (number % 50 * 40)),))
        assert answer.unwrap().changes
        print(key, flush=True)  # noqa: T201 - read by crowd


def podmen(scene: Scene, name: str) -> None:
    """Make volumes for ever, one podman each."""
    for number in range(1 << 30):
        print(scene.podman("volume", "create", f"{name}-{number}"), flush=True)  # noqa: T201 - read by crowd


def crowd(scene: Scene) -> dict[str, Any]:
    """Writers of both kinds at once, each of which is killed now and then; readers meanwhile."""
    scene.prepared()
    chance = random.Random(7)
    running: list[tuple[subprocess.Popen[str], str]] = []
    said: list[str] = []
    kinds = ("writer", "writer", "podmen", "podmen")
    begun = 0
    kills = 0

    def begin(kind: str) -> None:
        nonlocal begun
        begun += 1
        command = [sys.executable, "-m", "tests.interop.turns", kind, str(scene.place), scene.judge, f"{kind}{begun}"]
        running.append((subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True), kind))

    def end(index: int) -> str:
        process, kind = running.pop(index)
        # The whole group: a podman of its own dies with it, wherever it is.
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        said.extend(line for line in output.split("\n")[:-1] if line)
        assert process.returncode == -signal.SIGKILL, "a writer failed"
        return kind

    for kind in kinds:
        begin(kind)
    ends = time.monotonic() + SECONDS
    reads = 0
    while time.monotonic() < ends:
        time.sleep(chance.uniform(0.05, 0.4))
        seen = read_objects(scene.path)
        assert not isinstance(seen, Failure), seen.failure()
        reads += 1
        if chance.random() < 0.4:
            begin(end(chance.randrange(len(running))))
            kills += 1
    while running:
        end(0)
    scene.judged()
    tree = scene.tree()
    notes, volumes = tree.bucket(NOTES), tree.bucket("vol")
    assert notes is not None
    assert volumes is not None
    lost = [name for name in said if notes.get(name) is None and volumes.bucket(name) is None]
    assert lost == []
    listed = set(scene.podman("volume", "ls", "--quiet").split())
    committed = {kind: sum(name.startswith(kind) for name in said) for kind in ("writer", "podmen")}
    assert {name for name in said if name.startswith("podmen")} <= listed
    scene.write(Put((NOTES,), "last", b""))
    scene.judged()
    return {"committed": committed, "kills": kills, "reads": reads}


def main() -> None:
    what, place, judge, *name = sys.argv[1:]
    scene = Scene(Path(place), judge)
    with contextlib.suppress(BrokenPipeError):
        if what == "writer":
            writer(scene, *name)
        elif what == "podmen":
            podmen(scene, *name)
        else:
            print(json.dumps(turns(scene) if what == "turns" else crowd(scene)))  # noqa: T201 - the report


if __name__ == "__main__":
    main()
