"""Mounting and the overlay driver's test mounts: the simulated kernel and the real one.

Laws:
- a test mount with any mount options shows in a world what it shows on the machine, for root and in a user namespace;
- binding on itself, making private and unmounting are answered by a plan as by the machine afterwards;
- whatever fails, and whenever, interrupts among them: nothing is left of a test mount, and the next one works; after a
  kill the next one works too.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from returns.result import Failure, Result

from pypod.effects.linux.mounting import LinuxMountsChanged
from pypod.effects.linux.mounts import mount_points
from pypod.effects.live import planning_host
from pypod.pure.effect import Effect, On
from pypod.pure.facts import Probed
from pypod.pure.failure import HostError
from pypod.pure.vocabulary import mounts
from pypod.pure.world import Simulated
from tests.fixtures.apart import MS_SHARED, ROOT, apart, counted_descriptors, mount
from tests.fixtures.failing import failing, interrupted, killed, refusing
from tests.pure.store_hosts import bare_world, directory

WORDS = ("nodev", "noexec", "ro", "rw", "metacopy=on", "metacopy=off", "redirect_dir=on", "redirect_dir=off",
         "redirect_dir=nofollow", "redirect_dir=follow", "index=on", "index=off", "xino=off", "volatile", "userxattr",
         "bogus", "bogus=1", "defaults", "", "noatime", "strictatime", "suid", "nosuid", "uuid=on", "nfs_export=off",
         "nfs_export=on", "metacopy", "index")  # fmt: skip
HOME = "/srv"
MOUNTS = LinuxMountsChanged()
HOST = On(cast("Any", MOUNTS))


def _shown(answer: Result[Probed, HostError], home: str) -> object:
    """Without the digits of a scratch directory, and what is only assumed."""
    if isinstance(answer, Failure):
        error = answer.failure()
        return error.errno, error.call, re.sub(r"\d{3,}", "", error.subject.replace(home, HOME))
    probed = answer.unwrap()
    return probed.changes, probed.holds, re.sub(r"\d{3,}", "", probed.because.replace(home, HOME))


@pytest.mark.parametrize("rootless", [not ROOT])
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(options=st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(",".join), min_size=1, max_size=8))
def test_a_world_takes_mount_options_as_the_kernel_does(rootless: bool, options: list[str]) -> None:
    effects: list[Effect[Any]] = [mounts.TestOverlay(HOME, rootless)]
    for text in options:
        effects += [mounts.TestMetacopy(HOME, rootless, text), mounts.TestNativeDiff(HOME, rootless, text)]

    def really() -> list[object]:
        mount("tmpfs", HOME, "tmpfs")
        answers = [_shown(HOST.answer(effect), HOME) for effect in effects]
        assert not list(Path(HOME).iterdir())
        return answers

    simulated = Simulated(bare_world({HOME: directory()}))
    for effect, real in zip(effects, apart(really), strict=True):
        assert (effect, _shown(simulated.answer(effect), HOME)) == (effect, real)


def _mounted(effects: list[Effect[Any]], *, shared: bool) -> tuple[list[object], list[object]]:
    mount("tmpfs", HOME, "tmpfs")
    Path(f"{HOME}/d").mkdir(0o751)
    Path(f"{HOME}/l").symlink_to("d")
    Path(f"{HOME}/f").touch()
    if shared:
        mount("", HOME, "", MS_SHARED)
    planning = planning_host()
    planned = [planning.answer(effect) for effect in effects]
    with counted_descriptors():
        real = [HOST.answer(effect) for effect in effects]
    return [_plain(one) for one in planned], [_plain(one) for one in real]


def _plain(answer: Result[Any, HostError]) -> object:
    return answer.failure() if isinstance(answer, Failure) else answer.unwrap()


_PATHS = st.sampled_from((HOME, f"{HOME}/d", f"{HOME}/l", f"{HOME}/f", f"{HOME}/gone", f"{HOME}/d/"))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    effects=st.lists(
        st.builds(mounts.BindOnItself, _PATHS) | st.builds(mounts.MakePrivate, _PATHS) | st.builds(mounts.Unmount, _PATHS.filter(lambda path: path != HOME)),
        min_size=1, max_size=6,
    ),
    shared=st.booleans(),
)  # fmt: skip
def test_a_plan_mounts_as_the_machine_does_afterwards(effects: list[Effect[Any]], shared: bool) -> None:
    # Nobody binds twice what is bound: mounts that are shared would multiply.
    bound = [effect for effect in effects if isinstance(effect, mounts.BindOnItself)]
    effects = [effect for effect in effects if effect not in bound[1:] or effect is bound[0]]
    planned, real = apart(lambda: _mounted(effects, shared=shared))
    for effect, plan, answer in zip(effects, planned, real, strict=True):
        assert (effect, plan) == (effect, answer)


PROBES: dict[str, Callable[[str], Result[Probed, HostError]]] = {
    "overlay": lambda home: MOUNTS.test_overlay(home, not ROOT),
    "metacopy": lambda home: MOUNTS.test_metacopy(home, not ROOT, ""),
    "native diff": lambda home: MOUNTS.test_native_diff(home, not ROOT, "nodev"),
}


def _at_each_call(probe: Callable[[str], Result[Probed, HostError]], fail: Callable[[], None]) -> int:
    """How many calls a test mount makes: each has failed once, and nothing was left; the next one was as ever."""
    mount("tmpfs", HOME, "tmpfs")
    # Without a program that loads modules.
    os.environ["PATH"] = ""
    usual, points = _shown(probe(HOME), HOME), mount_points()
    at, failed = 0, True
    while failed:
        with counted_descriptors(), failing(at, fail) as made:
            answer: object
            try:
                answer = _plain(probe(HOME))
            except KeyboardInterrupt:
                answer = "interrupted"
        failed, at = made.failed, at + 1
        assert (at, answer, mount_points()) == (at, answer, points)
        assert (at, answer, list(Path(HOME).rglob("*"))) == (at, answer, [])
        assert _shown(probe(HOME), HOME) == usual
    return at


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES, errno.EINTR])
def test_nothing_is_left_of_a_test_mount_that_fails_at_any_call(name: str, number: int) -> None:
    assert apart(lambda: _at_each_call(PROBES[name], refusing(number))) > 10


@pytest.mark.parametrize("name", PROBES)
def test_nothing_is_left_of_a_test_mount_that_is_interrupted_at_any_call(name: str) -> None:
    assert apart(lambda: _at_each_call(PROBES[name], interrupted)) > 10


def _killed_at_each_call(probe: Callable[[str], Result[Probed, HostError]]) -> int:
    mount("tmpfs", HOME, "tmpfs")
    os.environ["PATH"] = ""
    usual, at, status = _shown(probe(HOME), HOME), 0, -1
    while status:
        child = os.fork()
        if child == 0:
            with failing(at, killed):
                probe(HOME)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        at += 1
        assert _shown(probe(HOME), HOME) == usual
    return at


@pytest.mark.parametrize("name", PROBES)
def test_a_test_mount_works_after_one_that_was_killed_at_any_call(name: str) -> None:
    assert apart(lambda: _killed_at_each_call(PROBES[name])) > 10
