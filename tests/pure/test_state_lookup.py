"""Look-ups by name, full id or unique prefix, with libpod's errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result

from pypod.pure.database.facts import ContainerFacts, PodFacts, StateObjects
from pypod.pure.exists.decide import container_found, pod_found
from pypod.pure.failure import (
    ContainerExists,
    EmptyName,
    NamespaceMismatch,
    NoSuchContainer,
    NoSuchPod,
    NoSuchVolume,
    PodExists,
    Problem,
    VolumeExists,
)
from pypod.pure.state.lookup import Named, Names, container_meant, names_of, pod_meant, volume_meant

FIRST, SECOND, THIRD = "ab" * 32, "ac" * 32, "cd" * 32
NAMES = Names(
    containers=(Named(FIRST, "base"), Named(SECOND, "cd"), Named(THIRD, FIRST[:4], "alpha")),
    pods=(Named("ee" * 32, "web"), Named("ef" * 32, "spare", "beta")),
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (FIRST, FIRST),
        ("base", FIRST),
        ("ac", SECOND),
        ("cd", SECOND),
        ("cdc", THIRD),
        (FIRST[:4], THIRD),
        (FIRST[:5], FIRST),
    ],
)
def test_a_container_is_meant(wanted: str, found: str) -> None:
    """A name beats a prefix of ids, an id beats both."""
    assert container_meant(NAMES, wanted).unwrap() == found


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (container_meant(NAMES, ""), EmptyName, "name or ID cannot be empty"),
        (container_meant(NAMES, "a"), ContainerExists, "more than one result for container ID a: container already exists"),
        (container_meant(NAMES, "web"), NoSuchContainer, '"web" is a pod, not a container: no such container'),
        (container_meant(NAMES, "x"), NoSuchContainer, 'no container with name or ID "x" found: no such container'),
        (
            container_meant(NAMES, THIRD, "beta"),
            NamespaceMismatch,
            (
                f'cannot retrieve container {THIRD} as it is part of namespace "alpha" and we are in namespace "beta": '
                "target is in a different namespace"
            ),
        ),
        (container_meant(NAMES, "ac", "alpha"), NoSuchContainer, 'no container with name or ID "ac" found: no such container'),
        (pod_meant(NAMES, "e"), PodExists, "more than one result for ID or name e: pod already exists"),
        (pod_meant(NAMES, "base"), NoSuchPod, "base is a container, not a pod: no such pod"),
        (pod_meant(NAMES, "x"), NoSuchPod, "no pod with name or ID x found: no such pod"),
        (pod_meant(NAMES, ""), EmptyName, "name or ID cannot be empty"),
        (volume_meant(("data1", "data2"), "data"), VolumeExists, 'more than one result for volume name "data": volume already exists'),
        (volume_meant(("data1",), "x"), NoSuchVolume, 'no volume with name "x" found: no such volume'),
        (volume_meant(("data1",), ""), EmptyName, "name or ID cannot be empty"),
    ],
)  # fmt: skip
def test_what_libpod_says(answer: Result[str, Problem], kind: type[Problem], text: str) -> None:
    assert isinstance(answer, Failure)
    assert isinstance(answer.failure(), kind)
    assert answer.failure().message == text
    assert answer.failure().exit_status == 125


def test_others() -> None:
    assert pod_meant(NAMES, "ef").unwrap() == "ef" * 32
    assert pod_meant(NAMES, "ef", "beta").unwrap() == "ef" * 32
    assert volume_meant(("data", "data2"), "data").unwrap() == "data"
    assert volume_meant(("data1", "x"), "d").unwrap() == "data1"


def test_existing() -> None:
    objects = StateObjects(
        (ContainerFacts(FIRST, "base", 0), ContainerFacts(SECOND, "c", 1)), (PodFacts("e1", "web", 2),)
    )
    assert container_found(objects, "base", "").unwrap() == objects.containers[0]
    assert container_found(objects, "web", "").unwrap() is None
    assert pod_found(objects, "base", "").unwrap() is None
    assert pod_found(objects, "e", "").unwrap() == objects.pods[0]
    assert isinstance(container_found(objects, "a", "").failure(), ContainerExists)
    assert isinstance(container_found(objects, "base", "alpha").failure(), NamespaceMismatch)
    assert isinstance(container_found(objects, "", "").failure(), EmptyName)


IDS = st.text("abc", min_size=4, max_size=4)


@given(st.dictionaries(IDS, st.sampled_from(("x", "ab", "abc", "abcd")), max_size=6), st.text("abcx", max_size=5))
def test_a_look_up_agrees_with_its_definition(held: dict[str, str], wanted: str) -> None:
    objects = StateObjects(tuple(ContainerFacts(key, name, 0) for key, name in held.items()))
    meant = container_meant(names_of(objects), wanted)
    named = [key for key, name in held.items() if name == wanted]
    begun = [key for key in held if key.startswith(wanted)]
    if not wanted:
        assert isinstance(meant.failure(), EmptyName)
    elif wanted in held:
        assert meant.unwrap() == wanted
    elif named:
        assert meant.unwrap() in named
    elif len(begun) == 1:
        assert meant.unwrap() == begun[0]
    else:
        assert isinstance(meant.failure(), ContainerExists if begun else NoSuchContainer)
