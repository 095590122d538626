"""Laws of changes to a database.

1. A transaction done twice changes nothing the second time.
2. What is not named by a change stays.
3. Editing a JSON object keeps its other fields as they were written, and their order; what is no JSON is not edited.
4. The reset after a reboot can be applied to every real database, and resetting twice is resetting once.
5. New lock numbers are 0, 1, 2, ... over containers, pods and volumes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.database.facts import Delete, EditJson, EmptyBucket, MakeBucket, Put, StateChange
from pypod.pure.database.lifecycle import renumbered, reset_for_reboot, runtime_changed
from pypod.pure.database.objects import objects_of_tree
from pypod.pure.database.tree import Tree, applied, edited, go_json, tree_from_plain, tree_of
from tests.fixtures.state_databases import DATABASES, DUMPS

names: st.SearchStrategy[str] = st.sampled_from(("a", "b", "ctr", "é", "z-z"))
places = st.lists(names, min_size=1, max_size=2).map(tuple)
plain_trees: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(names, st.text(max_size=5), max_size=3),
    lambda inner: st.dictionaries(names, st.one_of(st.text(max_size=5), inner), max_size=3),
    max_leaves=6,
)
trees: st.SearchStrategy[Tree] = plain_trees.map(tree_from_plain)
changes = st.one_of(
    st.builds(Put, places, names, st.binary(max_size=4)),
    st.builds(Delete, places, names),
    st.builds(MakeBucket, places),
    st.builds(EmptyBucket, places),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)
json_objects = st.dictionaries(st.text(max_size=6), json_values, max_size=6)
REAL = sorted(name for name in DUMPS if "3.4.7" in name or "4.3.1" in name)


@given(trees, changes)
def test_a_change_done_twice_is_done_once(tree: Tree, change: StateChange) -> None:
    once = applied(tree, (change,))
    if isinstance(once, Failure):
        assert once.failure().text in {"bucket not found", "incompatible value"}
        return
    after, details = once.unwrap()
    assert bool(details) == (after != tree)
    assert applied(after, (change,)).unwrap() == (after, ())


@given(trees, places, names, st.binary(max_size=4))
def test_what_is_not_named_stays(tree: Tree, at: tuple[str, ...], key: str, value: bytes) -> None:
    result = applied(tree, (Put(at, key, value),))
    if isinstance(result, Failure):
        return
    after = result.unwrap()[0]
    held = after.at(at)
    assert held is not None
    assert held.get(key) == value
    assert [name for name, _ in after.names()] == [name for name, _ in tree.names()]
    for name, _ in tree.names():
        if name != at[0]:
            assert after.entries[name] == tree.entries[name]


@given(json_objects, st.dictionaries(st.text(max_size=6), json_values, max_size=3), st.lists(st.text(max_size=6)))
def test_editing_json_keeps_the_rest_in_order(
    held: dict[str, object], setting: dict[str, object], dropping: list[str]
) -> None:
    edit = EditJson(("b",), "k", tuple(setting.items()), tuple(dropping))
    after = json.loads(edited(go_json(held), edit).unwrap())
    kept = [name for name in held if name not in dropping]
    assert [name for name in after if name in kept] == kept
    assert after == {**{name: held[name] for name in kept}, **setting}


def test_editing_json_leaves_the_rest_as_it_was_written() -> None:
    written = b'{"exact":1.50,"big":1e400,"text":"\\u00e9\\u003c","n":1}'
    after = edited(written, EditJson(("b",), "k", (("n", 2),), ("gone",))).unwrap()
    assert after == written.replace(b'"n":1}', b'"n":2}')


@pytest.mark.parametrize("text", [b'{"a":"\xff","n":1}', b'{"a":01,"n":1}', b'{"n":1} x', b"null", b"[" * 5000])
def test_what_is_no_json_is_not_edited(text: bytes) -> None:
    assert isinstance(edited(text, EditJson(("b",), "k", (("n", 2),))), Failure)


@given(json_values)
def test_json_is_escaped_as_go_escapes_it(value: object) -> None:
    text = go_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text.decode())


@pytest.mark.parametrize("name", REAL)
def test_resetting_twice_is_resetting_once(name: str) -> None:
    tree = tree_of(DATABASES[name]).unwrap()[0]
    reset = reset_for_reboot(objects_of_tree(tree)).unwrap()
    once, _ = applied(tree, reset).unwrap()
    objects = objects_of_tree(once)
    assert {one.state for one in objects.containers} <= {1, 6}
    assert {one.pid for one in objects.containers} <= {0}
    assert objects.exec_sessions == ()
    assert applied(once, reset_for_reboot(objects).unwrap()).unwrap() == (once, ())


@pytest.mark.parametrize("name", REAL)
def test_lock_numbers_count_up(name: str) -> None:
    tree = tree_of(DATABASES[name]).unwrap()[0]
    after, _ = applied(tree, renumbered(objects_of_tree(tree))).unwrap()
    objects = objects_of_tree(after)
    numbers = [one.lock for group in (objects.containers, objects.pods, objects.volumes) for one in group]
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("name", REAL)
def test_the_runtime_of_every_container_is_changed(name: str) -> None:
    tree = tree_of(DATABASES[name]).unwrap()[0]
    after, _ = applied(tree, runtime_changed(objects_of_tree(tree), "kata")).unwrap()
    assert {one.runtime for one in objects_of_tree(after).containers} <= {"kata"}
