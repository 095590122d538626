"""Renumbering: every object gets a new lock."""

from __future__ import annotations

from pypod.pure.database.facts import EditJson
from pypod.pure.database.lifecycle import container_lock, pod_lock, volume_lock
from pypod.pure.draft import Draft, Locks
from pypod.pure.events.line import RENUMBER as RENUMBERED
from pypod.pure.events.stage import write_event
from pypod.pure.lifecycle.loading_stage import load_objects
from pypod.pure.lifecycle.renumber import Renumbered, unallocated, unwritten
from pypod.pure.locks.stage import allocate, free_all
from pypod.pure.program import Program, need, settle
from pypod.pure.vocabulary.database import ReadObjects, UpdateDatabase


def renumber(draft: Draft, locks: Locks) -> Program[Draft]:
    """New numbers for the locks of all objects, from the lowest: containers, pods, volumes."""
    yield from free_all(locks)
    draft, objects = yield from load_objects(draft, locks, (yield from need(ReadObjects(draft.database_path))))
    for container in objects.containers:
        number = yield from _number(locks, "container", container.id)
        yield from _rewrite(draft, Renumbered("container", container.id, container_lock(container, number)))
    for pod in objects.pods:
        number = yield from _number(locks, "pod", pod.id)
        yield from _rewrite(draft, Renumbered("pod", pod.id, pod_lock(pod, number)))
    for volume in objects.volumes:
        number = yield from _number(locks, "volume", volume.name)
        yield from _rewrite(draft, Renumbered("volume", volume.name, volume_lock(volume, number)))
    yield from write_event(draft, RENUMBERED)
    return draft


def _number(locks: Locks, what: str, named: str) -> Program[int]:
    allocated = yield from allocate(locks)
    return settle(allocated.alt(unallocated(what, named)))


def _rewrite(draft: Draft, one: Renumbered) -> Program[None]:
    changes: tuple[EditJson, ...] = (one.change,)
    yield from need(UpdateDatabase(draft.database_path, changes), unwritten(one))
