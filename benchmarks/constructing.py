"""``pypod info`` beside ``podman info``, and the first command after a reboot with 2,000 containers.

Both on one scratch root, in a mount namespace of their own with an empty ``/dev/shm``.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.alone import measured
from benchmarks.listing import flags_of, model_made, multiplied
from benchmarks.timing import medians

COUNT = 2000
ROUNDS = 3


def stored(root: Path, model: str) -> None:
    """Let the store know the copies too: what it does not know is not refreshed."""
    table = root / "vfs-containers/containers.json"
    known: list[dict[str, Any]] = json.loads(table.read_text(encoding="utf-8"))
    entry = next(one for one in known if one["id"] == model)
    copies = [
        {**entry, "id": sha256(str(number).encode()).hexdigest(), "names": [f"copy{number}"]} for number in range(COUNT)
    ]
    table.write_text(json.dumps([*known, *copies]), encoding="utf-8")


def rebooted(place: Path) -> None:
    """What a boot takes away."""
    for path in (place / "run", place / "tmp", Path("/dev/shm/libpod_lock")):
        subprocess.run(["rm", "-rf", path], check=True)


def after_reboot(place: Path, command: list[str]) -> float:
    """Milliseconds of the first command."""
    rebooted(place)
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return (time.perf_counter() - begun) * 1000


def compared(place: Path) -> None:
    """Both commands, on a root in that directory."""
    flags = flags_of(place)
    podman = ["podman", *flags, "info"]
    ours = [sys.executable, "-m", "pypod", *flags, "--any-podman", "info"]
    model = model_made(place)
    table("info", medians({"podman info": podman, "pypod info": ours}))
    multiplied(place / "root/libpod/bolt_state.db", model, COUNT)
    stored(place / "root", model)
    taken: dict[str, list[float]] = {"podman info": [], "pypod info": []}
    for _ in range(ROUNDS):
        taken["podman info"].append(after_reboot(place, podman))
        taken["pypod info"].append(after_reboot(place, ours))
    table(f"refresh of {COUNT + 1} containers", {name: statistics.median(times) for name, times in taken.items()})


def table(title: str, taken: dict[str, float]) -> None:
    """Both times, and the ratio."""
    print(title)
    for name, milliseconds in taken.items():
        print(f"  {name:<14} {milliseconds:7.0f} ms")
    print(f"  {'pypod is':<14} {taken['pypod info'] / taken['podman info']:7.2f} x\n")


def main() -> None:
    """Compare them in a namespace of their own."""
    measured("benchmarks.constructing")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        compared(Path(sys.argv[1]))
    else:
        main()
