"""What the life of a runtime changes in the database: the reset after a reboot, new lock numbers, another OCI runtime."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.database.facts import (
    ContainerFacts,
    Delete,
    EditJson,
    EmptyBucket,
    PodFacts,
    StateChange,
    StateObjects,
    VolumeFacts,
)
from pypod.pure.database.objects import volume_lost
from pypod.pure.failure import DatabaseUnreadable, Internal, Problem

CONFIGURED: Final = 1
EXITED: Final = 6

_FORGOTTEN: Final = (
    "pid", "conmonPid", "mounted", "mountPoint", "newExecSessions", "execSessions", "bindMounts", "stoppedByUser",
    "restartPolicyMatch", "restartCount", "checkpointed",
)  # fmt: skip
"""The fields of a container's state that do not outlive a boot; each is left out where it is zero."""


def reset_for_reboot(objects: StateObjects) -> Result[tuple[StateChange, ...], Problem]:
    """What libpod's state refresh writes, in its order: containers and pods by the id registry, volumes, exec sessions.

    Fails as the whole transaction does: an id that is neither a container nor a pod (ErrInternal), a missing or
    unreadable state, a volume that is only listed.
    """
    left_out = frozenset(objects.unregistered)
    containers = (*objects.containers, *objects.unlisted_containers)
    pods = (*objects.pods, *objects.unlisted_pods)
    by_id = sorted(
        [
            *((one.id, _reset_container(one)) for one in containers if not one.listed_only and one.id not in left_out),
            *((one.id, _reset_pod(one)) for one in pods if not one.listed_only and one.id not in left_out),
            *((dangling, _dangling(dangling)) for dangling in objects.dangling),
        ],
        key=lambda named: named[0].encode("utf-8", "surrogateescape"),
    )
    changes: list[StateChange] = []
    for result in (*(reset for _, reset in by_id), *(_reset_volume(one) for one in objects.volumes)):
        if isinstance(result, Failure):
            return result
        changes.extend(result.unwrap())
    return Success((*changes, EmptyBucket(("exec",))))


def _reset_container(one: ContainerFacts) -> Result[tuple[StateChange, ...], Problem]:
    at = ("ctr", one.id)
    if one.state_damage:
        return _unreadable(f"error unmarshalling state for container {one.id}: {one.state_damage}", one.id)
    if one.state < 0:
        return Failure(Internal.saying(f"container {one.id} missing state in DB", one.id))
    state = (("state", EXITED if one.state == EXITED else CONFIGURED),)
    return Success((Delete(at, "netns"), EditJson(at, "state", state, _FORGOTTEN), EmptyBucket((*at, "exec"))))


def _reset_pod(one: PodFacts) -> Result[tuple[StateChange, ...], Problem]:
    if one.state_damage:
        return _unreadable(f"error unmarshalling state for pod {one.id}: {one.state_damage}", one.id)
    if not one.has_state:
        return Failure(Internal.saying(f"pod {one.id} missing state key", one.id))
    return Success((EditJson(("pod", one.id), "state", (("cgroupPath", ""),)),))


def _reset_volume(one: VolumeFacts) -> Result[tuple[StateChange, ...], Problem]:
    if one.listed_only:
        return Failure(volume_lost(one.name))
    if not one.has_state:
        return Success(())
    if one.state_damage:
        return _unreadable(f"error unmarshalling state for volume {one.name}: {one.state_damage}", one.name)
    return Success((EditJson(("vol", one.name), "state", (("mountCount", 0),), ("mountPoint",)),))


def _dangling(key: str) -> Result[tuple[StateChange, ...], Problem]:
    hint = "the id registry names an id without an object; podman 4.2 and later remove it at the next boot"
    return Failure(Internal.saying(f"id {key} is not a pod or a container", key, hint=hint, diagnosis="DB-07"))


def _unreadable(text: str, subject: str) -> Result[tuple[StateChange, ...], Problem]:
    return Failure(DatabaseUnreadable(text, subject, diagnosis="DB-07"))


def container_lock(one: ContainerFacts, number: int) -> EditJson:
    """A container's configuration with another lock number."""
    return EditJson(("ctr", one.id), "config", (("lockID", number),))


def pod_lock(one: PodFacts, number: int) -> EditJson:
    """A pod's configuration with another lock number."""
    return EditJson(("pod", one.id), "config", (("lockID", number),))


def volume_lock(one: VolumeFacts, number: int) -> EditJson:
    """A volume's configuration with another lock number."""
    return EditJson(("vol", one.name), "config", (("lockID", number),))


def renumbered(objects: StateObjects) -> tuple[EditJson, ...]:
    """New lock numbers from 0 on a table that was freed: containers, then pods, then volumes."""
    containers, pods = len(objects.containers), len(objects.pods)
    return (
        *(container_lock(one, number) for number, one in enumerate(objects.containers)),
        *(pod_lock(one, number) for number, one in enumerate(objects.pods, containers)),
        *(volume_lock(one, number) for number, one in enumerate(objects.volumes, containers + pods)),
    )


def runtime_changed(objects: StateObjects, runtime: str) -> tuple[EditJson, ...]:
    """Every container's configuration with another OCI runtime, whether it had it already or not."""
    return tuple(EditJson(("ctr", one.id), "config", (("runtime", runtime),)) for one in objects.containers)


def refreshed_container(one: ContainerFacts, run_dir: str) -> EditJson:
    """A container's state at the end of its refresh: its run directory, and no network results."""
    return EditJson(("ctr", one.id), "state", (("runDir", run_dir),), ("networkResults",))


def refreshed_pod(one: PodFacts, cgroup_path: str) -> EditJson:
    """A pod's state at the end of its refresh."""
    return EditJson(("pod", one.id), "state", (("cgroupPath", cgroup_path),))
