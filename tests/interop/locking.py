"""pypod and a real podman use the same locks.  Run inside of a mount namespace by ``test_locks_beside_podman.py``:

    python -m tests.interop.locking EXPERIMENT PLACE

Prints one JSON object: what was found.  What must be so whatever is found is an assertion that fails.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from returns.result import Failure, Result, Success

from pypod.effects.linux.database import read_objects
from pypod.effects.linux.held import LinuxLocksHeld
from pypod.effects.linux.locks import LinuxLocks
from pypod.effects.real import library_machine
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Locks, Request
from pypod.pure.effect import Effect, On
from pypod.pure.facts import Handle
from pypod.pure.failure import HostError
from pypod.pure.locks.holders import Held, Hold, held_of
from pypod.pure.locks.stage import allocate, free, under_lock
from pypod.pure.program import Program, drive
from pypod.pure.vocabulary.locks import ReleaseFileLock, TakeFileLock

T = TypeVar("T")

NAME: Final = "/libpod_lock"
SEGMENT: Final = Path("/dev/shm/libpod_lock")
LOCKS: Final = 2048
PATIENCE: Final = 60.0

HOLD: Final = """
import os, sys, time
from pypod.effects.linux.held import LinuxLocksHeld
machine = LinuxLocksHeld()
machine.take_lock(machine.map_lock_segment("/libpod_lock", 2048).unwrap(), int(sys.argv[1])).unwrap()
print("held", flush=True)
time.sleep(600)
"""
ALLOCATE: Final = """
import sys
from pypod.effects.linux.held import LinuxLocksHeld
machine = LinuxLocksHeld()
handle = machine.map_lock_segment("/libpod_lock", 2048).unwrap()
for _ in range(int(sys.argv[1])):
    print(machine.allocate_lock(handle, None).unwrap().number, flush=True)
"""

CONTENDED: Final = 4
"""So many locks are taken by everybody; the first volumes have them, too."""
SECONDS: Final = float(os.environ.get("PYPOD_CROWD_SECONDS", "5"))
WORK: Final = f"""
import mmap, os, random, struct, sys, time
from pypod.effects.linux.held import LinuxLocksHeld
machine = LinuxLocksHeld()
handle = machine.map_lock_segment("/libpod_lock", 2048).unwrap()
board = mmap.mmap(os.open(sys.argv[1], os.O_RDWR), {8 * CONTENDED})
while True:
    number = random.randrange({CONTENDED})
    lock = machine.take_lock(handle, number).unwrap()
    struct.pack_into("Q", board, 8 * number, os.getpid())
    time.sleep(random.random() / 1000)
    assert struct.unpack_from("Q", board, 8 * number) == (os.getpid(),)
    machine.release_lock(lock).unwrap()
    mine = machine.allocate_lock(handle, None).unwrap().number
    assert mine >= 0
    machine.free_lock(handle, mine).unwrap()
