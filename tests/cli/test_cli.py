"""The command line: exit codes, texts, streams, files; nothing ever raises.

Laws:
- ``main`` raises nothing and gives a status of the documented ones, whatever the words are;
- what is wrong with a command line is said in one line on standard error, with status 64, and nothing on standard output;
- the status of a plan follows from ``errored`` and, where asked for, from whether there are actions.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from pypod.cli import output
from pypod.cli.commands import COMMANDS, EVERYWHERE, Words
from pypod.cli.main import main
from pypod.cli.plan import status_of
from pypod.cli.podman import names, takes_value
from pypod.cli.words import taken_apart
from pypod.pure.failure import Misused, Problem, Refused
from pypod.pure.plan.facts import Plan, encoded
from tests.pure import plan_tapes as tapes

STATUSES = {0, 1, 2, 64, 125, 130}
FLAGS = [f"--{flag.name}" for command in COMMANDS for flag in (*command.flags, *EVERYWHERE)]
WORDS = [
    *FLAGS,
    *names(),
    *(command.name for command in COMMANDS),
    "--",
    "-",
    "-h",
    "-v",
    "--nosuch",
    "",
    "\udc80",
    "=",
    "-x",
]
words = st.lists(
    st.sampled_from(WORDS) | st.sampled_from(WORDS).map(lambda one: one + "=x") | st.text(max_size=5), max_size=6
)


def planning(monkeypatch: pytest.MonkeyPatch, made: Result[Plan, Problem]) -> list[Words]:
    """Have every command line make this plan; the command lines that did."""
    asked: list[Words] = []

    def planned(given: Words) -> Result[Plan, Problem]:
        asked.append(given)
        return made

    monkeypatch.setattr("pypod.cli.plan.planned", planned)
    monkeypatch.setattr("pypod.cli.explain.planned", planned)
    monkeypatch.setattr("pypod.cli.name.planned", planned)
    return asked


def _written_nowhere(_path: str, _content: bytes) -> str:
    return ""


def _nothing_constructed(_given: Words) -> int:
    return output.DONE


@given(words)
def test_nothing_raises(given_words: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        planning(patch, Success(tapes.first_run()))
        patch.setattr(output, "write_whole", _written_nowhere)
        for constructing in ("pypod.cli.constructing.run", "pypod.cli.apply.run"):
            patch.setattr(constructing, _nothing_constructed)
        patch.setattr(sys, "stdout", io.StringIO())
        patch.setattr(sys, "stderr", complaints := io.StringIO())
        status = main(given_words)
    assert status in STATUSES
    assert "mistake of pypod's own" not in complaints.getvalue()


@given(words)
def test_every_word_has_its_place(given_words: list[str]) -> None:
    taken = taken_apart(given_words, takes_value)
    if isinstance(taken, Failure):
        assert taken.failure()
        return
    found = taken.unwrap()
    kept = [*found.podman, *found.arguments]
    assert len(kept) <= len(given_words)
    assert all(word in given_words for word in kept)


@pytest.mark.parametrize(
    ("given_words", "says"),
    [
        ([], "a command is missing"),
        (["plam"], "did you mean plan?"),
        (["plan", "--format", "xml"], "--format is one of text, json"),
        (["plan", "--host"], "--host needs a value"),
        (["plan", "--verbose=x"], "--verbose takes no value"),
        (["plan", "x"], "plan takes no argument"),
        (["explain"], "explain needs an argument"),
        (["--root"], "flag needs an argument: --root"),
        (["plan", "--root"], "flag needs an argument: --root"),
    ],
)
def test_bad_usage(given_words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given_words) == output.MISUSED
    out, complaint = capsys.readouterr()
    assert not out
    assert complaint.startswith("pypod: ")
    assert says in complaint
    assert complaint.count("\n") == 1


def test_flags_before_and_after_the_command() -> None:
    line = ["--root", "--host", "--runtime=crun", "plan", "--host", "x.json", "--syslog", "--verbose", "--tmpdir", "/t"]
    found = taken_apart(line, takes_value).unwrap()
    assert found.podman == ("--root", "--host", "--runtime=crun", "--syslog", "--tmpdir", "/t")
    assert found.own == {"host": "x.json", "verbose": "true"}


@pytest.mark.parametrize(
    ("plan", "detailed", "status"),
    [
        (tapes.first_run(), False, 0),
        (tapes.first_run(), True, 2),
        (tapes.second_run(), True, 0),
        (tapes.refusal(), False, 1),
        (tapes.refusal(), True, 1),
    ],
)
def test_the_status_of_a_plan(plan: Plan, detailed: bool, status: int) -> None:
    assert status_of(plan, detailed=detailed) == status


def test_text_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tapes.first_run()
    planning(monkeypatch, Success(plan))
    assert main(["plan"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Podman's runtime would be constructed.")
    assert "\x1b" not in text
    assert main(["plan", "--format=json", "--detailed-exitcode"]) == output.PENDING
    assert json.loads(capsys.readouterr().out) == json.loads(encoded(plan))
    assert main(["plan", "--color"]) == 0
    assert "\x1b[" in capsys.readouterr().out


def test_out_is_written_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    planning(monkeypatch, Success(tapes.first_run()))
    target = tmp_path / "plan.json"
    target.write_text("old", encoding="utf-8")
    assert main(["plan", "--out", str(target)]) == 0
    assert json.loads(target.read_bytes()) == json.loads(encoded(tapes.first_run()))
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]
    capsys.readouterr()
    assert main(["plan", "--out", str(tmp_path / "no" / "plan.json")]) == output.FAILED
    assert "cannot write" in capsys.readouterr().err
    assert main(["plan", "--out", str(tmp_path)]) == output.FAILED
    assert main(["plan", "--out", "a\0b"]) == output.FAILED
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (Misused('host.json: $.files["/x"].mode: expected an octal mode'), output.MISUSED),
        (Refused("open /x: permission denied"), output.FAILED),
    ],
)
def test_what_pypod_cannot_plan(
    problem: Problem, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planning(monkeypatch, Failure(problem))
    assert main(["plan"]) == status
    assert capsys.readouterr() == ("", f"pypod: {problem.message}\n")


def test_explain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    planning(monkeypatch, Success(tapes.first_run()))
    assert main(["explain", "engine.runtime"]) == 0
    assert "over    crun" in capsys.readouterr().out
    assert main(["explain", "storage", "run_root"]) == output.FAILED
    shown = capsys.readouterr()
    assert shown.out.startswith("storage.run_root = /srv/run")
    assert "did you mean storage.run_root?" in shown.err
    assert main(["explain", "--format", "json", "engine.runtime"]) == 0
    assert json.loads(capsys.readouterr().out)["engine.runtime"]["value"] == "runc"


def test_an_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_words: Words) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("pypod.cli.plan.planned", interrupted)
    assert main(["plan"]) == output.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_a_bug_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_words: Words) -> Any:
        raise LookupError("oops")

    monkeypatch.delenv("PYPOD_TRACEBACK", raising=False)
    monkeypatch.setattr("pypod.cli.plan.planned", broken)
    assert main(["plan"]) == 70
    assert capsys.readouterr().err.startswith("pypod: a mistake of pypod's own: LookupError: oops")


@pytest.mark.parametrize(
    ("variables", "choice", "coloured"),
    [({}, None, False), ({"NO_COLOR": "1"}, True, True), ({"NO_COLOR": "1"}, None, False), ({}, False, False)],
)
def test_colour(
    variables: dict[str, str], choice: bool | None, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert output.wants_colour(choice) is coloured


def test_no_color_wins_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.wants_colour(None)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.wants_colour(None)


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "pypod", "--help"], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"pypod {command}" in text.partition("Examples:")[2]
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for command in COMMANDS for word in command.name.split())
    assert "detailed-exitcode" in script


def test_version_loads_next_to_nothing() -> None:
    code = "import sys; from pypod.cli.main import main; main(['--version']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert loaded.startswith("pypod ")
    assert not {"returns", "msgspec", "click", "pyrsistent", "typeguard"} & set(loaded.split())
