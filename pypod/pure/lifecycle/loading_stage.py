"""Loading containers, pods and volumes out of the database, as the commands and the life of a runtime do it."""

from __future__ import annotations

from returns.result import Failure, Result

from pypod.pure.configuration.keys import NAMESPACE, VOLUME_PLUGINS
from pypod.pure.database.facts import ContainerFacts, StateObjects, VolumeFacts
from pypod.pure.database.loading import Loaded, container_loaded, loaded, loaded_containers, synced, volume_loaded
from pypod.pure.draft import Draft, Locks
from pypod.pure.exists.decide import container_found, not_inspected, volume_found
from pypod.pure.facts import Diagnostic, Handle
from pypod.pure.failure import Problem
from pypod.pure.lifecycle.renumber import in_use
from pypod.pure.locks.stage import under_lock
from pypod.pure.oci.decide import unavailable
from pypod.pure.oci.stage import find_for_containers
from pypod.pure.program import Program, attempt, need, notes, refused, settle, stage
from pypod.pure.vocabulary.database import ReadObjects


def maximum_locks(draft: Draft) -> int:
    """Below which number the lock of an object must be."""
    return in_use(draft.locks.maximum if draft.locks is not None else 0)


def load_objects(draft: Draft, locks: Locks, objects: StateObjects) -> Program[tuple[Draft, StateObjects]]:
    """Containers, pods and volumes; what libpod leaves out is said, and once a process which runtimes are missing."""
    found = yield from find_for_containers(draft, (one.runtime for one in objects.containers))
    missing = found.runtimes_missing - draft.runtimes_missing
    read = loaded(objects, in_use(locks.maximum), draft.setting(NAMESPACE), missing, draft.setting(VOLUME_PLUGINS))
    return found, (yield from _kept(read))


def load_containers(draft: Draft) -> Program[tuple[Draft, StateObjects]]:
    """Containers alone (``GetAllContainers``)."""
    return settle((yield from try_load_containers(draft)))


def try_load_containers(draft: Draft) -> Program[Result[tuple[Draft, StateObjects], Problem]]:
    """Containers alone, for a caller that goes on without them."""
    read = yield from attempt(ReadObjects(draft.database_path))
    if isinstance(read, Failure):
        return read.alt(refused(""))
    objects = read.unwrap()
    found = yield from find_for_containers(draft, (one.runtime for one in objects.containers))
    missing = found.runtimes_missing - draft.runtimes_missing
    kept = loaded_containers(objects, maximum_locks(draft), draft.setting(NAMESPACE), missing)
    yield from notes(kept.map(_said).value_or(()))
    return kept.map(lambda loaded_now: (found, loaded_now.objects))


def _said(read: Loaded) -> tuple[Diagnostic, ...]:
    return read.said


def _kept(read: Result[Loaded, Problem]) -> Program[StateObjects]:
    kept = settle(read)
    yield from notes(kept.said)
    return kept.objects


def load_container(draft: Draft, one: ContainerFacts) -> Program[Draft]:
    """One container that was looked up."""
    settle(container_loaded(one, maximum_locks(draft)))
    found = yield from find_for_containers(draft, (one.runtime,))
    yield from notes(unavailable(name) for name in sorted(found.runtimes_missing - draft.runtimes_missing))
    return found


def sync_container(draft: Draft, one: ContainerFacts) -> Program[Result[None, Problem]]:
    """Read a container's state under its lock."""
    if draft.locks is not None:
        yield from under_lock(draft.locks, one.lock, _nothing_more)
    return synced(one)


def _nothing_more(_lock: Handle) -> Program[None]:
    """What is looked at was read already; the lock is waited for, as libpod waits."""
    yield from ()


def _list(draft: Draft) -> Program[Draft]:
    """``podman ps``: every container is loaded and its state read; an unreadable one only matters if it is shown."""
    draft, objects = yield from load_containers(draft)
    shows_all = any(name in {"all", "last"} for name, _ in draft.request.flags)
    for container in objects.containers:
        read = yield from sync_container(draft, container)
        if shows_all:
            settle(read)
    return draft


def _inspect(draft: Draft) -> Program[Draft]:
    """``podman container inspect``: each that is named is loaded and its state read."""
    absent: tuple[str, ...] = ()
    for wanted in draft.request.arguments:
        objects = yield from need(ReadObjects(draft.database_path))
        container = settle(container_found(objects, wanted, draft.setting(NAMESPACE)))
        if container is None:
            absent = (*absent, wanted)
            continue
        draft = yield from load_container(draft, container)
        settle((yield from sync_container(draft, container)))
    settle(not_inspected("container", absent))
    return draft


def _inspect_volumes(draft: Draft) -> Program[Draft]:
    """``podman volume inspect``: all that are named are loaded, then each is looked at under its lock."""
    objects = yield from need(ReadObjects(draft.database_path))
    absent: tuple[str, ...] = ()
    found: tuple[VolumeFacts, ...] = ()
    for wanted in draft.request.arguments:
        volume = settle(volume_found(objects, wanted))
        if volume is None:
            absent = (*absent, wanted)
            continue
        settle(volume_loaded(volume, maximum_locks(draft), wanted))
        found = (*found, volume)
    for volume in found:
        if draft.locks is not None:
            yield from under_lock(draft.locks, volume.lock, _nothing_more)
    settle(not_inspected("volume", absent))
    return draft


CONTAINER_LISTING = stage("container-listing", _list)
CONTAINER_INSPECTION = stage("container-inspection", _inspect)
VOLUME_INSPECTION = stage("volume-inspection", _inspect_volumes)
