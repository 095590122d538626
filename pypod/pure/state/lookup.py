"""Look-ups by name, full id or unique prefix, as ``libpod/boltdb_state.go`` makes them, with its errors.

An exact full id beats an exact name, and either beats a prefix of ids; any prefix counts, from one character on.  In a
namespace (empty: everything is visible) a prefix finds only what is in it, and an exact match outside of it is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import StateObjects
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
from pypod.pure.gotext import quoted

T = TypeVar("T")


class Named(Struct, frozen=True):
    """An object that can be meant: its id, name and namespace."""

    id: str
    name: str
    namespace: str = ""


class Names(Struct, frozen=True):
    """The objects of a database by which names they go."""

    containers: tuple[Named, ...] = ()
    pods: tuple[Named, ...] = ()


def names_of(objects: StateObjects) -> Names:
    """The names of objects that were read."""
    return Names(
        tuple(Named(one.id, one.name, one.namespace) for one in objects.containers),
        tuple(Named(one.id, one.name, one.namespace) for one in objects.pods),
    )


def container_meant(names: Names, wanted: str, namespace: str = "") -> Result[str, Problem]:
    """The id of the container that is meant (``LookupContainer``).

    Failures: ErrEmptyID, ErrNSMismatch, ErrCtrExists where several are meant, ErrNoSuchCtr.
    """
    if not wanted:
        return Failure(EmptyName.saying(""))
    exact = _exact(names.containers, wanted)
    if exact is not None:
        return _visible(exact, namespace, "container")
    found = _beginning(names.containers, wanted, namespace)
    if len(found) > 1:
        return Failure(ContainerExists.saying(f"more than one result for container ID {wanted}", wanted))
    if found:
        return Success(found[0].id)
    if any(one.name == wanted for one in names.pods):
        return Failure(NoSuchContainer.saying(f"{quoted(wanted)} is a pod, not a container", wanted))
    return Failure(NoSuchContainer.saying(f"no container with name or ID {quoted(wanted)} found", wanted))


def pod_meant(names: Names, wanted: str, namespace: str = "") -> Result[str, Problem]:
    """The id of the pod that is meant (``LookupPod``).

    Failures: ErrEmptyID, ErrNSMismatch, ErrPodExists where several are meant, ErrNoSuchPod.
    """
    if not wanted:
        return Failure(EmptyName.saying(""))
    exact = _exact(names.pods, wanted)
    if exact is not None:
        return _visible(exact, namespace, "pod")
    found = _beginning(names.pods, wanted, namespace)
    if len(found) > 1:
        return Failure(PodExists.saying(f"more than one result for ID or name {wanted}", wanted))
    if found:
        return Success(found[0].id)
    if any(one.name == wanted for one in names.containers):
        return Failure(NoSuchPod.saying(f"{wanted} is a container, not a pod", wanted))
    return Failure(NoSuchPod.saying(f"no pod with name or ID {wanted} found", wanted))


def name_with_id(names: Names, wanted: str, namespace: str = "") -> Result[str, Problem]:
    """The name of the container or pod with this full id (``GetName``).

    Failures: ErrNoSuchCtr, also for a pod and for what is in another namespace.
    """
    found = next((one for one in (*names.containers, *names.pods) if one.id == wanted), None)
    if found is None or (namespace and found.namespace != namespace):
        return Failure(NoSuchContainer.saying("", wanted))
    return Success(found.name)


def is_free(names: Names, name: str, namespace: str = "") -> Result[bool, Problem]:
    """Whether no container and no pod is meant by a name; a look-up that fails for another reason is a failure."""
    for meant in (container_meant(names, name, namespace), pod_meant(names, name, namespace)):
        if not isinstance(meant, Failure):
            return Success(False)
        if not isinstance(meant.failure(), (NoSuchContainer, NoSuchPod)):
            return Failure(meant.failure())
    return Success(True)


def volume_meant(volumes: Iterable[str], wanted: str) -> Result[str, Problem]:
    """The name of the volume that is meant (``LookupVolume``): exact, else a unique prefix of names.

    Failures: ErrEmptyID, ErrVolumeExists where several are meant, ErrNoSuchVolume.
    """
    if not wanted:
        return Failure(EmptyName.saying(""))
    found = [name for name in volumes if name.startswith(wanted)]
    if wanted in found or len(found) == 1:
        return Success(wanted if wanted in found else found[0])
    if found:
        return Failure(VolumeExists.saying(f"more than one result for volume name {quoted(wanted)}", wanted))
    return Failure(NoSuchVolume.saying(f"no volume with name {quoted(wanted)} found", wanted))


def _exact(objects: Iterable[Named], wanted: str) -> Named | None:
    named = None
    for one in objects:
        if one.id == wanted:
            return one
        if one.name == wanted:
            named = one
    return named


def _visible(one: Named, namespace: str, kind: str) -> Result[str, Problem]:
    if not namespace or one.namespace == namespace:
        return Success(one.id)
    text = (
        f"cannot retrieve {kind} {one.id} as it is part of namespace {quoted(one.namespace)} "
        f"and we are in namespace {quoted(namespace)}"
    )
    return Failure(NamespaceMismatch.saying(text, one.id))


def _beginning(objects: Iterable[Named], wanted: str, namespace: str) -> list[Named]:
    return [one for one in objects if one.id.startswith(wanted) and (not namespace or one.namespace == namespace)]
