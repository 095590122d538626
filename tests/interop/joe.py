"""The machine of an unprivileged user, on which scripts run: see ``unprivileged.py``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.interop.unprivileged import SOURCE, UID

NEEDED: Final = ("unshare", "mount", "setpriv", "newuidmap", "newgidmap", "ps")
SUBIDS: Final = f"# nobody else\nsomebody:100000:5\n{UID}:300000:10\njoe:200000:5\n"
PAUSED: Final = "ps -eo ppid=,stat=,comm= | grep -c 'podman pause'"


def missing() -> str:
    """Why there can be no such machine here; empty where there can."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)} here"
    if os.geteuid() != 0:
        return "only root can make a user"
    tried = subprocess.run(["unshare", "-m", "--pid", "--fork", "--mount-proc", "unshare", "-U", "true"], check=False)
    return "" if tried.returncode == 0 else "user namespaces are not allowed here"


class Said(str):
    """The standard output of a script; ``stderr`` and the status beside it."""

    __slots__ = ("status", "stderr")

    stderr: str
    status: int

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.splitlines() if line.startswith("{")]

    def inside(self) -> dict[str, Any]:
        (only,) = self.objects()
        return only


def joe(script: str, subids: str = SUBIDS, within: tuple[str, ...] = ()) -> Said:
    """Run a script as the user, on a machine of its own."""
    unshare = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "--kill-child"]
    setting_up = [sys.executable, str(Path(__file__).with_name("unprivileged.py")), subids, script]
    done = subprocess.run(
        [*unshare, *within, *setting_up],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(SOURCE)},
    )
    said = Said(done.stdout)
    said.stderr, said.status = done.stderr, done.returncode
    return said
