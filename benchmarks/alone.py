"""A benchmark beside podman, in a mount namespace of its own with an empty ``/dev/shm``; what cannot be done here is said."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypod

NEEDED = ("podman", "runc", "conmon", "unshare")
ALONE = 'mount --make-rprivate / && mount -t tmpfs none /dev/shm && exec "$0" -m "$@"'


def measured(module: str, *words: str) -> None:
    """Run a module with a place of its own and further words."""
    name = module.rpartition(".")[2]
    absent = [needed for needed in NEEDED if shutil.which(needed) is None]
    if absent or os.geteuid() != 0:
        print(f"{name}: NOT MEASURED: {'no ' + ', '.join(absent) if absent else 'only root can'}\n")
        return
    # As it is once installed.
    compileall.compile_dir(Path(pypod.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as place:
        # Podman refuses a run root of more than 50 characters.
        link = Path(f"/run/pypod-{name}-{os.getpid()}")
        link.symlink_to(place)
        command = ["unshare", "-m", "sh", "-c", ALONE, sys.executable, module, str(link), *words]
        try:
            done = subprocess.run(command, check=False)
        finally:
            link.unlink()
        if done.returncode:
            print(f"{name}: NOT MEASURED: podman does not work here\n")