"""


class Scene:
    """A scratch root of podman's."""

    def __init__(self, place: Path) -> None:
        self.database = str(place / "root/libpod/bolt_state.db")
        self.tmp = place / "tmp"
        self.flags = [
            "--root", f"{place}/root", "--runroot", f"{place}/run", "--tmpdir", f"{place}/tmp",
            "--storage-driver", "vfs", "--events-backend", "file", "--runtime", "runc", "--cgroup-manager", "cgroupfs",
        ]  # fmt: skip

    def starts(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["podman", *self.flags, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def podman(self, *words: str) -> str:
        return ended(self.starts(*words))

    def pypod(self, *words: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "pypod", *self.flags, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def volume(self, name: str) -> int:
        """A new volume's lock."""
        self.podman("volume", "create", name)
        return self.volume_locks()[name]

    def volume_locks(self) -> dict[str, int]:
        return {one.name: one.lock for one in read_objects(self.database).unwrap().volumes}


def joined() -> tuple[LinuxLocksHeld, Handle]:
    """A machine that has the segment mapped."""
    machine = LinuxLocksHeld()
    return machine, machine.map_lock_segment(NAME, LOCKS).unwrap()


def ended(process: subprocess.Popen[str]) -> str:
    """What a process said, once it came to a good end."""
    out, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, (process.args, complaints)
    return out.strip()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def lock(number: int) -> Held | None:
    """How a lock of the segment stands."""
    found = held_of(LinuxLocks().read_locks(NAME).unwrap().mutexes)
    return {one.number: one for one in found}.get(number)


def is_awaited(number: int) -> bool:
    held = lock(number)
    return held is not None and held.awaited


def other(code: str, argument: int) -> subprocess.Popen[str]:
    """Another process of pypod's."""
    return subprocess.Popen([sys.executable, "-c", code, str(argument)], stdout=subprocess.PIPE, text=True)


def fresh(scene: Scene) -> dict[str, Any]:
    """A segment of podman's and one of pypod's are the same, and podman works in pypod's."""
    scene.podman("info")
    theirs = SEGMENT.read_bytes()
    mode = SEGMENT.stat().st_mode
    SEGMENT.unlink()
    assert isinstance(LinuxLocksHeld().create_lock_segment(NAME, LOCKS), Success)
    ours = SEGMENT.read_bytes()
    scene.podman("volume", "create", "v")
    assert scene.volume_locks() == {"v": 0}
    scene.podman("volume", "rm", "v")
    return {"equal": ours == theirs, "size": len(ours), "modes": mode == SEGMENT.stat().st_mode}


def waits(scene: Scene) -> dict[str, Any]:
    """pypod holds the lock of a volume; podman waits for it, and pypod shows who waits for whom."""
    number = scene.volume("v")
    machine, mapped = joined()
    taken = machine.take_lock(mapped, number).unwrap()
    waiting = scene.starts("volume", "inspect", "v")
    until(lambda: is_awaited(number))
    shown = scene.pypod("locks", "--format", "json")
    assert waiting.poll() is None
    assert isinstance(machine.release_lock(taken), Success)
    ended(waiting)
    return {"shown": shown, "pid": os.getpid(), "after": lock(number) is None}


def killed_pypod(scene: Scene) -> dict[str, Any]:
    """pypod is killed while it holds the lock that podman waits for: podman goes on."""
    number = scene.volume("v")
    holder = other(HOLD, number)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waiting = scene.starts("volume", "inspect", "v")
    until(lambda: is_awaited(number))
    holder.send_signal(signal.SIGKILL)
    holder.wait(PATIENCE)
    said = ended(waiting)
    scene.podman("volume", "inspect", "v")
    return {"inspected": json.loads(said)[0]["Name"], "free": lock(number) is None}


def killed_podman(scene: Scene) -> dict[str, Any]:
    """podman is killed while it holds a lock: pypod takes it over, and podman works with it again.

    It is stopped inside of the lock by the lock of the database, which it wants next.
    """
    number = scene.volume("v")
    machine, mapped = joined()
    taken = machine.take_lock(mapped, number).unwrap()
    podman = scene.starts("volume", "inspect", "v")
    until(lambda: is_awaited(number))
    database = os.open(scene.database, os.O_RDWR)
    fcntl.flock(database, fcntl.LOCK_EX)
    assert isinstance(machine.release_lock(taken), Success)
    until(lambda: (held := lock(number)) is not None and held.process == podman.pid)
    podman.send_signal(signal.SIGKILL)
    podman.communicate(timeout=PATIENCE)
    os.close(database)
    left = lock(number)
    again = machine.take_lock(mapped, number)
    held = lock(number)
    assert isinstance(machine.release_lock(again.unwrap()), Success)
    scene.podman("volume", "inspect", "v")
    return {
        "left": left.hold.value if left else None,
        "taken": held is not None and held.hold is Hold.HELD and held.process == os.getpid(),
        "free": lock(number) is None,
    }


def allocation(scene: Scene) -> dict[str, Any]:
    """Both allocate, in turn and at once: no number is given twice, and none is lost."""
    scene.volume("first")
    machine, mapped = joined()
    ours: list[int] = []
    for turn in range(3):
        ours.append(machine.allocate_lock(mapped, None).unwrap().number)
        scene.podman("volume", "create", f"turn{turn}")
    in_turn = sorted(ours), sorted(scene.volume_locks().values())
    busy = [other(ALLOCATE, 100) for _ in range(4)]
    crowd = [scene.starts("volume", "create", f"crowd{number}") for number in range(6)]
    at_once = [int(word) for one in busy for word in ended(one).split()]
    for one in crowd:
        ended(one)
    theirs = list(scene.volume_locks().values())
    everything = sorted([*ours, *at_once, *theirs])
    assert len(set(everything)) == len(everything)
    assert list(LinuxLocks().read_locks(NAME).unwrap().segment.allocated) == everything
    for number in (*ours, *at_once):
        assert isinstance(machine.free_lock(mapped, number), Success)
    shown = scene.pypod("locks", "--format", "json")
    return {"in_turn": in_turn, "count": len(everything), "theirs": len(theirs), "shown": shown}


def files(scene: Scene) -> dict[str, Any]:
    """The same with lock files: podman waits for the one that pypod holds, and numbers are given once."""
    number = scene.volume("v")
    host = On(library_machine())
    locks = Locks("file", str(scene.tmp / "locks"))

    def use(_lock: Handle) -> Program[tuple[subprocess.Popen[str], dict[str, Any]]]:
        waiting = scene.starts("volume", "inspect", "v")
        until(lambda: f"-> POSIX  ADVISORY  WRITE {waiting.pid}" in Path("/proc/locks").read_text())
        shown = scene.pypod("locks", "--format", "json")
        assert waiting.poll() is None
        yield from ()
        return waiting, shown

    waiting, shown = drive(under_lock(locks, number, use), host).unwrap()
    ended(waiting)
    ours = [drive(allocate(locks), host).unwrap().unwrap()]
    scene.podman("volume", "create", "w")
    taken = drive(allocate(locks, ours[0]), host).unwrap()
    assert isinstance(taken, Failure)
    for one in ours:
        assert isinstance(drive(free(locks, one), host).unwrap(), Success)
    return {"numbers": [number, *ours, scene.volume_locks()["w"]], "taken": taken.failure(), "shown": shown,
            "pid": os.getpid()}  # fmt: skip


def crowd(scene: Scene) -> dict[str, Any]:
    """Four processes of pypod's take, allocate and free, podman makes and removes volumes, and whoever it hits is killed.

    Afterwards every lock can be taken, and no two volumes have one.
    """
    scene.volume("first")
    words = str(scene.tmp.parent / "board")
    Path(words).write_bytes(bytes(8 * CONTENDED))
    at_work = [worker(words) for _ in range(4)]
    podmen: list[subprocess.Popen[str]] = []
    kills = rounds = 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline or rounds < 8:
        rounds += 1
        name = f"v{rounds % 5}"
        podmen += (scene.starts("volume", verb, name) for verb in ("create", "inspect", "rm"))
        time.sleep(random.uniform(0, 0.2))
        # Most are through by now: whoever is still at work is hit first.
        victim = next((one for one in podmen if one.poll() is None), podmen[0])
        podmen.remove(victim)
        kills += victim.poll() is None
        victim.kill()
        victim.communicate(timeout=PATIENCE)
        dismissed(at_work.pop(0))
        at_work.append(worker(words))
    for one in at_work:
        dismissed(one)
    for one in podmen:
        one.communicate(timeout=PATIENCE)
    machine, mapped = joined()
    for number in range(LOCKS):
        assert isinstance(machine.release_lock(machine.take_lock(mapped, number).unwrap()), Success)
    machine.allocate_lock(mapped, None).unwrap()
    scene.podman("volume", "create", "last")
    shown = scene.pypod("locks", "--format", "json")
    return {"kills": kills, "taken": sum(Path(words).read_bytes()) > 0, "shown": shown}


def worker(board: str) -> subprocess.Popen[str]:
    """A process that works with the locks and asserts that it is alone where it holds one."""
    return subprocess.Popen([sys.executable, "-c", WORK, board], stderr=subprocess.PIPE, text=True)


def dismissed(one: subprocess.Popen[str]) -> None:
    """Kill a process that is still at work; it has complained of nothing."""
    one.kill()
    _, complaints = one.communicate(timeout=PATIENCE)
    assert (one.returncode, complaints) == (-signal.SIGKILL, "")


def full(_scene: Scene) -> dict[str, Any]:
    """A shared memory that is full: the segment is refused and nothing is left; nobody dies of SIGBUS."""
    subprocess.run(["mount", "-o", "remount,size=16k", "/dev/shm"], check=True)
    refused = LinuxLocksHeld().create_lock_segment(NAME, LOCKS)
    return {"errno": refused.failure().errno, "left": [path.name for path in SEGMENT.parent.iterdir()]}


class Watchful:
    """A host that looks after every effect whether the kernel still has every record lock that was taken and not given back."""

    def __init__(self, host: On) -> None:
        self._host = host
        self._held: dict[Handle, str] = {}
        self.took: list[str] = []
        self.lost: list[str] = []

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        answer = self._host.answer(effect)
        if isinstance(effect, TakeFileLock):
            handle = answer.unwrap()
            assert isinstance(handle, Handle)
            self._held[handle] = effect.path
            self.took.append(effect.path)
        elif isinstance(effect, ReleaseFileLock):
            del self._held[effect.handle]
        ours = [line.split() for line in Path("/proc/locks").read_text().splitlines() if f" {os.getpid()} " in line]
        inodes = {words[5].rpartition(":")[2] for words in ours if words[1] == "POSIX"}
        missing = {path for path in self._held.values() if str(Path(path).stat().st_ino) not in inodes}
        self.lost += (f"{path} after: {effect.describe()}" for path in missing)
        return answer


def construction(scene: Scene) -> dict[str, Any]:
    """pypod constructs, refreshes after a reboot, renumbers and migrates for real: no lock is lost on the way."""
    scene.volume("v")
    flags = tuple((name.removeprefix("--"), value) for name, value in zip(*[iter(scene.flags)] * 2, strict=True))
    took: list[str] = []
    for command, reboots in (("info", False), ("info", True), ("system renumber", False), ("system migrate", False)):
        if reboots:
            (scene.tmp / "alive").unlink()
            SEGMENT.unlink()
        host = Watchful(On(library_machine()))
        draft = drive(program_of(Request(command, flags=flags))(Draft(Request(command, flags=flags))), host)
        assert isinstance(draft, Success), draft
        assert not host.lost, (command, host.lost)
        took += host.took
    shown = scene.pypod("locks", "--format", "json")
    scene.podman("volume", "inspect", "v")
    return {"took": sorted({Path(path).name for path in took}), "shown": shown, "locks": scene.volume_locks()}


EXPERIMENTS: Final = {
    "fresh": fresh,
    "waits": waits,
    "killed-pypod": killed_pypod,
    "killed-podman": killed_podman,
    "allocation": allocation,
    "files": files,
    "crowd": crowd,
    "full": full,
    "construction": construction,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(EXPERIMENTS[sys.argv[1]](Scene(Path(sys.argv[2])))))
