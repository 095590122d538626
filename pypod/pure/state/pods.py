"""Pods in the state: their members, their state; adding and removing them and all that is in them (``boltdb_state.go``)."""

from __future__ import annotations

from collections.abc import Iterator

from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import Buckets, key_of, name_of
from pypod.pure.database.facts import Delete, DeleteBucket, EmptyBucket, Look, MakeBucket, Put, StateChange
from pypod.pure.database.objects import state_document
from pypod.pure.database.view import foresee
from pypod.pure.failure import (
    ContainerExists,
    DatabaseUnreadable,
    Internal,
    NoSuchContainer,
    NoSuchPod,
    PodExists,
    Problem,
)
from pypod.pure.state.documents import Container, Document, Pod
from pypod.pure.state.fields import POD_STATE
from pypod.pure.state.registries import (
    Changes,
    foreign_pod,
    registered_name,
    registered_namespace,
    taken,
    unregistered_namespace,
)
from pypod.pure.state.retrieval import Scope, container_of, keys, lacking, unnamed, within


def members(state: Buckets, pod: Pod, scope: Scope) -> Result[tuple[str, ...], Problem]:
    """``PodContainersByID``: the ids of its containers."""
    foresee(state, (Look(("pod",)), Look(("pod", pod.id)), Look(("pod", pod.id, "containers"), entries=True)))
    problem = foreign_pod(pod, scope) or lacking(state, "pod") or _unfound(state, pod)
    return Failure(problem) if problem else Success(keys(within(state, "pod", pod.id, "containers")))


def _unfound(state: Buckets, pod: Pod) -> Problem | None:
    if within(state, "pod", pod.id) is None:
        return NoSuchPod.saying(f"pod {pod.id} not found in database", pod.id)
    if within(state, "pod", pod.id, "containers") is None:
        return Internal.saying(f"pod {pod.id} missing containers bucket in DB", pod.id)
    return None


def has_member(state: Buckets, pod: Pod, key: str, scope: Scope) -> Result[bool, Problem]:
    """``PodHasContainer``: whether the container with this full id is in it."""
    problem = unnamed(key)
    return Failure(problem) if problem else members(state, pod, scope).map(lambda found: key in found)


def member_containers(state: Buckets, pod: Pod, scope: Scope) -> Result[tuple[Container, ...], Problem]:
    """``PodContainers``: its containers.  Fails with the first that cannot be loaded."""
    found = members(state, pod, scope)
    if isinstance(found, Failure):
        return Failure(found.failure())
    ids = found.unwrap()
    lost = lacking(state, "ctr")
    if lost:
        return Failure(lost)
    foresee(state, (Look(("ctr", key, *name)) for key in ids for name in ((), ("namespace",), ("config",))))
    containers: list[Container] = []
    for key in ids:
        loaded = container_of(state, key, scope)
        if isinstance(loaded, Failure):
            return Failure(loaded.failure())
        containers.append(loaded.unwrap())
    return Success(tuple(containers))


def pod_added(state: Buckets, pod: Pod, first: Document, scope: Scope) -> Changes:
    """``AddPod``."""
    at = ("pod", pod.id)
    foresee(state, map(Look, (("id-registry", pod.id), ("name-registry", pod.name), at)))
    problem = (
        foreign_pod(pod, scope)
        or lacking(state, "pod", "allPods", "id-registry", "name-registry")
        or taken(state, pod, "allPods", PodExists)
    )
    if problem is None and within(state, *at) is not None:
        problem = DatabaseUnreadable(f"error creating bucket for pod {pod.id}: bucket already exists", pod.id)
    return Failure(problem) if problem else Success(tuple(_adding(pod, first)))


def _adding(pod: Pod, first: Document) -> Iterator[StateChange]:
    at = ("pod", pod.id)
    yield MakeBucket(at)
    yield MakeBucket((*at, "containers"))
    yield Put(at, "config", pod.document.raw)
    yield Put(at, "state", first.raw)
    if pod.config.namespace:
        yield Put(at, "namespace", key_of(pod.config.namespace))
    yield from registered_namespace(pod.id, pod.config.namespace)
    yield Put(("id-registry",), pod.id, key_of(pod.name))
    yield Put(("name-registry",), pod.name, key_of(pod.id))
    yield Put(("allPods",), pod.id, key_of(pod.name))


