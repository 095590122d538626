"""The deliberate differences: the rows of ``docs/differences.md`` that name recorded steps."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
_CASE = re.compile(r"(live )?`([a-z-]+-\d+)#(\d+) ([a-z]+)`")

Row = tuple[str, int, str]


def allowed(*, live: bool = False) -> frozenset[Row]:
    """The case, step and aspect of each recorded step that a row lets differ; ``live``: on a real machine."""
    rows = (line for line in _PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| D-"))
    found = (named for row in rows for named in _CASE.findall(row))
    return frozenset((case, int(step), aspect) for where, case, step, aspect in found if live or not where)
