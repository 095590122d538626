"""Laws of drawn names.

- A name is two lower-case words and an underscore, and never ``boring_wozniak``.
- Every pair but that one can be drawn.
- A drawn name is free, and drawing goes on until one is.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar, cast

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Result, Success

from pypod.pure.database.facts import ContainerFacts, PodFacts, StateObjects
from pypod.pure.effect import Effect
from pypod.pure.failure import HostError
from pypod.pure.names.decide import NEVER, draw, drawn, taken
from pypod.pure.names.stage import generate_name
from pypod.pure.names.words import LEFT, RIGHT
from pypod.pure.program import drive
from pypod.pure.vocabulary.host import DrawToken

T = TypeVar("T")
NUMBERS = st.integers(0, 2**64)


@given(NUMBERS, NUMBERS)
def test_form(left: int, right: int) -> None:
    name = draw(left, right)
    assert name is None or (re.fullmatch(r"[a-z]+_[a-z]+", name) and name != NEVER)


@given(st.sampled_from(LEFT), st.sampled_from(RIGHT))
def test_every_other_pair(left: str, right: str) -> None:
    name = draw(LEFT.index(left), RIGHT.index(right))
    assert name == (None if f"{left}_{right}" == NEVER else f"{left}_{right}")


@given(st.text("0123456789abcdef", max_size=40))
def test_any_token_will_do(token: str) -> None:
    assert drawn(token) != NEVER


class Drawing:
    """A host that draws the tokens it was given, and knows the objects of a database."""

    def __init__(self, tokens: list[str], objects: StateObjects) -> None:
        self.tokens = tokens
        self.objects = objects

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        value: Any = self.tokens.pop(0) if isinstance(effect, DrawToken) else self.objects
        return cast("Result[T, HostError]", Success(value))


@given(st.lists(st.sampled_from(("00", "01", "10", "11")), max_size=6))
def test_a_drawn_name_is_free(tokens: list[str]) -> None:
    objects = StateObjects(
        containers=(ContainerFacts("1", f"{LEFT[0]}_{RIGHT[0]}", 0),), pods=(PodFacts("2", f"{LEFT[0]}_{RIGHT[1]}", 1),)
    )
    name = drive(generate_name("/db"), Drawing([*tokens, "11"], objects)).unwrap()
    assert name not in taken(objects)
