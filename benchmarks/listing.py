"""``pypod ps -q`` beside ``podman ps -aq`` on 2,000 and 10,000 containers: podman makes one, pypod writes the others.

Podman runs in a mount namespace of its own with an empty ``/dev/shm``; what it cannot do here is said.
"""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from benchmarks.alone import measured
from benchmarks.timing import medians
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.database.facts import MakeBucket, Put, StateChange
from pypod.pure.database.tree import tree_of

COUNTS = {2000: 7, 10000: 3}
"""Rounds for each number of containers."""
LOCKS = 2000
"""Podman makes 2048 locks; copies share them."""


def multiplied(path: Path, model: str, count: int) -> None:
    """Write copies of a container, each with an id, a name and a lock of its own, in one transaction."""
    held = tree_of(path.read_bytes()).unwrap()[0].at(("ctr", model))
    if held is None:
        raise SystemExit(f"podman made no container {model}")
    changes: list[StateChange] = []
    for number in range(count):
        key, name = sha256(str(number).encode()).hexdigest(), f"copy{number}"
        changes += [Put((bucket,), key, name.encode()) for bucket in ("id-registry", "all-ctrs")]
        changes += [Put(("name-registry",), name, key.encode()), MakeBucket(("ctr", key))]
        for entry, value in held.entries.items():
            if not isinstance(value, bytes):
                changes.append(MakeBucket(("ctr", key, entry)))
                continue
            own = value.replace(model.encode(), key.encode()).replace(b'"name":"model"', b'"name":"%s"' % name.encode())
            own = own.replace(b'"lockID":0', b'"lockID":%d' % (number % LOCKS + 1)) if entry == "config" else value
            changes.append(Put(("ctr", key), entry, own))
    LinuxDatabaseChanges().update_database(str(path), tuple(changes)).unwrap()


def flags_of(place: Path) -> list[str]:
    """Podman's global flags for a root in that directory."""
    return [
        "--root", f"{place}/root", "--runroot", f"{place}/run", "--tmpdir", f"{place}/tmp", "--storage-driver", "vfs",
        "--events-backend", "file", "--runtime", "runc", "--cgroup-manager", "cgroupfs",
    ]  # fmt: skip


def model_made(place: Path) -> str:
    """Let podman make a container of a tiny image; its id."""
    podman = ["podman", *flags_of(place)]
    program = place / "tiny/bin/true"
    program.parent.mkdir(parents=True)
    program.write_text("nothing")
    subprocess.run(["tar", "-C", place / "tiny", "-cf", place / "tiny.tar", "."], check=True)
    subprocess.run([*podman, "import", "--quiet", place / "tiny.tar", "tiny:1"], check=True, capture_output=True)
    limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--net", "none")
    made = subprocess.run(
        [*podman, "create", *limits, "--name", "model", "tiny:1", "/bin/true"], check=True, capture_output=True
    )
    return made.stdout.decode().strip()


def compared(place: Path, count: int) -> None:
    """Both, on a root in that directory."""
    flags = flags_of(place)
    multiplied(place / "root/libpod/bolt_state.db", model_made(place), count)
    commands = {
        "podman ps -aq": ["podman", *flags, "ps", "-aq"],
        "pypod ps -q": [sys.executable, "-m", "pypod", *flags, "ps", "-q"],
    }
    listed = {
        name: set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
        for name, command in commands.items()
    }
    if len(set(map(frozenset, listed.values()))) != 1 or len(listed["pypod ps -q"]) != count + 1:
        raise SystemExit("podman and pypod list different containers")
    taken = medians(commands, COUNTS[count])
    print(f"listing {count + 1} containers")
    for name, time in taken.items():
        print(f"  {name:<14} {time:7.0f} ms")
    print(f"  {'faster':<14} {taken['podman ps -aq'] / taken['pypod ps -q']:7.1f} x")
    print()


def main() -> None:
    """Compare them in a namespace of their own."""
    for count in COUNTS:
        measured("benchmarks.listing", str(count))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        compared(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        main()
