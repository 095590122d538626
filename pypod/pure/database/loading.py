"""Which objects of a database libpod loads, and what it says of those that it leaves out (``AllContainers``, ``AllPods``,
``AllVolumes``, ``getContainerFromDB``, ...).

An object that is listed but has no bucket fails the whole call; any other failure of one object leaves that one out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts, PodFacts, StateObjects, VolumeFacts
from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import DatabaseUnreadable, Internal, InvalidArgument, Problem
from pypod.pure.gotext import quoted
from pypod.pure.oci.decide import unavailable

One = TypeVar("One", ContainerFacts, PodFacts, VolumeFacts)


class Loaded(Struct, frozen=True):
    """The objects that libpod loads, and what it logs of those it leaves out."""

    objects: StateObjects
    said: tuple[Diagnostic, ...] = ()


def container_damage(one: ContainerFacts, maximum_locks: int) -> str:
    """Why a container cannot be loaded; empty where it can."""
    return one.damage or _lock_damage("container", one.id, one.lock, maximum_locks)


def pod_damage(one: PodFacts, maximum_locks: int) -> str:
    """Why a pod cannot be loaded; empty where it can."""
    return one.damage or _lock_damage("pod", one.id, one.lock, maximum_locks)


def volume_damage(one: VolumeFacts, maximum_locks: int) -> str:
    """Why a volume cannot be loaded; empty where it can."""
    return one.damage or _lock_damage("volume", quoted(one.name), one.lock, maximum_locks)


def container_loaded(one: ContainerFacts, maximum_locks: int) -> Result[None, Problem]:
    """Whether a container that was looked up can be loaded (``getContainerFromDB``)."""
    why = container_damage(one, maximum_locks)
    return Failure(DatabaseUnreadable(why, one.id)) if why else Success(None)


def pod_loaded(one: PodFacts, maximum_locks: int) -> Result[None, Problem]:
    """Whether a pod that was looked up can be loaded (``getPodFromDB``)."""
    why = pod_damage(one, maximum_locks)
    return Failure(DatabaseUnreadable(why, one.id)) if why else Success(None)


def volume_loaded(one: VolumeFacts, maximum_locks: int, wanted: str) -> Result[None, Problem]:
    """Whether a volume that is inspected can be loaded (``getVolumeFromDB``)."""
    why = volume_damage(one, maximum_locks)
    return Failure(DatabaseUnreadable(f"error inspecting volume {wanted}: {why}", one.name)) if why else Success(None)


def synced(one: ContainerFacts) -> Result[None, Problem]:
    """Whether a container's state can be read (``UpdateContainer``)."""
    if one.state_damage:
        return Failure(DatabaseUnreadable(f"error unmarshalling container {one.id} state: {one.state_damage}", one.id))
    if one.state < 0:
        return Failure(Internal.saying(f"container {one.id} does not have a state key in DB", one.id))
    return Success(None)


def belongs(theirs: str, ours: str) -> bool:
    """Whether an object of their namespace is seen in ours; without one, every object is."""
    return not ours or theirs == ours


def loaded_containers(
    objects: StateObjects, maximum_locks: int, namespace: str = "", missing: Collection[str] = ()
) -> Result[Loaded, Problem]:
    """With the containers that are loaded.  ``missing``: runtimes of which it was not yet said that they are missing."""
    lost = _lost(objects.containers)
    if lost:
        return Failure(lost)
    kept: list[ContainerFacts] = []
    said: list[Diagnostic] = []
    unsaid = set(missing)
    for one in objects.containers:
        why = container_damage(one, maximum_locks)
        if not belongs(one.namespace, namespace):
            continue
        if why:
            said.append(left_out("container", one.id, why))
            continue
        kept.append(one)
        if one.runtime in unsaid:
            unsaid.remove(one.runtime)
            said.append(unavailable(one.runtime))
    return Success(Loaded(msgspec.structs.replace(objects, containers=tuple(kept)), tuple(said)))


