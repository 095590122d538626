"""What is loaded: nothing of anybody else's by ``import pypod``, and by a plan no more than it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pypod.cli.planning import AHEAD
from pypod.pure.database.facts import TOP_LEVEL
from pypod.pure.database.file import database_holding
from pypod.pure.database.tree import tree_from_plain

ROOT = Path(__file__).parents[2]
THIRD_PARTY = {"returns", "toolz", "pyrsistent", "msgspec", "click", "hypothesis", "typeguard"}
ONLY_FOR_SOME = {
    "pypod.effects.linux.forking",
    "pypod.effects.linux.state",
    "pypod.pure.dbus.address",
    "pypod.pure.exists.stage",
    "pypod.pure.info.stage",
    "pypod.pure.lifecycle.migrate_stage",
    "pypod.pure.lifecycle.renumber_stage",
    "pypod.pure.locks.holders",
    "pypod.pure.machine",
    "pypod.pure.state.reading",
    "pypod.pure.store.others_stage",
    "pypod.pure.store.shutdown_stage",
    "pypod.pure.systemd.scope",
    "pypod.pure.userns.reexec",
    "pypod.pure.vocabulary.catalogue",
    "pypod.pure.world.describe",
    "threading",
    "toolz",
}
"""What only other commands, other hosts or a terminal need."""
ONLY_FOR_THE_FIRST = {
    "pypod.pure.bolt.changes",
    "pypod.pure.bolt.commit",
    "pypod.pure.database.expectations",
    "pypod.pure.database.objects",
    "pypod.pure.database.tree",
    "pypod.pure.events.line",
    "pypod.pure.plan.diagnoses",
    "pypod.pure.vocabulary.mounts",
    "pypod.pure.vocabulary.services",
    "pypod.pure.world.overlaid",
    "pyrsistent",
}
"""What only a first run needs, or one that fails, or another graph driver than vfs."""


def loaded(script: str, *path: Path) -> set[str]:
    """The modules that are loaded when a script is over; ``path`` are directories before those of ``$PATH``."""
    watched = f"import sys\n{script}\nprint()\nprint(*sys.modules)"
    environment = os.environ | {"PATH": ":".join((*map(str, path), os.environ["PATH"]))}
    done = subprocess.run(
        [sys.executable, "-c", watched], check=True, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    return set(done.stdout.splitlines()[-1].split())


def set_up(scratch: Path) -> list[str]:
    """A host as Podman leaves it, with programs that do nothing; Podman's flags for it."""
    root, run, programs = scratch / "root", scratch / "run", scratch / "programs"
    config = {
        "os": "linux", "static-dir": f"{root}/libpod", "tmp-dir": f"{run}/tmp", "run-root": f"{run}",
        "graph-root": f"{root}", "graph-driver-name": "vfs", "volume-path": f"{root}/volumes",
    }  # fmt: skip
    buckets: dict[str, object] = {name: {} for name in TOP_LEVEL}
    for directory in (root / "libpod", run / "tmp", programs):
        directory.mkdir(parents=True)
    database = database_holding(tree_from_plain(buckets | {"runtime-config": config})).unwrap()
    (root / "libpod/bolt_state.db").write_bytes(database.file)
    (run / "tmp/alive").touch()
    for name in ("conmon", "runtime", "nsenter"):
        (programs / name).write_text("#!/bin/sh\necho conmon version 2.1.6\n")
        (programs / name).chmod(0o755)
    return [
        "--root", str(root), "--runroot", str(run), "--tmpdir", f"{run}/tmp", "--storage-driver", "vfs",
        "--conmon", f"{programs}/conmon", "--runtime", f"{programs}/runtime", "--cni-config-dir", f"{scratch}/none",
    ]  # fmt: skip


@pytest.mark.parametrize("script", ["import pypod", "from pypod.cli.main import main; main(['--version'])"])
def test_nothing_of_anybody_else_s(script: str) -> None:
    assert not loaded(script) & THIRD_PARTY


def test_the_libraries_are_seen_where_they_are_loaded() -> None:
    assert {"returns", "msgspec"} <= loaded("import pypod; pypod.plan")


def test_a_live_plan_loads_what_it_needs() -> None:
    modules = loaded("from pypod.cli.main import main; main(['--root', '/nonexistent/root', 'plan'])")
    assert "pypod.pipeline" in modules
    assert not modules & ONLY_FOR_SOME


def test_a_plan_where_podman_has_been_loads_no_more() -> None:
    # A short path: Podman takes none longer than fifty characters for its run root.
    with tempfile.TemporaryDirectory(prefix="pypod-") as scratch:
        flags = set_up(Path(scratch))
        script = f"from pypod.cli.main import main; assert main([*{flags!r}, 'plan', '--as', 'root']) == 0"
        modules = loaded(script, Path(scratch) / "programs")
    assert "pypod.pure.locks.stage" in modules
    assert not modules & (ONLY_FOR_SOME | ONLY_FOR_THE_FIRST)
    assert modules >= {f"pypod.pure.{name}" for name in AHEAD}
