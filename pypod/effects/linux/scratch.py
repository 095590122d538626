"""Scratch directories for test mounts, gone afterwards whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from typing import Final

from pypod.effects.linux import calls
from pypod.effects.linux.removal import tree_removed
from pypod.effects.linux.shutdown import inhibited

MERGED: Final = "merged"
"""The directory in a scratch directory on which something is mounted."""


def scratch_path(home: str, prefix: str) -> str:
    """A name for a scratch directory: ``prefix`` and digits, as Go's ``os.MkdirTemp`` draws it."""
    return f"{home}/{prefix}{int.from_bytes(os.urandom(4))}"


@contextlib.contextmanager
def scratch_directory(path: str) -> Generator[None]:
    """A new directory.  What is mounted on its ``merged`` is unmounted at the end, and the directory removed.

    A signal that ends the process waits for that.
    """
    with inhibited():
        calls.make_directory(path, 0o700)
        try:
            yield
        finally:
            try:
                _clear(path)
            finally:
                # Once more, whatever came between.
                _clear(path)


def _clear(path: str) -> None:
    with contextlib.suppress(OSError):
        calls.unmount(f"{path}/{MERGED}", calls.MNT_DETACH)
    tree_removed(path)
