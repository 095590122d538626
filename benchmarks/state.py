"""Looking into a database of many containers: whole processes, and the memory that they take."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from pyrsistent import pmap

from benchmarks.timing import medians
from pypod.pure.database.buckets import key_of
from pypod.pure.database.file import database_holding
from pypod.pure.database.tree import Tree, empty_tree, tree_of
from tests.fixtures.state_databases import DATABASES

CONTAINERS = 2000
MODEL = "9758e3c5e794fb0a2249db41a37264c6c8c2478f08e52debaf07315dd6cda0d1"
COMMANDS = ("ps -q", "ps", "state show", "state check", "state export")


def many_containers(count: int = CONTAINERS) -> bytes:
    """A database of so many containers with configurations as podman writes them, about 12 KiB each."""
    sample = tree_of(DATABASES["bolt-3.4.7-full"]).unwrap()[0]
    model = sample.at(("ctr", MODEL)) or empty_tree()
    config, state = model.get("config") or b"", model.get("state") or b""
    objects: dict[str, bytes | Tree] = {}
    names: dict[str, bytes] = {}
    for number in range(count):
        key = sha256(str(number).encode()).hexdigest()
        name = f"container{number}"
        own = config.replace(MODEL.encode(), key.encode()).replace(b'"name":"base"', b'"name":"%s"' % name.encode())
        own = own.replace(b'"lockID":13', b'"lockID":%d' % number)
        documents: dict[str, bytes | Tree] = {"config": own, "state": state, "dependencies": empty_tree()}
        objects[key] = Tree(pmap(documents))
        names[key] = name.encode()
    registered: dict[str, bytes | Tree] = {**names}
    by_name: dict[str, bytes | Tree] = {name.decode(): key_of(key) for key, name in names.items()}
    tree = sample
    for bucket in ("exec", "pod", "allPods", "vol", "allVolumes"):
        tree = tree.holding(bucket, empty_tree())
    for bucket, held in (
        ("ctr", objects),
        ("id-registry", registered),
        ("all-ctrs", registered),
        ("name-registry", by_name),
    ):
        tree = tree.holding(bucket, Tree(pmap(held)))
    return database_holding(tree).unwrap().file


def main(rounds: int = 5) -> None:
    """Time each command on such a database, and measure what it holds at most."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bolt_state.db"
        # In a process of its own: what starts a process passes on how big it has been.
        making = f"from pathlib import Path; from benchmarks.state import many_containers as m; Path({str(path)!r}).write_bytes(m())"
        subprocess.run([sys.executable, "-c", making], check=True)
        commands = {name: [sys.executable, "-m", "pypod", *name.split(), "--database", str(path)] for name in COMMANDS}
        taken = medians(commands, rounds)
        print(f"a database of {CONTAINERS} containers, {path.stat().st_size >> 20} MiB")
        for name, command in commands.items():
            print(f"  {name:<14} {taken[name]:7.0f} ms  {_most_memory(command):5} MiB")
        print()


def _most_memory(command: list[str]) -> int:
    """The peak of resident memory of one run, in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss >> 10


if __name__ == "__main__":
    main()
