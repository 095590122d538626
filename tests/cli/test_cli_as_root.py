"""``--as root``: what root's Podman would do, seen with one's own permissions."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Result, Success

from pypod.cli.main import main
from pypod.effects.linux.observer import LinuxObserver
from pypod.effects.planning import Planning
from pypod.pure.facts import FileStatus, Identity, LockSegment
from pypod.pure.failure import HostError
from pypod.pure.tape import Exchange
from pypod.pure.vocabulary.files import LookAt
from pypod.pure.world import World, learn

NOBODY = Identity(65534, 65534, 65534, 65534)


class Nobody(LinuxObserver):
    """This machine as a user without rights sees it: ``hidden`` and the lock segment may not be looked at."""

    hidden = "/nothing"

    def ask_identity(self) -> Result[Identity, HostError]:
        return Success(NOBODY)

    def look_at(self, path: str, /) -> Result[FileStatus, HostError]:
        if path.startswith(self.hidden + "/"):
            return Failure(HostError(errno.EACCES, "lstat", path))
        return super().look_at(path)

    def check_writable(self, path: str, /) -> Result[None, HostError]:
        return Failure(HostError(errno.EACCES, "access", path))

    def read_lock_segment(self, name: str, /) -> Result[LockSegment, HostError]:
        return Failure(HostError(errno.EACCES, "shm_open", name))


@pytest.fixture
def hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that this user may not look into, on a machine that this user may not write to."""
    folder = tmp_path / "hidden"
    (folder / "libpod").mkdir(parents=True)
    (folder / "libpod/bolt_state.db").write_bytes(b"not for everybody")
    machine = Nobody()
    machine.hidden = str(folder)

    def planning_host(assumed: tuple[Exchange, ...] = (), _meanwhile: object = None) -> Planning:
        return Planning(machine, learn(World(assumed=bool(assumed)), LookAt("/"), machine.look_at("/")), assumed)

    monkeypatch.setattr("pypod.hosts.planning_host", planning_host)
    return folder


def planned(hidden: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    flags = [
        "--root",
        str(hidden),
        "--runroot",
        "/run/x",
        "--tmpdir",
        f"{hidden.parent}/tmp",
        "--storage-driver",
        "vfs",
    ]
    main([*flags, "plan", "--format", "json", *words])
    return json.loads(capsys.readouterr().out)


def test_what_root_may_do_is_not_refused_because_we_may_not(hidden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(hidden, capsys, "--as", "root")
    assert (plan["host"]["uid"], plan["host"]["rootless"]) == (0, False)
    if plan["failure"] is not None:
        assert plan["failure"]["stage"] in ("conmon", "network-plugin", "default-oci-runtime-check")
    made = [one["path"] for one in plan["actions"] if one["action"] == "make_directory"]
    assert f"{hidden}/libpod" in made


def test_what_may_not_be_read_is_listed_and_makes_the_plan_incomplete(
    hidden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(hidden, capsys, "--as", "root")
    assert f"{hidden}/libpod" in plan["observations"]["denied"]
    assert (plan["complete"], plan["applyable"]) == (False, False)


def test_without_it_the_plan_is_for_the_user_who_asks(hidden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(hidden, capsys)
    assert (plan["host"]["uid"], plan["host"]["rootless"]) == (65534, True)


def test_the_text_says_that_it_is_not_certain(hidden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--root", str(hidden), "plan", "--as=root"])
    shown = capsys.readouterr().out
    assert "Not certain: " in shown
    assert f"  {hidden}/libpod" in shown.partition("Could not be read: permission denied")[2]


def test_a_file_that_is_there_and_may_not_be_read_is_no_failure_of_podman(
    hidden: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_self: object, path: str, /) -> Any:
        return Failure(HostError(errno.EACCES, "open", path))

    monkeypatch.setattr(Nobody, "hidden", "/nothing")
    monkeypatch.setattr(Nobody, "read_database", refused)
    place = hidden.parent / "seen"
    hidden.rename(place)
    status = main(["--root", str(place), "--storage-driver", "vfs", "plan", "--as", "root"])
    out, complaint = capsys.readouterr()
    if out:
        pytest.skip("no conmon here: the database is NOT reached")
    assert status == 1
    assert complaint == (
        f"pypod: cannot tell what Podman would do: {place}/libpod/bolt_state.db could not be read: permission denied "
        "(root may)\n"
    )


def test_a_described_host_says_itself_who_runs_podman(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--host", "x.json", "--as", "root"]) == 64
    assert "--as is for this machine" in capsys.readouterr().err
