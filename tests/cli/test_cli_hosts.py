"""``pypod plan --host FILE`` from end to end: described hosts, recordings, and what is wrong with either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pypod import hosts
from pypod.cli.main import main
from pypod.cli.published import ROOT

SCHEMA = json.loads((ROOT / "pypod/schemas/plan.schema.json").read_text(encoding="utf-8"))
HOST: dict[str, Any] = {
    "programs": {
        "/usr/bin/conmon": {"stdout": "conmon version 2.0.24\ncommit: abcdef\n"},
        "/usr/bin/crun": {"stdout": "crun version 1.0.3\n"},
        "/usr/bin/nsenter": {},
    },
    "podman_installed": "3.4.4",
    "files": {
        "/etc/containers/storage.conf": {
            "text": '[storage]\ndriver = "vfs"\ngraphroot = "/srv/g"\nrunroot = "/run/g"\n'
        }
    },
    "steps": [{"args": ["info"]}, {"args": ["info"]}],
}


def written(folder: Path, description: object) -> str:
    path = folder / "host.json"
    path.write_text(json.dumps(description), encoding="utf-8")
    return str(path)


def test_a_first_run_and_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, HOST)
    assert main(["plan", "--host", path, "--format", "json", "--detailed-exitcode"]) == 2
    plan = json.loads(capsys.readouterr().out)
    jsonschema.validate(plan, SCHEMA)
    assert (plan["podman_installed"], plan["host"]["source"]) == ("3.4.4", "description")
    assert "create_database" in [action["action"] for action in plan["actions"]]
    assert main(["plan", "--host", path, "--step", "2", "--detailed-exitcode"]) == 0
    assert capsys.readouterr().out.startswith("Nothing to do: the runtime is ready.")


def test_a_host_that_libpod_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, {**HOST, "programs": {}})
    assert main(["plan", "--host", path]) == 1
    text = capsys.readouterr().out
    assert text.startswith("Podman would stop: ")
    assert "[RT-01]" in text


@pytest.mark.parametrize(
    ("description", "says"),
    [
        ([], "$: expected an object"),
        ({"files": {"/x": {"text": "", "mode": "rw"}}}, '$.files["/x"].mode: expected'),
        ({"steps": {}}, "$.steps"),
        ({"case": 1}, "$"),
    ],
)
def test_a_misshapen_description(
    description: object, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--host", written(tmp_path, description)]) == 64
    out, complaint = capsys.readouterr()
    assert not out
    assert complaint.count("\n") == 1
    assert says in complaint


def test_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{,}", encoding="utf-8")
    for path, says in (
        (str(broken), "is not JSON"),
        (str(tmp_path / "none"), "no such file"),
        (str(tmp_path), "directory"),
    ):
        assert main(["plan", "--host", path]) == 64
        assert says in capsys.readouterr().err
    path = written(tmp_path, HOST)
    for words, says in ((["--step", "3"], "has no step 3"), (["--step", "x"], "--step is a number")):
        assert main(["plan", "--host", path, *words]) == 64
        assert says in capsys.readouterr().err


def test_podmans_flags_are_podmans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, HOST)
    assert main(["--nosuch", "plan", "--host", path]) == 64
    assert "unknown flag: --nosuch" in capsys.readouterr().err
    assert main(["--runtime", "nope", "plan", "--host", path]) == 1
    assert 'default OCI runtime "nope" not found' in capsys.readouterr().out
    assert main(["--tmpdir=/run/x", "explain", "--host", path, "engine.tmp_dir"]) == 0
    assert capsys.readouterr().out.startswith("engine.tmp_dir = /run/x\n  from    option")


def test_a_host_is_looked_at_afresh_each_time(tmp_path: Path) -> None:
    described = hosts.described(written(tmp_path, HOST))
    one, two = described.rehearsal().unwrap(), described.rehearsal().unwrap()
    assert one is not two
    assert one.world is two.world


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ("nosuch", 64, "unrecognized command `podman nosuch`"),
        ("system", 64, "missing command 'podman system COMMAND'"),
        ("system migrate --nosuch", 64, "unknown flag: --nosuch"),
        ("container exists", 64, "accepts 1 arg(s), received 0"),
        ("info --help", 64, "Podman builds no runtime"),
        ("--version", 64, "Podman builds no runtime"),
        ("system 'renumber", 64, "No closing quotation"),
        ("system migrate --new-runtime=crun", 0, ""),
        ("system migrate --new-runtime kata", 1, ""),
        ("info --format json", 0, ""),
    ],
)
def test_for_a_command_with_its_own_flags(
    words: str, status: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--host", written(tmp_path, HOST), "--for", words]) == status
    out, complaint = capsys.readouterr()
    assert bool(out) is (status != 64)
    assert says in complaint
    assert complaint.count("\n") == (status == 64)


def test_the_flags_of_a_recorded_step_are_run_before_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = [{"args": ["info"]}, {"args": ["system", "migrate", "--new-runtime", "kata"]}, {"args": ["info"]}]
    path = written(tmp_path, {**HOST, "steps": steps})
    assert main(["plan", "--host", path, "--step", "3"]) == 0
    assert capsys.readouterr().out.startswith("Nothing to do")