def loaded_pods(objects: StateObjects, maximum_locks: int, namespace: str = "") -> Result[Loaded, Problem]:
    """With the pods that are loaded."""
    lost = _lost(objects.pods)
    if lost:
        return Failure(lost)
    judged = [(one, pod_damage(one, maximum_locks)) for one in objects.pods if belongs(one.namespace, namespace)]
    kept = msgspec.structs.replace(objects, pods=tuple(one for one, why in judged if not why))
    return Success(Loaded(kept, tuple(left_out("pod", one.id, why) for one, why in judged if why)))


def loaded_volumes(
    objects: StateObjects, maximum_locks: int, plugins: Collection[str] | None = None
) -> Result[Loaded, Problem]:
    """With the volumes that are loaded; they know no namespaces.  ``plugins`` are the configured volume plugins."""
    lost = _lost(objects.volumes)
    if lost:
        return Failure(lost)
    judged = [(one, volume_damage(one, maximum_locks)) for one in objects.volumes]
    kept = msgspec.structs.replace(objects, volumes=tuple(one for one, why in judged if not why))
    said: list[Diagnostic] = []
    for one, why in judged:
        if plugins is not None and not one.damage and one.driver not in {"", "local", *plugins}:
            said.append(_without_plugin(one))
        if why:
            said.append(left_out("volume", one.name, why))
    return Success(Loaded(kept, tuple(said)))


def loaded(
    objects: StateObjects,
    maximum_locks: int,
    namespace: str = "",
    missing: Collection[str] = (),
    plugins: Collection[str] | None = None,
) -> Result[Loaded, Problem]:
    """All containers, pods and volumes as the refresh loads them, one kind after the other."""
    containers = loaded_containers(objects, maximum_locks, namespace, missing).alt(_wrapped("containers"))
    if isinstance(containers, Failure):
        return containers
    first = containers.unwrap()
    pods = loaded_pods(first.objects, maximum_locks, namespace).alt(_wrapped("pods"))
    if isinstance(pods, Failure):
        return pods
    second = pods.unwrap()
    volumes = loaded_volumes(second.objects, maximum_locks, plugins).alt(_wrapped("volumes"))
    return volumes.map(lambda third: Loaded(third.objects, (*first.said, *second.said, *third.said)))


def _wrapped(plural: str) -> Callable[[Problem], Problem]:
    def wrapped(problem: Problem) -> Problem:
        return problem.wrapped(f"error retrieving all {plural} from state")

    return wrapped


def _lost(listed: tuple[One, ...]) -> Problem | None:
    """The first object that is listed but not there."""
    damage = next((one.damage for one in listed if one.listed_only), "")
    return Internal(damage, diagnosis="DB-07") if damage else None


def lock_missing(kind: str, named: str, number: int, maximum: int) -> Problem | None:
    """Why an object with this lock number cannot be loaded where there are ``maximum`` locks (``RetrieveLock``)."""
    if number < maximum:
        return None
    text = f"lock ID {number} is too large - max lock size is {maximum - 1}"
    return InvalidArgument.saying(text).wrapped(f"error retrieving lock for {kind} {named}")


def _lock_damage(kind: str, named: str, number: int, maximum: int) -> str:
    missing = lock_missing(kind, named, number, maximum)
    return missing.message if missing else ""


def _without_plugin(one: VolumeFacts) -> Diagnostic:
    why = f"no volume plugin with name {one.driver} available: required plugin missing"
    use = f"Volume {one.name} uses volume plugin {one.driver}, but it cannot be accessed"
    return Diagnostic(Level.ERROR, f"{use} - some functionality may not be available: {why}")


def left_out(kind: str, named: str, why: str) -> Diagnostic:
    """What is logged of an object that cannot be loaded."""
    return Diagnostic(Level.ERROR, f"Error retrieving {kind} {named} from the database: {why}")
