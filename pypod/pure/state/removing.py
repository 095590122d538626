"""Removing a container from the state, by itself or from a pod (``removeContainer``, ``boltdb_state_internal.go`` v3.4.7)."""

from __future__ import annotations

from collections.abc import Iterator

from returns.result import Failure, Success

from pypod.pure.database.buckets import Buckets
from pypod.pure.database.facts import Delete, DeleteBucket, Look, StateChange
from pypod.pure.database.view import foresee
from pypod.pure.failure import (
    DependencyExists,
    ExecSessionExists,
    Internal,
    InvalidArgument,
    NamespaceMismatch,
    NoSuchContainer,
    NoSuchPod,
    PodExists,
    Problem,
)
from pypod.pure.gotext import quoted
from pypod.pure.state.documents import Container, Pod
from pypod.pure.state.registries import Changes, foreign, foreign_pod, registered_name, unregistered_namespace
from pypod.pure.state.retrieval import Scope, keys, lacking, within


def removed(state: Buckets, one: Container, scope: Scope, pod: Pod | None = None) -> Changes:
    """``RemoveContainer``, or ``RemoveContainerFromPod`` where a pod is given."""
    _foresee_removing(state, one, pod)
    problem = (
        _wrongly_removed(one, scope, pod)
        or lacking(state, "id-registry", "name-registry", "ctr", "all-ctrs", "vol")
        or (_gone_pod(state, pod) if pod is not None else None)
        or _gone(state, one)
        or foreign(one, scope)
        or (_not_in_pod(state, one, pod) if pod is not None else None)
        or _has_sessions(state, one)
        or _has_dependents(state, one)
        or _broken_volume(state, one)
    )
    return Failure(problem) if problem else Success(tuple(_removing(state, one, pod)))


def _foresee_removing(state: Buckets, one: Container, pod: Pod | None) -> None:
    at = ("ctr", one.id)
    pods = [] if pod is None else [("pod",), ("pod", pod.id), ("pod", pod.id, "containers"),
                                   ("pod", pod.id, "containers", one.id)]  # fmt: skip
    volumes = [("vol", volume.name) for volume in one.config.volumes or ()]
    places = (
        *(("id-registry",), ("name-registry",), ("ctr",), ("all-ctrs",), ("vol",), ("ns-registry",)),
        *(at, ("id-registry", one.id), *pods, *volumes),
        *((*volume, "vol-dependencies") for volume in volumes),
        *(("ctr", key, *rest) for key in one.config.needs for rest in ((), ("dependencies",))),
    )
    foresee(state, (*map(Look, places), Look((*at, "exec"), entries=True), Look((*at, "dependencies"), entries=True)))


def _wrongly_removed(one: Container, scope: Scope, pod: Pod | None) -> Problem | None:
    if pod is None:
        text = f"container {one.id} is part of a pod, use RemoveContainerFromPod instead"
        return PodExists.saying(text, one.id) if one.config.pod else None
    elsewhere = foreign_pod(pod, scope)
    if elsewhere:
        return elsewhere
    if scope.namespace and scope.namespace != one.config.namespace:
        theirs, ours = quoted(one.config.namespace), quoted(scope.namespace)
        text = f"container {one.id} in in namespace {theirs} but we are in namespace {ours}"
        return NamespaceMismatch.saying(text, one.id)
    if not one.config.pod:
        return NoSuchPod.saying(f"container {one.id} is not part of a pod, use RemoveContainer instead", one.id)
    if one.config.pod != pod.id:
        return InvalidArgument.saying(f"container {one.id} is not part of pod {pod.id}", one.id)
    return None


def _gone_pod(state: Buckets, pod: Pod) -> Problem | None:
    missing = lacking(state, "pod")
    if missing or within(state, "pod", pod.id) is not None:
        return missing
    return NoSuchPod.saying(f"no pod with ID {pod.id} found in DB", pod.id)


def _gone(state: Buckets, one: Container) -> Problem | None:
    if within(state, "ctr", one.id) is not None:
        return None
    return NoSuchContainer.saying(f"no container with ID {one.id} found in DB", one.id)


def _not_in_pod(state: Buckets, one: Container, pod: Pod) -> Problem | None:
    members = within(state, "pod", pod.id, "containers")
    if members is None or members.get(one.id) is not None:
        return None
    return NoSuchContainer.saying(f"container {one.id} is not in pod {pod.id}", one.id)


def _has_sessions(state: Buckets, one: Container) -> Problem | None:
    sessions = keys(within(state, "ctr", one.id, "exec"))
    text = f"container {one.id} has active exec sessions: {', '.join(sessions)}"
    return ExecSessionExists.saying(text, one.id) if sessions else None


def _has_dependents(state: Buckets, one: Container) -> Problem | None:
    bucket = within(state, "ctr", one.id, "dependencies")
    if bucket is None:
        return Internal.saying(f"container {one.id} does not have a dependencies bucket", one.id)
    dependents = keys(bucket)
    text = f"container {one.id} is a dependency of the following containers: {', '.join(dependents)}"
    return DependencyExists.saying(text, one.id) if dependents else None


def _broken_volume(state: Buckets, one: Container) -> Problem | None:
    for volume in one.config.volumes or ():
        found = within(state, "vol", volume.name)
        if found is not None and found.bucket("vol-dependencies") is None:
            text = (
                f"volume {volume.name} is missing container dependencies bucket, "
                f"cannot remove container {one.id} from dependencies"
            )
            return Internal.saying(text, volume.name)
    return None


def _removing(state: Buckets, one: Container, pod: Pod | None) -> Iterator[StateChange]:
    """The entries at its volumes stay, as libpod leaves them; no reader counts those of a container that is gone."""
    if pod is not None and within(state, "pod", pod.id, "containers") is not None:
        yield Delete(("pod", pod.id, "containers"), one.id)
    yield DeleteBucket(("ctr", one.id))
    yield Delete(("id-registry",), one.id)
    yield Delete(("name-registry",), registered_name(state, one.id, one.name))
    yield from unregistered_namespace(state, one.id)
    yield Delete(("all-ctrs",), one.id)
    for key in one.config.needs:
        if key != one.id and within(state, "ctr", key, "dependencies") is not None:
            yield Delete(("ctr", key, "dependencies"), one.id)
