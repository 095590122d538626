"""Adding a container to the state, by itself or to a pod (``addContainer``, ``boltdb_state_internal.go`` v3.4.7).

libpod's checks in libpod's order; then the changes of the one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from returns.result import Failure, Success

from pypod.pure.database.buckets import Buckets, key_of, name_of
from pypod.pure.database.facts import Look, MakeBucket, Put, StateChange
from pypod.pure.database.view import foresee
from pypod.pure.failure import (
    ContainerExists,
    DatabaseUnreadable,
    Internal,
    InvalidArgument,
    NamespaceMismatch,
    NoSuchContainer,
    NoSuchNetwork,
    NoSuchPod,
    NoSuchVolume,
    Problem,
)
from pypod.pure.gotext import quoted
from pypod.pure.state.documents import Container, ContainerState, Pod
from pypod.pure.state.registries import Changes, registered_namespace, taken
from pypod.pure.state.retrieval import Scope, held, lacking, within


def added(state: Buckets, one: Container, first: ContainerState, scope: Scope, pod: Pod | None = None) -> Changes:
    """``AddContainer``, or ``AddContainerToPod`` where a pod is given."""
    _foresee_adding(state, one, pod)
    problem = (
        _misplaced(one, pod)
        or _foreign_to_add(one, scope)
        or lacking(state, "id-registry", "name-registry", "ctr", "all-ctrs", "vol")
        or (_unfit_pod(state, one, pod) if pod is not None else None)
        or taken(state, one, "all-ctrs", ContainerExists)
        or _bad_networks(one)
        or _left_over(state, one)
        or _bad_dependencies(state, one, pod)
        or _missing_volume(state, one)
    )
    return Failure(problem) if problem else Success(tuple(_adding(one, first, pod)))


def _foresee_adding(state: Buckets, one: Container, pod: Pod | None) -> None:
    needs, volumes = one.config.needs, [volume.name for volume in one.config.volumes or ()]
    pods = (
        [] if pod is None else [("pod",), ("pod", pod.id), ("pod", pod.id, "containers"), ("pod", pod.id, "namespace")]
    )
    places = (
        *(("id-registry",), ("name-registry",), ("ctr",), ("all-ctrs",), ("vol",)),
        *(("id-registry", one.id), ("name-registry", one.name), ("ctr", one.id)),
        *pods,
        *(("ctr", key, *rest) for key in needs for rest in ((), ("pod-id",), ("namespace",), ("dependencies",))),
        *(("vol", name) for name in volumes),
    )
    foresee(state, map(Look, places))


def _misplaced(one: Container, pod: Pod | None) -> Problem | None:
    if pod is None and one.config.pod:
        text = "cannot add a container that belongs to a pod with AddContainer - use AddContainerToPod"
        return InvalidArgument.saying(text, one.id)
    if pod is not None and one.config.pod != pod.id:
        return NoSuchContainer.saying(f"container {one.id} is not part of pod {pod.id}", one.id)
    return None


def _foreign_to_add(one: Container, scope: Scope) -> Problem | None:
    if not scope.namespace or scope.namespace == one.config.namespace:
        return None
    # libpod names the two in the wrong order.
    ours, theirs = quoted(scope.namespace), quoted(one.config.namespace)
    text = f"cannot add container {one.id} as it is in namespace {ours} and we are in namespace {theirs}"
    return NamespaceMismatch.saying(text, one.id)


def _unfit_pod(state: Buckets, one: Container, pod: Pod) -> Problem | None:
    missing = lacking(state, "pod")
    if missing:
        return missing
    if within(state, "pod", pod.id) is None:
        return NoSuchPod.saying(f"pod {pod.id} does not exist in database", pod.id)
    if within(state, "pod", pod.id, "containers") is None:
        return Internal.saying(f"pod {pod.id} does not have a containers bucket", pod.id)
    if name_of(held(state, "pod", pod.id, "namespace") or b"") != one.config.namespace:
        text = (
            f"container {one.id} is in namespace {one.config.namespace} "
            f"and pod {pod.id} is in namespace {pod.config.namespace}"
        )
        return NamespaceMismatch.saying(text, one.id)
    return None


def _bad_networks(one: Container) -> Problem | None:
    networks = one.config.networks or ()
    if "" in networks:
        return InvalidArgument.saying("network names cannot be an empty string", one.id)
    for network in one.config.aliases or ():
        if network not in networks:
            text = f"has network aliases for network {quoted(network)} but is not part of that network"
            return NoSuchNetwork.saying(f"container {one.id} {text}", one.id)
    return None


def _left_over(state: Buckets, one: Container) -> Problem | None:
    """A bucket that no registry knows of: bbolt does not make it a second time."""
    if within(state, "ctr", one.id) is None:
        return None
    return DatabaseUnreadable(f"error adding container {one.id} bucket to DB: bucket already exists", one.id)


def _bad_dependencies(state: Buckets, one: Container, pod: Pod | None) -> Problem | None:
    # A container that needs itself is just being written when libpod looks for it.
    others = (key for key in one.config.needs if key != one.id)
    for key in others:
        problem = _bad_dependency(state, one, key, pod)
        if problem:
            return problem
    return None


def _bad_dependency(state: Buckets, one: Container, key: str, pod: Pod | None) -> Problem | None:
    depends = f"container {one.id} depends on container {key}"
    needed = within(state, "ctr", key)
    if needed is None:
        return NoSuchContainer.saying(f"{depends}, but it does not exist in the DB", one.id)
    in_pod = needed.get("pod-id")
    if pod is not None and in_pod is None:
        return InvalidArgument.saying(f"{depends} which is not in pod {pod.id}", one.id)
    if pod is not None and in_pod is not None and name_of(in_pod) != pod.id:
        return InvalidArgument.saying(f"{depends} which is in a different pod ({name_of(in_pod)})", one.id)
    if pod is None and in_pod is not None:
        why = "which is in a pod - containers not in pods cannot depend on containers in pods"
        return InvalidArgument.saying(f"{depends} {why}", one.id)
    theirs = name_of(needed.get("namespace") or b"")
    if theirs != one.config.namespace:
        text = (
            f"container {one.id} in namespace {quoted(one.config.namespace)} depends on container {key} "
            f"in namespace {quoted(theirs)} - namespaces must match"
        )
        return NamespaceMismatch.saying(text, one.id)
    if needed.bucket("dependencies") is None:
        return Internal.saying(f"container {key} does not have a dependencies bucket", key)
    return None


def _missing_volume(state: Buckets, one: Container) -> Problem | None:
    for volume in one.config.volumes or ():
        if within(state, "vol", volume.name) is None:
            text = f"no volume with name {volume.name} found in database when adding container {one.id}"
            return NoSuchVolume.saying(text, volume.name)
    return None


def _adding(one: Container, first: ContainerState, pod: Pod | None) -> Iterator[StateChange]:
    at, key, name = ("ctr", one.id), key_of(one.id), key_of(one.name)
    yield Put(("id-registry",), one.id, name)
    yield Put(("name-registry",), one.name, key)
    yield from registered_namespace(one.id, one.config.namespace)
    yield Put(("all-ctrs",), one.id, name)
    yield MakeBucket(at)
    yield Put(at, "config", one.document.raw)
    yield Put(at, "state", first.document.raw)
    if one.config.namespace:
        yield Put(at, "namespace", key_of(one.config.namespace))
    if pod is not None:
        yield Put(at, "pod-id", key_of(pod.id))
    if first.network_namespace:
        yield Put(at, "netns", key_of(first.network_namespace))
    yield from _joining(one)
    yield MakeBucket((*at, "dependencies"))
    yield from (Put(("ctr", needed, "dependencies"), one.id, name) for needed in one.config.needs)
    if pod is not None:
        yield Put(("pod", pod.id, "containers"), one.id, name)
    for volume in one.config.volumes or ():
        users = ("vol", volume.name, "vol-dependencies")
        yield MakeBucket(users)
        yield Put(users, one.id, key)


def _joining(one: Container) -> Iterator[StateChange]:
    at, key = ("ctr", one.id), key_of(one.id)
    if one.config.networks is not None:
        yield MakeBucket((*at, "networks"))
        yield from (Put((*at, "networks"), network, key) for network in one.config.networks)
    if one.config.aliases is not None:
        yield MakeBucket((*at, "aliases"))
        for network, aliases in one.config.aliases.items():
            yield MakeBucket((*at, "aliases", network))
            yield from (Put((*at, "aliases", network), alias, key) for alias in aliases or ())
