"""The deliberate differences: the rows of ``docs/differences.md`` that name recorded steps."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
_CASE = re.compile(r"`([a-z-]+-\d+)#(\d+) ([a-z]+)`")


def allowed() -> frozenset[tuple[str, int, str]]:
    """The case, step and aspect of each recorded step that a row lets differ."""
    rows = (line for line in _PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| D-"))
    return frozenset((case, int(step), aspect) for row in rows for case, step, aspect in _CASE.findall(row))
