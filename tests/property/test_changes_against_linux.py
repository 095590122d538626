"""Changing files: the simulated kernel and the real one.

Laws:
- any sequence of changes and looks is answered by a world as by the real machine: the same refusals, named alike, and
  the same changes of the same paths;
- it leaves the same tree: names, types, modes, owners, contents;
- that holds for root and for an unprivileged user, whatever the umask, over links, odd modes, full and read-only mounts;
- no descriptor is left open.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from returns.result import Failure, Result

from pypod.effects.linux.changes import LinuxFilesChanged
from pypod.effects.linux.files import LinuxFiles
from pypod.effects.live import planning_host
from pypod.pure.effect import Effect, On
from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.changes import ChangeMode, ChangeOwner
from pypod.pure.world import Simulated
from tests.fixtures.apart import MS_BIND, ROOT, acting_as, apart, mount
from tests.property.laid_trees import (
    OUTSIDER,
    PAGES,
    TOP,
    Tree,
    effects,
    laid_world,
    lay,
    lay_immutable,
    tree_of,
    tree_of_world,
)


class Files(LinuxFiles, LinuxFilesChanged):
    """The files of the real machine."""


def _comparable(answer: Result[Any, HostError]) -> object:
    """Without what only a real machine has."""
    if isinstance(answer, Failure):
        return answer.failure()
    value = answer.unwrap()
    if isinstance(value, FileStatus):
        size = 0 if value.type is FileType.DIRECTORY else value.size
        return value.type, value.mode, value.uid, value.gid, size
    return value


def _entered(top: str, uid: int, umask: int, *, real: bool = False) -> None:
    """Lay the tree on a filesystem of its own, and make that the root; ``real``: with ``/proc``, and what is immutable."""
    mount("tmpfs", top, "tmpfs", 0, "mode=0755")
    # No plan knows how full a disk is.
    lay(top, uid, 64 if real else PAGES)
    if real:
        lay_immutable(top, uid)
        Path(f"{top}/proc").mkdir()
        mount("/proc", f"{top}/proc", "", MS_BIND)
    os.umask(umask)
    os.chroot(top)
    os.chdir(TOP)


def _answers(host: Any, said: list[Effect[Any]]) -> list[object]:
    free = os.dup(0)
    os.close(free)
    answers: list[object] = [_comparable(host.answer(effect)) for effect in said]
    assert os.dup(0) == free, "a descriptor was left open"
    os.close(free)
    return answers


def _answered(said: list[Effect[Any]], uid: int, umask: int, top: str) -> tuple[list[object], Tree]:
    """What the real machine answers, and what it leaves."""
    _entered(top, uid, umask)
    with acting_as(uid):
        answers = _answers(On(cast("Any", Files())), said)
    return answers, tree_of(TOP)


def _planned(said: list[Effect[Any]], uid: int, umask: int, top: str) -> tuple[list[object], list[object]]:
    """What a plan of the effects answers, and then the real machine."""
    _entered(top, uid, umask, real=True)
    with acting_as(uid):
        planned = _answers(planning_host(), said)
        return planned, _answers(On(cast("Any", Files())), said)


@pytest.mark.parametrize("uid", [0, OUTSIDER] if ROOT else [0])
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(said=st.lists(effects(), min_size=1, max_size=10), umask=st.sampled_from((0o022, 0o077, 0o000, 0o027)))
def test_a_world_answers_as_the_machine_does(uid: int, said: list[Effect[Any]], umask: int) -> None:
    with tempfile.TemporaryDirectory() as top:
        answers, tree = apart(lambda: _answered(said, uid, umask, top))
    simulated = Simulated(laid_world(uid, umask))
    for effect, real in zip(said, answers, strict=True):
        assert (effect, _comparable(simulated.answer(effect))) == (effect, real)
    assert tree_of_world(simulated.world) == tree


def _uncovers(effect: Effect[Any]) -> bool:
    return isinstance(effect, ChangeMode | ChangeOwner) or "blind" in effect.describe()


@pytest.mark.parametrize("uid", [0, OUTSIDER] if ROOT else [0])
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(said=st.lists(effects(), min_size=1, max_size=10), umask=st.sampled_from((0o022, 0o077, 0o000, 0o027)))
def test_a_plan_answers_as_the_machine_does_afterwards(uid: int, said: list[Effect[Any]], umask: int) -> None:
    # What a change of mode or owner lets a user see, no plan can see before; nor that a hidden directory was emptied.
    said = [effect for effect in said if uid == 0 or not _uncovers(effect)]
    with tempfile.TemporaryDirectory() as top:
        planned, answers = apart(lambda: _planned(said, uid, umask, top))
    for effect, plan, real in zip(said, planned, answers, strict=True):
        assert (effect, plan) == (effect, real)
