"""A store opened and shut down on the real machine, beside the one that ``podman info`` leaves."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from returns.result import Failure

from pypod.effects.linux.machine import LinuxLibrary
from pypod.effects.linux.mounts import mount_points
from pypod.effects.recording import Recording
from pypod.pure.effect import Kind, On
from pypod.pure.program import drive, in_order
from pypod.pure.store.shutdown_stage import SHUTDOWN
from pypod.pure.store.stage import STORE
from tests.fixtures.apart import ROOT, apart, counted_descriptors, mount
from tests.pure.store_hosts import GRAPH, RUN, asking

ROOTS = ("/var/lib/containers", "/run/containers")
OF_LIBPOD = ("/run/containers/libpod", f"{GRAPH}/libpod", f"{GRAPH}/defaultNetworkBackend")
NEWER = f"{GRAPH}/overlay/l"
"""Podman 3.4.7 makes it with mode 0700, newer ones with 0755."""

Tree = dict[str, tuple[int, int, int, int]]


def _fresh_roots() -> None:
    os.umask(0o022)
    for root in ROOTS:
        Path(root).mkdir(parents=True, exist_ok=True)
        mount("tmpfs", root, "tmpfs", 0, "mode=0755")


def _tree() -> Tree:
    """Modes, owners and sizes of what belongs to the store."""
    seen: Tree = {}
    for root in ROOTS:
        for path in Path(root).rglob("*"):
            if not str(path).startswith(OF_LIBPOD):
                found = path.lstat()
                size = found.st_size if stat.S_ISREG(found.st_mode) else 0
                mode = 0 if str(path) == NEWER else found.st_mode
                seen[str(path)] = mode, found.st_uid, found.st_gid, size
    return seen


def _opened(driver: str) -> list[str]:
    """What opening and shutting down changes, as sentences."""
    host = Recording(On(LinuxLibrary()))
    points = mount_points()
    with counted_descriptors():
        ended = drive(in_order(STORE, SHUTDOWN)(asking(driver)), host)
    assert not isinstance(ended, Failure), ended
    assert mount_points() == points
    return [
        effect.describe()
        for effect, answer in host.tape.exchanges
        if effect.kind is Kind.CHANGE and not isinstance(answer, Failure) and answer.unwrap().changes
    ]


def _podman(driver: str) -> None:
    subprocess.run(
        ["podman", "--root", GRAPH, "--runroot", RUN, "--tmpdir", "/run/containers/libpod", "--storage-driver", driver,
         "--cgroup-manager", "cgroupfs", "--events-backend", "file", "info"],
        check=True, capture_output=True,
    )  # fmt: skip


def _by_podman(driver: str) -> Tree:
    _fresh_roots()
    mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777")
    _podman(driver)
    return _tree()


def _by_pypod(driver: str) -> tuple[Tree, Tree, list[str]]:
    """What pypod leaves, what Podman leaves of that, and what pypod changes after it."""
    _fresh_roots()
    mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777")
    _opened(driver)
    first = _tree()
    _podman(driver)
    return first, _tree(), _opened(driver)


@pytest.mark.skipif(
    not ROOT or shutil.which("podman") is None,
    reason="podman is not installed, or this is not root: NOT shown that a store is left as Podman leaves it",
)
@pytest.mark.parametrize("driver", ["vfs", "overlay"])
def test_pypod_leaves_what_podman_leaves(driver: str) -> None:
    expected = apart(lambda: _by_podman(driver))
    first, second, again = apart(lambda: _by_pypod(driver))
    assert first == expected
    assert second == expected
    home = f"{GRAPH}/overlay"
    mounting = [f"bind-mount {home} on itself"] if driver == "overlay" else []
    unmounting = [f"unmount {home}"] if driver == "overlay" else []
    tokens = [
        f"write the last-writer token of {GRAPH}/{name}" for name in ("storage.lock", f"{driver}-layers/layers.lock")
    ]
    assert again == [*mounting, *unmounting, *tokens]
