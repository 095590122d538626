"""Drawing a name that is free."""

from __future__ import annotations

from pypod.pure.names.decide import DIGITS, drawn, taken
from pypod.pure.program import Program, need
from pypod.pure.vocabulary.database import ReadObjects
from pypod.pure.vocabulary.host import DrawToken


def generate_name(database_path: str) -> Program[str]:
    """A name that no container and no pod has; drawn as often as it takes."""
    in_use = taken((yield from need(ReadObjects(database_path))))
    while True:
        name = drawn((yield from need(DrawToken(DIGITS))))
        if name is not None and name not in in_use:
            return name
