"""A machine of its own for an unprivileged user.  Run as root inside of new mount and process namespaces:

    unshare --mount --propagation private --pid --fork --mount-proc --kill-child python unprivileged.py SUBIDS SCRIPT

The user ``joe`` is in the user database, SUBIDS are the lines of /etc/subuid and /etc/subgid, ``/run`` is empty but for
the user's own directory, and so is the shared memory.  What the interpreter needs can be reached even where it is installed in a closed directory.
The script is joe's, for ``sh``; it starts in joe's home directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

UID: Final = 4711
HOME: Final = Path("/run/joe")
RUNTIME: Final = Path(f"/run/user/{UID}")
SOURCE: Final = Path(__file__).parents[2]
NEEDED: Final = tuple({Path(path).resolve() for path in (sys.prefix, sys.base_prefix, SOURCE)})


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _hidden(path: Path) -> Path | None:
    """The topmost directory above a path through which not everybody may go."""
    above = [*reversed(path.parents), path]
    return next((one for one in above if not one.stat().st_mode & 0o001), None)


def _open_up() -> None:
    """Cover closed directories by empty ones in which there is just what is needed."""
    covered = {path: hidden for path in NEEDED if (hidden := _hidden(path)) is not None}
    kept: dict[Path, Path] = {}
    for number, path in enumerate(covered):
        kept[path] = Path(f"/run/kept/{number}")
        kept[path].mkdir(parents=True)
        _mount("--bind", str(path), str(kept[path]))
    for hidden in set(covered.values()):
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(hidden))
    for path, place in kept.items():
        path.mkdir(parents=True, exist_ok=True)
        _mount("--bind", str(place), str(path))


def _replace(path: str, content: str) -> None:
    ours = Path("/run/etc") / Path(path).name
    ours.parent.mkdir(exist_ok=True)
    ours.write_text(content, encoding="utf-8")
    if not Path(path).exists():
        raise SystemExit(f"there is no {path} here to be replaced")
    _mount("--bind", str(ours), path)


def _directory(path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o700)
    os.chown(path, UID, UID)


def main(subids: str, script: str) -> None:
    """Set the machine up and become joe."""
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    _mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/dev/shm")
    _open_up()
    users = Path("/etc/passwd").read_text(encoding="utf-8")
    _replace("/etc/passwd", f"{users.rstrip()}\njoe:x:{UID}:{UID}::{HOME}:/bin/sh\n")
    for path in ("/etc/subuid", "/etc/subgid"):
        _replace(path, subids)
    _directory(HOME)
    _directory(RUNTIME)
    os.chdir(HOME)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {
        **kept, "HOME": str(HOME), "USER": "joe", "XDG_RUNTIME_DIR": str(RUNTIME), "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHON": sys.executable, "PYTHONPATH": str(SOURCE),
        "LEAVE": f"{sys.executable} {Path(__file__).parent / 'leaving.py'}",
    }  # fmt: skip
    joe = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--inh-caps=-all", "--bounding-set=+all"]
    # Not as process 1, which signals do not end.
    os.execvpe(joe[0], [*joe, "sh", "-c", f"({script}\n); exit $?"], environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
