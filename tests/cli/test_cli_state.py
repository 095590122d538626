"""``ps`` and ``state …``: statuses, streams, forms; described hosts and real files answer alike.

Laws:
- a look needs no lock, changes nothing, and its status says whether it could be made;
- what cannot be read is told in one line;
- the same database gives the same answer on a described host and on this machine.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from pathlib import Path

import pytest
from returns.result import Failure

from pypod.cli import output
from pypod.cli.main import main
from pypod.effects.linux.observer import LinuxObserver
from pypod.pure.failure import HostError
from pypod.pure.state.export import imported
from pypod.pure.vocabulary.state import CheckPages, ListContainers, ReadContainers, ReadContent, ReadReferences
from tests.fixtures.state_databases import DATABASES, SQLITE
from tests.pure.small_host import small_host

EFFECTS = (ListContainers, ReadContainers, ReadReferences, CheckPages, ReadContent)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "bolt_state.db"
    path.write_bytes(DATABASES["bolt-3.4.7-full"])
    return path


def test_ps(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    holder = os.open(database, os.O_RDWR)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert main(["ps", "--database", str(database)]) == output.DONE
    finally:
        os.close(holder)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "CONTAINER ID"
    assert [line.split()[-1] for line in lines[1:]] == ["base", "child", "inpod"]
    assert database.read_bytes() == DATABASES["bolt-3.4.7-full"]


@pytest.mark.parametrize("flags", [["-aq"], ["-a", "-q"], ["--quiet"], ["-q", "--all=true"]])
def test_ids_alone(flags: list[str], database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ps", *flags, "--database", str(database)]) == output.DONE
    assert capsys.readouterr().out == "3c5727030bbc\n9758e3c5e794\nce831c36ba15\n"
    assert main(["ps", *flags, "--no-trunc", "--database", str(database)]) == output.DONE
    assert [len(line) for line in capsys.readouterr().out.splitlines()] == [64] * 3


def test_ps_as_json(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ps", "--format", "json", "--database", str(database)]) == output.DONE
    assert [one["Names"] for one in json.loads(capsys.readouterr().out)] == [["base"], ["child"], ["inpod"]]


def test_ps_tells_what_it_leaves_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(DATABASES["damaged-config-json"])
    assert main(["ps", "--database", str(path)]) == output.DONE
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1
    assert shown.err.count("pypod: Error retrieving container ") == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (DATABASES["damaged-both-metas-magic"], "invalid database"),
        (SQLITE["sqlite-schema-2"], "database has schema version 2 while this libpod version only supports version 1"),
        (SQLITE["damaged-sqlite-truncated"], "database disk image is malformed"),
        (b"garbage", "invalid database"),
        (None, "no such file or directory"),
    ],
)
def test_what_cannot_be_read(
    content: bytes | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    for command, begins, status in (
        (["ps"], "Error: error opening database", 125),
        (["ps", "-q"], "Error: error opening database", 125),
        (["state", "show"], "pypod: error opening database", output.FAILED),
    ):
        assert main([*command, "--database", str(path)]) == status
        shown = capsys.readouterr()
        assert not shown.out
        assert shown.err.startswith(f"{begins} {path}: ")
        assert says in shown.err
        assert shown.err.count("\n") == 1
    assert main(["state", "check", "--database", str(path)]) == output.FAILED
    assert any(shown.count("\n") == 1 for shown in capsys.readouterr())


def test_a_flag_of_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ps", "--nosuch"]) == 125
    assert capsys.readouterr() == ("", "Error: unknown flag: --nosuch\n")


def test_show(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["state", "show", "--database", str(database)]) == output.DONE
    text = capsys.readouterr().out
    assert text.startswith(f"BoltDB database {database}\n  transaction 19 · 28 pages of 4096 bytes, 9 free")
    assert "3 containers (2 configured, 1 running) · 2 pods · 2 volumes · 1 exec session" in text
    assert main(["state", "show", "--format", "json", "--database", str(database)]) == output.DONE
    held = json.loads(capsys.readouterr().out)
    assert held["config"]["graph-driver-name"] == "vfs"
    assert [one["pod"] for one in held["containers"]] == ["", "", "web"]


def test_check(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["state", "check", "--database", str(database)]) == output.DONE
    assert capsys.readouterr().out == f"{database}: sound (28 pages, 3 containers, 2 pods, 2 volumes)\n"
    database.write_bytes(DATABASES["damaged-root-leaf"])
    assert main(["state", "check", "--format=json", "--database", str(database)]) == output.FAILED
    assert json.loads(capsys.readouterr().out)["pages"]


def test_export(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "state.json"
    target.touch(0o644)
    assert main(["state", "export", "--database", str(database), "--out", str(target)]) == output.DONE
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert main(["state", "export", "--database", str(database)]) == output.DONE
    assert capsys.readouterr().out == target.read_text(encoding="utf-8")
    assert len(imported(target.read_bytes()).unwrap().entries) > 50
    assert main(["state", "export", "--database", str(database), "--out", str(tmp_path / "no" / "x")]) == output.FAILED


def test_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["state"]) == output.MISUSED
    complaint = capsys.readouterr().err
    assert complaint.startswith("pypod: state needs one of show, check, export")
    assert complaint.count("\n") == 1
    assert main(["state", "shew"]) == output.MISUSED
    assert "did you mean state show?" in capsys.readouterr().err
    assert main(["state", "export", "--help"]) == output.DONE
    assert "given in confidence" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["bolt-3.4.7-full", "bolt-4.3.1-empty", "valid-no-freelist", "damaged-root-leaf"])
def test_described_hosts_answer_alike(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(DATABASES[name])
    here, there = LinuxObserver(), small_host({"/x.db": DATABASES[name]})
    for effect in EFFECTS:
        one, other = effect(str(path)).see(here), there.answer(effect("/x.db"))
        assert isinstance(one, Failure) == isinstance(other, Failure)
        if isinstance(one, Failure) and isinstance(other, Failure):
            assert one.failure().message == other.failure().message
        else:
            assert one == other


def test_a_described_db_sql_is_not_read() -> None:
    answer = small_host({"/db.sql": SQLITE["sqlite-5.0.3-full"]}).answer(ReadContainers("/db.sql"))
    assert answer.failure() == HostError(0, "", "/db.sql", "a described host's db.sql is not read")
