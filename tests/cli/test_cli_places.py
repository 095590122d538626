"""The command in bad places: streams that take nothing, files that are no files, limits of the machine.

Laws:
- whatever is wrong, there is one line on standard error, a status that is not 0, and never a traceback;
- a file of the host that is damaged or in the way is libpod's affair: the plan says what Podman would do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from pypod.cli import sample
from pypod.cli.main import main
from pypod.cli.published import ROOT
from pypod.cli.sample import SAMPLE, first_plan, part_here
from pypod.pure.exists.decide import image_exists
from pypod.pure.store.tables import named

COMMAND = (sys.executable, "-B", "-m", "pypod")
STATES = ROOT / "tests/fixtures/state"
SOUND = {
    "damaged-config-json", "damaged-meta0-garbage", "damaged-newest-meta", "damaged-older-meta", "damaged-truncated-half",
}  # fmt: skip
"""Damaged databases that bbolt still reads, as far as their runtime configuration goes."""


def ran(*words: str, script: str = '"$@"', **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command below a shell, which can close its streams."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, *words],
        capture_output=True, text=True, errors="replace", check=False, timeout=120, cwd=ROOT, env=os.environ | variables,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "script", "status", "says"),
    [
        (("--help",), '"$@" >/dev/full', 1, "cannot write to standard output: no space left on device"),
        (("plan", "--host", str(SAMPLE)), '"$@" >/dev/full', 1, "cannot write to standard output"),
        (("plan", "--host", str(SAMPLE)), '"$@" >&-', 1, "cannot write to standard output: bad file descriptor"),
        (("plan", "--host", "-"), '"$@" <&-', 64, "cannot read the host description"),
        (("plan", "--host", "-"), '"$@" </dev/null', 64, "standard input is not JSON"),
        (("plan", "--host", str(SAMPLE), "--out", "/dev/full"), '"$@" >/dev/null', 1, "cannot write /dev/full"),
    ],
)
def test_a_stream_that_takes_or_gives_nothing(words: tuple[str, ...], script: str, status: int, says: str) -> None:
    done = ran(*words, script=script)
    assert (done.returncode, done.stderr.count("\n")) == (status, 1)
    assert says in done.stderr


@pytest.mark.parametrize(("script", "status"), [('"$@" 2>&-', 64), ('"$@" <&- >&- 2>&-', 64)])
def test_the_status_stays_where_nothing_can_be_said(script: str, status: int) -> None:
    assert ran("plam", script=script).returncode == status


def test_a_terminal_of_ascii_alone() -> None:
    done = ran("plan", "--host", str(SAMPLE), LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0
    assert "first run - root - cgroups v2" in done.stdout


def test_an_interrupt_from_the_keyboard() -> None:
    with subprocess.Popen(
        [*COMMAND, "plan", "--host", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as one:
        assert one.stdin is not None
        assert one.stderr is not None
        one.stdin.write(b"{")
        one.stdin.flush()
        while one.poll() is None and not _waits(one.pid):
            time.sleep(0.01)
        one.send_signal(signal.SIGINT)
        said = one.stderr.read()
    assert (one.returncode, said) == (130, b"pypod: interrupted\n")


def _waits(pid: int) -> bool:
    """Whether the process waits for its standard input."""
    try:
        return Path(f"/proc/{pid}/syscall").read_text(encoding="ascii").startswith("0 0x0 ")
    except OSError:
        pytest.skip("what a process waits for cannot be seen here: an interrupt is NOT tried")


@pytest.mark.parametrize("state", sorted(path.name.removesuffix(".db.z") for path in STATES.glob("damaged-*.db.z")))
def test_a_damaged_database(state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "libpod"
    folder.mkdir()
    (folder / "bolt_state.db").write_bytes(zlib.decompress((STATES / f"{state}.db.z").read_bytes()))
    assert main(["--root", str(tmp_path), "--conmon", "/nowhere", "plan", "--format", "json"]) == 1
    plan = json.loads(capsys.readouterr().out)
    if plan["failure"]["stage"] == "conmon":
        pytest.skip("no conmon here: reading the database is NOT reached")
    assert plan["failure"]["stage"] == ("database-validation" if state in SOUND else "state")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "files cannot contain NULL bytes"),
        (b"a = 1\n\xff\xfe", "invalid UTF-8 byte at position 6 (line 2): 0xff"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"[" + b"a." * 5000 + b"b]\n", "nested too deeply"),
        (b"[engine]\nnum_locks = " + b"9" * 5000, "is out of the range of 64-bit signed integers."),
    ],
    ids=["not text", "not text either", "lists", "tables", "number"],
)
def test_a_bad_configuration_file(
    content: bytes, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "containers.conf"
    path.write_bytes(content)
    monkeypatch.setenv("CONTAINERS_CONF", str(path))
    assert main(["plan", "--format", "json"]) == 1
    failure = json.loads(capsys.readouterr().out)["failure"]
    assert failure["stage"] == "configuration"
    assert says in failure["message"]


def test_files_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe, huge, loop = tmp_path / "pipe", tmp_path / "huge", tmp_path / "loop"
    os.mkfifo(pipe)
    with huge.open("wb") as file:
        file.truncate(10 << 30)
    loop.symlink_to(loop)
    for path, says in (
        (pipe, "no such device or address"),
        (huge, "file too large"),
        (loop, "too many levels of symbolic links"),
        (tmp_path, "is a directory"),
        (Path("/dev/zero"), "no such device or address"),
    ):
        monkeypatch.setenv("CONTAINERS_CONF", str(path))
        assert main(["plan"]) == 1
        shown = capsys.readouterr()
        assert says in " ".join(shown.out.split())
        assert not shown.err


def test_a_path_of_a_thousand_directories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", f"{tmp_path}/{'a/' * 1200}", "plan", "--format", "json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["libpod"] == "3.4.7"


def test_the_first_plan_is_for_this_machine_where_it_has_podmans_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sample, "BESIDES", str(tmp_path / "nowhere"))
    assert not part_here(str(tmp_path))
    assert first_plan(["--format", "text"], str(tmp_path)) == 0
    shown = capsys.readouterr().out
    assert "bundled sample host" in shown.splitlines()[0]
    assert "Podman's runtime would be constructed." in shown
    conmon = tmp_path / "conmon"
    conmon.write_text("#!/bin/sh\n", encoding="utf-8")
    conmon.chmod(0o755)
    assert part_here(str(tmp_path)) == str(conmon)
    assert first_plan(["--format=json"], str(tmp_path)) in (0, 1)
    said, _, plan = capsys.readouterr().out.partition("\n\n")
    assert said == f"This machine has {conmon}: planning for it. Nothing is changed."
    assert json.loads(plan)["host"]["source"] == "live"


@pytest.mark.parametrize("step", [1, 2, 3])
def test_the_sample_host(step: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--host", str(SAMPLE), "--step", str(step)]) == 0
    shown = capsys.readouterr().out
    assert ("first run" in shown) is (step == 1)
    assert all(len(line) <= 80 or "/" in line for line in shown.splitlines())


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("plan", "--host"), 64),
        (("apply", "--yes"), 64),
        (("state", "import", "--yes", "--database", "/nonexistent/bolt_state.db"), 1),
    ],
)
def test_a_document_that_is_nested_too_deeply(
    words: tuple[str, ...], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deep.json"
    file.write_bytes(b'{"a":' * 50_000)
    assert main([*words, str(file)]) == status
    said = capsys.readouterr().err
    assert "nested too deeply" in said
    assert said.count("\n") == 1


def test_rows_of_a_store_that_are_nested_too_deeply_say_nothing() -> None:
    rows = b'[{"id":"a","x":' + b"[" * 50_000
    assert named(rows) == ()
    assert not image_exists(rows, "a")
