"""What is loaded: nothing of anybody else's by ``import pypod``, and by a plan no more than it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THIRD_PARTY = {"returns", "toolz", "pyrsistent", "msgspec", "click", "hypothesis", "typeguard"}
ONLY_FOR_SOME = {
    "pypod.effects.linux.state",
    "pypod.pure.exists.stage",
    "pypod.pure.info.stage",
    "pypod.pure.lifecycle.migrate_stage",
    "pypod.pure.lifecycle.renumber_stage",
    "pypod.pure.state.reading",
    "pypod.pure.store.others_stage",
    "pypod.pure.store.shutdown_stage",
    "pypod.pure.vocabulary.catalogue",
    "pypod.pure.world.describe",
    "threading",
    "toolz",
}
"""What only other commands, other hosts or a terminal need."""


def loaded(script: str) -> set[str]:
    """The modules that are loaded when a script is over, which may end the process."""
    watched = f"import sys\n{script}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", watched], check=True, capture_output=True, text=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize("script", ["import pypod", "from pypod.cli.main import main; main(['--version'])"])
def test_nothing_of_anybody_else_s(script: str) -> None:
    assert not loaded(script) & THIRD_PARTY


def test_the_libraries_are_seen_where_they_are_loaded() -> None:
    assert {"returns", "msgspec"} <= loaded("import pypod; pypod.plan")


def test_a_live_plan_loads_what_it_needs() -> None:
    modules = loaded("from pypod.cli.main import main; main(['--root', '/nonexistent/root', 'plan'])")
    assert "pypod.pipeline" in modules
    assert not modules & ONLY_FOR_SOME
