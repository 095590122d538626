"""What the documentation shows is what happens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pypod.cli.commands import BY_NAME
from pypod.cli.main import main
from pypod.cli.published import ROOT
from pypod.cli.sample import SAMPLE

HOST_FORMAT = (ROOT / "docs/host-format.md").read_text(encoding="utf-8")
PLAN_FORMAT = (ROOT / "docs/plan-format.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOST_SCHEMA = json.loads((ROOT / "pypod/schemas/host.schema.json").read_text(encoding="utf-8"))
PLAN_SCHEMA = json.loads((ROOT / "pypod/schemas/plan.schema.json").read_text(encoding="utf-8"))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def example() -> Any:
    return json.loads(blocks(HOST_FORMAT, "json")[0])


@pytest.fixture
def host(tmp_path: Path) -> str:
    path = tmp_path / "host.json"
    path.write_text(json.dumps(example()), encoding="utf-8")
    return str(path)


def test_the_example_and_the_sample_fit_the_schema() -> None:
    jsonschema.validate(example(), HOST_SCHEMA)
    jsonschema.validate(json.loads(SAMPLE.read_text(encoding="utf-8")), HOST_SCHEMA)


def test_the_example_does_what_is_said_of_it(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--host", host]) == 0
    assert "first run" in capsys.readouterr().out
    assert main(["plan", "--host", host, "--step", "2", "--format=json"]) == 1
    plan = json.loads(capsys.readouterr().out)
    jsonschema.validate(plan, PLAN_SCHEMA)
    assert plan["failure"]["diagnosis"] == "LK-02"
    assert main(["plan", "--host", host, "--step", "3", "--format=json"]) == 0
    assert "refresh" in {action["stage"] for action in json.loads(capsys.readouterr().out)["actions"]}


@pytest.mark.parametrize("name", sorted(HOST_SCHEMA["$defs"]["Description"]["properties"]))
def test_every_field_of_a_description_is_documented(name: str) -> None:
    assert f"`{name}`" in HOST_FORMAT


@pytest.mark.parametrize("name", sorted(HOST_SCHEMA["$defs"]["File"]["properties"]))
def test_every_form_of_a_file_is_documented(name: str) -> None:
    assert f"`{name}`" in HOST_FORMAT or f'"{name}"' in HOST_FORMAT


@pytest.mark.parametrize("name", sorted(PLAN_SCHEMA["$defs"]["Plan"]["properties"]))
def test_every_field_of_a_plan_is_documented(name: str) -> None:
    assert f"`{name}`" in PLAN_FORMAT


def test_the_commands_of_the_readme_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.partition("#")[0].split() for block in blocks(README, "sh") for line in block.splitlines()]
    shown = [line[1:] for line in lines if line[:1] == ["pypod"] and not line[1].startswith("--help")]
    assert shown
    for words in shown:
        command = max((name for name in BY_NAME if f" {name} " in f" {' '.join(words)} "), key=len)
        assert main([*command.split(), "--help"]) == 0
        text = capsys.readouterr().out
        behind = words[words.index(command.split()[-1]) :]
        own = [word.partition("=")[0] for word in behind if word.startswith("--")]
        assert all(flag in text for flag in own), (words, own)


def test_the_library_examples_are_python() -> None:
    for text in (HOST_FORMAT, README):
        for block in blocks(text, "python"):
            compile(block, "example", "exec")
