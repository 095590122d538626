"""``pypod name``: names as libpod draws them."""

from __future__ import annotations

import json

import pytest

from pypod.cli.main import main
from pypod.cli.name import draw
from pypod.pure.names.words import LEFT, RIGHT


def test_names_are_of_libpods_words_and_different(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["name", "--count", "50", "--format", "json"]) == 0
    names = json.loads(capsys.readouterr().out)
    assert len(set(names)) == 50
    for name in names:
        left, _, right = name.partition("_")
        assert left in LEFT
        assert right in RIGHT


def test_a_name_in_use_is_not_drawn() -> None:
    every = frozenset(f"{left}_{right}" for left in LEFT for right in RIGHT)
    kept = f"{LEFT[0]}_{RIGHT[0]}"
    assert draw(1, every - {kept}) == [kept]


@pytest.mark.parametrize("count", ["0", "-1", "x", "1001", "", "99999999999999"])
def test_a_count_that_is_none(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["name", f"--count={count}"]) == 64
    assert "--count is a number from 1 to 1000" in capsys.readouterr().err
