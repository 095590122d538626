"""A first construction on the real machine of which one effect is refused, or that is killed at one.

Laws:
- it ends with a problem, or goes on where libpod does, and leaves no descriptor, no record lock;
- whatever was left half done, the next construction works.

``PYPOD_FAULT_STRIDE=1`` tries every effect; the default every fifth, with the errnos in turn.
"""

from __future__ import annotations

from pathlib import Path

from tests.interop.test_writing import played


def test_an_effect_that_is_refused_leaves_nothing(link: Path) -> None:
    report = played("refused", link, None, "faulty")
    assert report["tried"] > 20
    assert report["ended"] > 5


def test_a_process_that_is_killed_stops_nobody(link: Path) -> None:
    assert played("killed", link, None, "faulty")["tried"] > 5
