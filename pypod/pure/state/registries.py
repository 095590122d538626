"""Ids, names and namespaces as libpod registers them, and the namespace of who asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from returns.result import Result

from pypod.pure.database.buckets import Buckets, key_of, name_of
from pypod.pure.database.facts import Delete, MakeBucket, Put, StateChange
from pypod.pure.failure import ContainerExists, NamespaceMismatch, PodExists, Problem
from pypod.pure.gotext import quoted
from pypod.pure.state.documents import Container, Pod
from pypod.pure.state.retrieval import Scope, held

Changes: TypeAlias = Result[tuple[StateChange, ...], Problem]
"""What a transaction shall change, or why it is not made."""


def foreign(one: Container, scope: Scope) -> Problem | None:
    """ErrNSMismatch where a container is not in our namespace."""
    if not scope.namespace or scope.namespace == one.config.namespace:
        return None
    theirs, ours = quoted(one.config.namespace), quoted(scope.namespace)
    return NamespaceMismatch.saying(
        f"container {one.id} is in namespace {theirs}, does not match our namespace {ours}", one.id
    )


def foreign_pod(pod: Pod, scope: Scope) -> Problem | None:
    """The same of a pod."""
    if not scope.namespace or scope.namespace == pod.config.namespace:
        return None
    theirs, ours = quoted(pod.config.namespace), quoted(scope.namespace)
    return NamespaceMismatch.saying(f"pod {pod.id} is in namespace {theirs} but we are in namespace {ours}", pod.id)


def taken(state: Buckets, one: Container | Pod, listing: str, own: type[ContainerExists | PodExists]) -> Problem | None:
    """An id or a name that is in use.  As libpod has it, the kind for an id goes by the name that is registered for it, and
    so is that of the other kind of object.
    """
    other = PodExists if own is ContainerExists else ContainerExists
    for registry, key, text in (
        ("id-registry", one.id, f'ID "{one.id}" is in use'),
        ("name-registry", one.name, f'name "{one.name}" is in use'),
    ):
        found = held(state, registry, key)
        if found is not None:
            listed = held(state, listing, name_of(found)) is not None
            return own.saying(text, one.id) if listed else other.saying(text, one.id)
    return None


def registered_namespace(key: str, namespace: str) -> Iterator[StateChange]:
    """The entry in the registry of namespaces, which newer Podmans do not make; none for an empty namespace."""
    if namespace:
        yield MakeBucket(("ns-registry",))
        yield Put(("ns-registry",), key, key_of(namespace))


def unregistered_namespace(state: Buckets, key: str) -> Iterator[StateChange]:
    """Its end."""
    if state.bucket("ns-registry") is not None:
        yield Delete(("ns-registry",), key)


def registered_name(state: Buckets, key: str, name: str) -> str:
    """The name that an object has now: it may have been renamed since it was read, and its old name be another's."""
    found = held(state, "id-registry", key)
    return name if found is None else name_of(found)
