"""Names for containers and pods that were given none (``Runtime.generateName``)."""

from __future__ import annotations

from typing import Final

from pypod.pure.database.facts import StateObjects
from pypod.pure.names.words import LEFT, RIGHT

NEVER: Final = "boring_wozniak"
"""Steve Wozniak is not boring."""

DIGITS: Final = 16
"""How many random hexadecimal digits a name is drawn from: half of them for each word."""


def draw(left: int, right: int) -> str | None:
    """The name that two random numbers stand for, each of any size; ``None``: draw again."""
    name = f"{LEFT[left % len(LEFT)]}_{RIGHT[right % len(RIGHT)]}"
    return None if name == NEVER else name


def drawn(token: str) -> str | None:
    """The name that a token of random hexadecimal digits stands for; ``None``: draw again."""
    half = len(token) // 2
    return draw(int(token[:half] or "0", 16), int(token[half:] or "0", 16))


def taken(objects: StateObjects) -> frozenset[str]:
    """The names in use; containers and pods share one registry, volumes are not in it."""
    containers = {container.name for container in objects.containers}
    return frozenset(containers | {pod.name for pod in objects.pods})
