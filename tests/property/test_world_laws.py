"""Laws of the simulated kernel.

- a step is a function: the same world and effect give the same world and answer;
- a change that was made changes nothing when it is made again; whoever may not read what was written cannot tell, and
  writes it again;
- looking leaves the world as it is;
- an open world that learns from a closed one answers as the closed one does, and never asks the same thing twice;
- no JSON makes the reading of a host description raise.
"""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import NOTHING_CHANGED
from pypod.pure.vocabulary import changes
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.world import Ask, World, learn, step
from pypod.pure.world.describe import described
from tests.property.strategies import file_effects

HOST = described({"uid": 1000, "files": {"/tmp/a/b": {"text": "x"}, "/tmp/l": {"symlink": "a"}}}).unwrap()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "uid", "subids", "cgroup", "init", "env", "remove", "dirs", "files", "programs", "mounts", "readonly", "steps",
    "overlay", "machine", "page_size", "boot_id", "build", "limits", "podman_installed",
)  # fmt: skip
FORMS = (
    "text", "b64", "b64z", "size", "symlink", "fifo", "socket", "tar", "bolt", "shm", "truncate", "append", "patch", "mode",
    "uid", "gid", "stdout", "rc", "sleep", "path",
)  # fmt: skip
ENTRIES = st.dictionaries(st.sampled_from(("/a", "/a/b", "/etc/x", "/", "/usr/bin/sh", "x")), st.dictionaries(st.sampled_from(FORMS), JSON, max_size=3), max_size=3)  # fmt: skip


def _stepped(world: World, effects: list[Effect[Any]]) -> World:
    for effect in effects:
        taken = step(world, effect)
        assert not isinstance(taken, Ask)
        world = taken[0]
    return world


def _in_tmp(effect: Effect[Any]) -> Effect[Any]:
    return type(effect)(**({name: getattr(effect, name) for name in effect.__struct_fields__} | {"path": "/tmp" + getattr(effect, "path", "")}))  # fmt: skip


EFFECTS = file_effects().map(_in_tmp)


@given(st.lists(EFFECTS, max_size=8), EFFECTS)
def test_a_step_is_a_function(before: list[Effect[Any]], effect: Effect[Any]) -> None:
    world = _stepped(HOST, before)
    assert step(world, effect) == step(world, effect)


@given(st.lists(EFFECTS, max_size=8), EFFECTS)
@example([], changes.WriteFile("/tmp/b", 0o311, b"x"))
def test_made_again_a_change_changes_nothing(before: list[Effect[Any]], effect: Effect[Any]) -> None:
    first = step(_stepped(HOST, before), effect)
    assert not isinstance(first, Ask)
    if effect.kind is Kind.OBSERVE or isinstance(first[1], Failure) or isinstance(effect, changes.AppendFile):
        return
    again = step(first[0], effect)
    assert not isinstance(again, Ask)
    if isinstance(effect, changes.WriteFile) and _is_unreadable(first[0], effect.path):
        assert isinstance(again[1], Failure) or all(one.before == one.after for one in again[1].unwrap().changes)
        return
    assert isinstance(again[1], Failure) or again[1].unwrap() == NOTHING_CHANGED


def _is_unreadable(world: World, path: str) -> bool:
    taken = step(world, ReadFile(path))
    assert not isinstance(taken, Ask)
    return isinstance(taken[1], Failure)


@given(st.lists(EFFECTS, max_size=8), EFFECTS)
def test_looking_leaves_the_world(before: list[Effect[Any]], effect: Effect[Any]) -> None:
    world = _stepped(HOST, before)
    taken = step(world, effect)
    assert not isinstance(taken, Ask)
    assert effect.kind is not Kind.OBSERVE or taken[0] == world


@given(st.lists(EFFECTS, max_size=8))
def test_an_open_world_answers_as_the_world_it_learns_from(effects: list[Effect[Any]]) -> None:
    closed, opened = HOST, World()
    for effect in effects:
        expected = step(closed, effect)
        assert not isinstance(expected, Ask)
        closed = expected[0]
        asked: set[Effect[Any]] = set()
        taken = step(opened, effect)
        while isinstance(taken, Ask):
            assert taken.effect.kind is Kind.OBSERVE
            assert taken.effect not in asked
            asked.add(taken.effect)
            told = step(HOST, taken.effect)
            assert not isinstance(told, Ask)
            opened = learn(opened, taken.effect, told[1])
            taken = step(opened, effect)
        opened = taken[0]
        assert taken[1] == expected[1]


@settings(max_examples=200)
@given(
    JSON
    | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4)
    | st.fixed_dictionaries({}, optional={"files": ENTRIES, "dirs": ENTRIES, "programs": ENTRIES}),
    st.integers(0, 2),
)
def test_a_description_never_raises(description: object, index: int) -> None:
    result = described(description, index)
    assert not isinstance(result, Failure) or result.failure().place.startswith("$")
