"""The planning host: it sees the real machine, changes nothing, and answers as if it had."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from returns.io import IOFailure, IOSuccess
from returns.result import Failure, Result, Success

from pypod.effects import Planning, observe, planning_host, rehearse
from pypod.effects.linux.observer import LinuxObserver, current_umask
from pypod.pure.effect import Kind
from pypod.pure.facts import FileType, Identity
from pypod.pure.failure import HostError, Refused
from pypod.pure.program import Program, need
from pypod.pure.userns.facts import IdMappings, IdRange
from pypod.pure.vocabulary.changes import CreateFile, MakeDirectories, RemoveTree, WriteFile
from pypod.pure.vocabulary.files import CheckWritable, ListDirectory, LookAt, ReadFile, Stat
from pypod.pure.vocabulary.namespaces import EnterUserNamespace
from pypod.pure.vocabulary.process import AskIdentity, ReadVariable, RunProgram, SetVariable
from pypod.pure.world import World
from pypod.testing.laws import CHANGES, OBSERVATIONS, check_host_laws


@pytest.fixture
def unchanged(tmp_path: Path) -> Iterator[Path]:
    """A directory that is the same afterwards."""
    (tmp_path / "file").write_bytes(b"content")

    def picture() -> list[tuple[str, int, int, int]]:
        found = [path.lstat() for path in sorted(tmp_path.rglob("*"))]
        return [("", one.st_mode, one.st_size, one.st_mtime_ns) for one in (tmp_path.lstat(), *found)]

    before = picture()
    yield tmp_path
    assert picture() == before


def test_the_planning_host_keeps_the_laws_of_hosts() -> None:
    check_host_laws(planning_host, (*OBSERVATIONS, *CHANGES))
    assert not Path("/laws").exists()


def test_a_plan_answers_as_if_it_had_been_done(unchanged: Path) -> None:
    host = planning_host()
    made = host.answer(MakeDirectories(f"{unchanged}/a/b", 0o755)).unwrap()
    assert made.paths == (f"{unchanged}/a", f"{unchanged}/a/b")
    assert host.answer(MakeDirectories(f"{unchanged}/a/b", 0o755)).unwrap().paths == ()
    host.answer(CreateFile(f"{unchanged}/a/b/c", 0o600, b"new")).unwrap()
    assert host.answer(ReadFile(f"{unchanged}/a/b/c")) == Success(b"new")
    assert host.answer(ReadFile(f"{unchanged}/file")) == Success(b"content")
    assert [entry.name for entry in host.answer(ListDirectory(str(unchanged))).unwrap()] == ["a", "file"]
    host.answer(WriteFile(f"{unchanged}/file", 0o644, b"other")).unwrap()
    assert host.answer(ReadFile(f"{unchanged}/file")) == Success(b"other")
    host.answer(RemoveTree(str(unchanged))).unwrap()
    assert host.answer(Stat(str(unchanged))).failure().errno == errno.ENOENT


def test_only_observations_reach_the_machine_and_each_but_once(unchanged: Path) -> None:
    host = planning_host()
    for _ in range(2):
        host.answer(ReadFile(f"{unchanged}/file"))
        host.answer(CreateFile(f"{unchanged}/new", 0o600))
        host.answer(ReadVariable("PATH"))
        host.answer(SetVariable("PATH", "/nowhere"))
    assert len(host.asked.of_kind(Kind.OBSERVE)) == len(host.asked) > 0
    effects = [effect for effect, _ in host.asked]
    assert len(set(effects)) == len(effects)
    assert os.environ["PATH"] != "/nowhere"


def test_the_umask_is_that_of_the_process(unchanged: Path) -> None:
    before = os.umask(0o077)
    try:
        assert current_umask() == 0o077
        host = planning_host()
        host.answer(MakeDirectories(f"{unchanged}/a", 0o755)).unwrap()
        assert host.answer(Stat(f"{unchanged}/a")).unwrap().mode == 0o700
    finally:
        os.umask(before)


def test_programs_that_were_run_are_listed() -> None:
    host = planning_host()
    assert host.answer(RunProgram(("/bin/echo", "hello"))).unwrap().stdout == b"hello\n"
    assert isinstance(host.answer(RunProgram(("/nowhere/at/all",))), Failure)
    assert host.programs == (("/bin/echo", "hello"),)


class Forbidding(LinuxObserver):
    """This machine, where ``/secret`` may not be looked at."""

    def look_at(self, path: str, /) -> Result[Any, HostError]:
        return Failure(HostError(errno.EACCES, "lstat", path)) if path.startswith("/secret") else super().look_at(path)

    def check_writable(self, path: str, /) -> Result[None, HostError]:
        return Failure(HostError(errno.EACCES, "access", path))


def test_a_denied_look_is_listed_and_answered_as_the_kernel_does() -> None:
    host = Planning(Forbidding())
    assert host.answer(Stat("/secret")) == Failure(HostError(errno.EACCES, "stat", "/secret"))
    assert [(denied.effect, denied.error.errno) for denied in host.denied] == [(LookAt("/secret"), errno.EACCES)]
    assert host.answer(CheckWritable("/")) == Success(None) or not host.denied[1:]


def test_a_machine_that_does_not_tell_who_asks_does_not_tell_a_plan() -> None:
    unknown = Failure(HostError(errno.ENOENT, "open", "/proc/self/status"))

    class Untold(LinuxObserver):
        def ask_identity(self) -> Result[Identity, HostError]:
            return unknown

    assert Planning(Untold()).answer(AskIdentity()) == unknown


def test_for_another_user_a_denied_look_is_absence() -> None:
    root = Identity(capabilities=(1 << 41) - 1)
    host = Planning(Forbidding(), assumed=((AskIdentity(), Success(root)),))
    assert host.answer(AskIdentity()) == Success(root)
    assert host.answer(Stat("/secret")) == Failure(HostError(errno.ENOENT, "stat", "/secret"))
    assert len(host.denied) == 1


def test_after_leaving_the_plan_goes_on_as_the_child() -> None:
    user = Identity(1000, 1000, 1000, 1000)
    host = Planning(LinuxObserver(), assumed=((AskIdentity(), Success(user)),))
    mappings = IdMappings((IdRange(0, 1000, 1),), (IdRange(0, 1000, 1),))
    effect = EnterUserNamespace("/tmp/no-such-directory/pause.pid", mappings)
    assert host.answer(effect).unwrap() == 0
    assert _left(host) == effect
    host.reexecute()
    assert _left(host) is None
    assert host.answer(AskIdentity()).unwrap().euid == 0


def _left(host: Planning) -> object:
    return host.left


def test_a_world_that_asks_for_a_change_is_a_bug() -> None:
    host = Planning(LinuxObserver(), World())

    with pytest.raises(AssertionError, match="may not ask the machine to: make directory"):
        host._look(MakeDirectories("/x", 0o755))  # pyright: ignore[reportPrivateUsage] - no world asks this


def _home() -> Program[bool]:
    status = yield from need(Stat("/"))
    return status.type is FileType.DIRECTORY


def _refused() -> Program[bytes]:
    return (yield from need(ReadFile("/nowhere/at/all")))


def test_the_facade_answers_in_io() -> None:
    assert observe(ReadVariable("NOBODY_SETS_THIS")) == IOSuccess(None)
    assert observe(ReadFile("/nowhere")) == IOFailure(HostError(errno.ENOENT, "open", "/nowhere"))
    assert rehearse(_home()) == IOSuccess(True)
    reason = HostError(errno.ENOENT, "open", "/nowhere/at/all")
    assert rehearse(_refused()) == IOFailure(Refused(reason.message, reason.subject, cause=reason))
