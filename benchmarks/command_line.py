"""The whole ``pypod plan`` process beside ``podman info`` and ``podman ps -aq`` on the same scratch host.

Aims: at most 0.4 x ``podman info`` and 3 x ``podman ps -aq``.
"""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypod
from benchmarks.timing import medians

LIBRARIES = "import gc, os; gc.disable(); import returns.result, msgspec; os._exit(0)"
"""What no plan can do without, loaded and left as the command does it."""


def main() -> None:
    """Print the medians and the ratios."""
    podman = shutil.which("podman")
    if podman is None:
        print("podman is not installed: no comparison of whole processes")
        return
    # As it is once installed, also where the environment keeps Python from writing bytecode beside the sources.
    compileall.compile_dir(Path(pypod.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory(prefix="pypod-bench-") as scratch:
        roots = [
            "--root", f"{scratch}/root", "--runroot", f"{scratch}/run", "--tmpdir", f"{scratch}/tmp",
            "--storage-driver", "vfs",
        ]  # fmt: skip
        subprocess.run([podman, *roots, "info"], check=True, capture_output=True)
        taken = medians(
            {
                "pypod plan": [sys.executable, "-m", "pypod", *roots, "plan"],
                "podman info": [podman, *roots, "info"],
                "podman ps -aq": [podman, *roots, "ps", "-aq"],
                "its libraries": [sys.executable, "-c", LIBRARIES],
                "python -c pass": [sys.executable, "-c", "pass"],
            }
        )
    for name, time in taken.items():
        print(f"{name:16} {time:8.1f} ms   pypod plan is {taken['pypod plan'] / time:5.2f} x")
    print()
