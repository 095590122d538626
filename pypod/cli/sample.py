"""``python -m pypod.cli.sample``: a first plan, on this machine if it has podman's parts, else on the bundled sample host.

What stands behind it on the command line is given to ``pypod plan``.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from pypod.cli import output
from pypod.cli.main import main

SAMPLE: Final = Path(__file__).parent.parent / "samples" / "host.json"
PARTS: Final = ("podman", "conmon")
"""A machine with one of these is worth a plan of its own."""
BESIDES: Final = "/usr/libexec/podman:/usr/lib/podman:/usr/local/libexec/podman:/usr/local/sbin:/usr/sbin"


def part_here(search_path: str) -> str:
    """The first of podman's parts on a search path or where libpod looks for conmon besides; empty where there is none."""
    places = f"{search_path}:{BESIDES}" if search_path else BESIDES
    return next((found for part in PARTS if (found := shutil.which(part, path=places))), "")


def first_plan(arguments: list[str], search_path: str) -> int:
    """Say which host is planned, and plan it; the exit status of ``pypod plan``."""
    found = part_here(search_path)
    if found:
        output.say(f"This machine has {found}: planning for it. Nothing is changed.\n\n")
        return main(["plan", *arguments])
    output.say("This machine has neither podman nor conmon: planning for the bundled sample host.\n\n")
    return main(["plan", "--host", str(SAMPLE), *arguments])


if __name__ == "__main__":
    raise SystemExit(first_plan(sys.argv[1:], os.environ.get("PATH", "")))
