"""What ``import pypod`` loads: nothing of anybody else's."""

from __future__ import annotations

import subprocess
import sys

THIRD_PARTY = ("returns", "toolz", "pyrsistent", "msgspec", "click", "hypothesis", "typeguard")


def loaded() -> list[str]:
    """The third-party libraries that importing pypod alone has loaded."""
    script = f"import sys, pypod; print(*[name for name in {THIRD_PARTY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.split()


def main() -> None:
    """Print what is loaded."""
    print("import pypod loads:", ", ".join(loaded()) or "no third-party library")
    print()
