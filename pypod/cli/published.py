"""What is published from tables and types: the schemas in ``pypod/schemas`` and ``docs/diagnoses.md``.

``python -m pypod.cli.published`` writes them into a checkout; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pypod.pure.plan import diagnoses, facts, host_form

ROOT: Final = Path(__file__).parents[2]

PUBLISHED: Final[dict[str, Callable[[], bytes]]] = {
    "pypod/schemas/plan.schema.json": facts.schema,
    "pypod/schemas/host.schema.json": host_form.schema,
    "docs/diagnoses.md": lambda: diagnoses.document().encode(),
}
"""What is written where, and what makes it."""


def write(root: Path = ROOT) -> None:
    """Write everything that is published."""
    for path, made in PUBLISHED.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made())


if __name__ == "__main__":
    write()