def pod_removed(state: Buckets, pod: Pod, scope: Scope) -> Changes:
    """``RemovePod``: only an empty one."""
    foresee(state, (Look(("pod", pod.id)), Look(("pod", pod.id, "containers"), entries=True), Look(("ns-registry",))))
    problem = foreign_pod(pod, scope) or lacking(state, "pod", "allPods", "id-registry", "name-registry")
    if problem:
        return Failure(problem)
    bucket = within(state, "pod", pod.id)
    if bucket is None:
        return Failure(NoSuchPod.saying(f"pod {pod.id} does not exist in DB", pod.id))
    if keys(bucket.bucket("containers")):
        return Failure(ContainerExists.saying(f"pod {pod.id} is not empty", pod.id))
    return Success(
        (
            Delete(("id-registry",), pod.id),
            Delete(("name-registry",), registered_name(state, pod.id, pod.name)),
            *unregistered_namespace(state, pod.id),
            Delete(("allPods",), pod.id),
            DeleteBucket(("pod", pod.id)),
        )
    )


def members_removed(state: Buckets, pod: Pod, scope: Scope) -> Changes:
    """``RemovePodContainers``: all its containers at once, whatever they need of each other.

    libpod leaves their namespaces registered and their exec sessions listed; here they go too.
    """
    foresee(state, (Look(("pod", pod.id)), Look(("pod", pod.id, "containers"), entries=True), Look(("ns-registry",))))
    problem = foreign_pod(pod, scope) or lacking(state, "pod", "ctr", "all-ctrs", "id-registry", "name-registry")
    if problem:
        return Failure(problem)
    bucket = within(state, "pod", pod.id)
    if bucket is None:
        return Failure(NoSuchPod.saying(f"pod {pod.id} does not exist in DB", pod.id))
    inside = bucket.bucket("containers")
    if inside is None:
        return Failure(Internal.saying(f"pod {pod.id} does not have a containers bucket", pod.id))
    held = tuple((key, name_of(name)) for key, name in inside.plain())
    problem = _bound(state, pod, tuple(key for key, _ in held))
    return Failure(problem) if problem else Success(tuple(_emptying(state, pod, held)))


def _bound(state: Buckets, pod: Pod, inside: tuple[str, ...]) -> Problem | None:
    """A member that is not there, or that is needed from outside of the pod."""
    looks = ((Look(("ctr", key)), Look(("ctr", key, "dependencies"), entries=True)) for key in inside)
    foresee(state, (look for pair in looks for look in pair))
    for key in inside:
        bucket = within(state, "ctr", key)
        if bucket is None:
            return NoSuchContainer.saying(f"pod {pod.id} referenced nonexistent container {key}", pod.id)
        for other in keys(bucket.bucket("dependencies")):
            if other not in inside:
                text = f"container {key} has dependency {other} outside of pod {pod.id}"
                return ContainerExists.saying(text, key)
    return None


def _emptying(state: Buckets, pod: Pod, inside: tuple[tuple[str, str], ...]) -> Iterator[StateChange]:
    sessions = [Look(("ctr", key, "exec"), entries=True) for key, _ in inside]
    foresee(state, (*sessions, *(Look(("id-registry", key)) for key, _ in inside), Look(("exec",))))
    for key, name in inside:
        if state.bucket("exec") is not None:
            yield from (Delete(("exec",), session) for session in keys(within(state, "ctr", key, "exec")))
        yield DeleteBucket(("ctr", key))
        yield Delete(("id-registry",), key)
        yield Delete(("name-registry",), registered_name(state, key, name))
        yield from unregistered_namespace(state, key)
        yield Delete(("all-ctrs",), key)
    yield EmptyBucket(("pod", pod.id, "containers"))


def pod_state(state: Buckets, pod: Pod, scope: Scope) -> Result[Document, Problem]:
    """``UpdatePod``: its state as it is now."""
    foresee(state, (Look(("pod", pod.id)), Look(("pod", pod.id, "state"))))
    problem = foreign_pod(pod, scope) or lacking(state, "pod")
    if problem:
        return Failure(problem)
    bucket = within(state, "pod", pod.id)
    if bucket is None:
        return Failure(NoSuchPod.saying(f"no pod with ID {pod.id} found in database", pod.id))
    raw = bucket.get("state")
    if raw is None:
        return Failure(Internal.saying(f"pod {pod.id} is missing state key in DB", pod.id))
    read = state_document(raw, dict[str, object], f"error unmarshalling pod {pod.id} state JSON", pod.id)
    return read.map(lambda _: Document(raw))


def pod_saved(state: Buckets, pod: Pod, new: Document, scope: Scope) -> Changes:
    """``SavePod``: another state.  Fields that only a newer Podman knows stay."""
    foresee(state, (Look(("pod", pod.id)), Look(("pod", pod.id, "state"))))
    problem = foreign_pod(pod, scope) or lacking(state, "pod")
    if problem:
        return Failure(problem)
    bucket = within(state, "pod", pod.id)
    if bucket is None:
        return Failure(NoSuchPod.saying(f"no pod with ID {pod.id} found in database", pod.id))
    return Success((Put(("pod", pod.id), "state", new.over(bucket.get("state") or b"", POD_STATE)),))
