"""One committed change to a database of many containers, beside bbolt's, on the same file system with its real syncs."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from returns.result import Failure

from benchmarks.state import CONTAINERS, many_containers
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.pure.database.facts import EditJson, Put, StateChange
from pypod.pure.database.tree import tree_of

SOURCE = Path(__file__).with_suffix(".go")
LIBRARY = Path("/usr/share/gocode")
PAGE = 4096


def _bbolt(directory: Path) -> Path | None:
    """The Go program, if it can be built here."""
    go = shutil.which("go")
    if go is None or not (LIBRARY / "src/go.etcd.io/bbolt").is_dir():
        return None
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(LIBRARY), "GOCACHE": str(directory / "cache")}
    # A real-time priority that the measuring was given is not for the building: Go's threads would starve each other.
    ordinary = ["chrt", "--other", "0"] if shutil.which("chrt") else []
    subprocess.run([*ordinary, go, "build", "-o", directory / "transactions", SOURCE], check=True, env=environment)
    return directory / "transactions"


def _median(run: Callable[[int], object], count: int) -> float:
    """Median time in milliseconds of runs that are numbered from 1; number 0 warms up."""
    taken: list[float] = []
    for number in range(count + 1):
        started = time.perf_counter()
        run(number)
        if number:
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def _done(machine: LinuxDatabaseChanges, path: str, change: StateChange) -> None:
    answer = machine.update_database(path, (change,))
    if isinstance(answer, Failure):
        raise SystemExit(answer.failure().message)


def _synced(path: Path, _: int) -> None:
    """What the file system takes to store a page: each transaction waits for it twice."""
    descriptor = os.open(path, os.O_RDWR)
    os.pwrite(descriptor, os.pread(descriptor, PAGE, 0), 0)
    os.fdatasync(descriptor)
    os.close(descriptor)


def main(rounds: int = 5, count: int = 40) -> None:
    """Interleaved rounds; the median of their medians.  ``TMPDIR`` says on which file system."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        path = directory / "bolt_state.db"
        path.write_bytes(many_containers())
        held = tree_of(path.read_bytes()).unwrap()[0].bucket("ctr")
        container = next(name for name, _ in held.names()) if held is not None else ""
        config = held.at((container,)) if held is not None else None
        put = Put(("ctr", container), "config", (config.get("config") if config is not None else None) or b"")
        edits = [EditJson(("ctr", container), "config", (("lockID", number),)) for number in range(count + 1)]
        print(f"one committed change, {CONTAINERS} containers, {path.stat().st_size >> 20} MiB, median")
        program = _bbolt(directory)
        times: dict[str, list[float]] = {
            "a sync alone": [], "first of a process": [], "put after it": [], "JSON edited": [], "bbolt's put": []
        }  # fmt: skip
        for _ in range(rounds):
            machine = LinuxDatabaseChanges()
            times["a sync alone"].append(_median(partial(_synced, path), count))
            times["first of a process"].append(_median(lambda _: _done(LinuxDatabaseChanges(), str(path), put), 3))
            times["put after it"].append(_median(lambda _: _done(machine, str(path), put), count))  # noqa: B023 - called at once
            times["JSON edited"].append(_median(lambda number: _done(machine, str(path), edits[number]), count))  # noqa: B023
            if program is not None:
                done = subprocess.run(
                    [program, path, container, str(count)], check=True, capture_output=True, text=True
                )
                times["bbolt's put"].append(int(done.stdout) / 1e6)
        for name, taken in times.items():
            if taken:
                print(f"  {name:<20} {statistics.median(taken):8.2f} ms")
            else:
                print(f"  {name:<20} NOT MEASURED: the Go compiler or its package of bbolt is not installed")
        print()


if __name__ == "__main__":
    main()
