"""The end of construction under the alive lock: the lock, the namespace, new lock numbers, the finish."""

from __future__ import annotations

import msgspec
from returns.result import Result

from pypod.pure.configuration.keys import TMP_DIR
from pypod.pure.database.facts import EditJson
from pypod.pure.database.lifecycle import container_lock, pod_lock, volume_lock
from pypod.pure.draft import Draft, Locks
from pypod.pure.events.line import RENUMBER as RENUMBERED
from pypod.pure.events.stage import write_event
from pypod.pure.facts import Handle
from pypod.pure.failure import Problem
from pypod.pure.lifecycle.decide import Alive, alive, alive_file, alive_lock, finished, unlocked
from pypod.pure.lifecycle.loading_stage import load_objects
from pypod.pure.lifecycle.renumber import Renumbered, unallocated, unwritten
from pypod.pure.locks.stage import allocate, free_all
from pypod.pure.program import Program, Stage, attempt, need, settle, stage
from pypod.pure.store.lockfile_stage import holding, make_lock_file
from pypod.pure.userns.stage import USER_NAMESPACE
from pypod.pure.vocabulary.database import ReadObjects, UpdateDatabase
from pypod.pure.vocabulary.files import Stat


def under_alive_lock(inner: Stage[Draft]) -> Stage[Draft]:
    """The stage that holds the alive lock around ``inner``.

    A process that must leave for a user namespace lets the lock go first: its successor takes it.  Where it turns out
    not to leave, it goes on without the lock.
    """

    def run(draft: Draft) -> Program[Draft]:
        lock = alive_lock(draft.setting(TMP_DIR))
        settle((yield from make_lock_file(lock)).alt(unlocked))

        def use(held: Handle) -> Program[Draft | None]:
            verdict = settle((yield from _look(draft, needs_userns=draft.surroundings.needs_userns)))
            if verdict is Alive.LEAVE:
                return None
            ready = msgspec.structs.replace(draft, alive=held, refresh=verdict is Alive.REFRESH)
            return msgspec.structs.replace((yield from inner(ready)), alive=None)

        done = yield from holding(lock, use)
        if done is not None:
            return done
        stayed = yield from USER_NAMESPACE(draft)
        verdict = settle((yield from _look(stayed, needs_userns=False)))
        return (yield from inner(msgspec.structs.replace(stayed, refresh=verdict is Alive.REFRESH)))

    return stage("alive", run)


def _look(draft: Draft, *, needs_userns: bool) -> Program[Result[Alive, Problem]]:
    path = alive_file(draft.setting(TMP_DIR))
    status = yield from attempt(Stat(path))
    return alive(status, path, needs_userns=needs_userns)


def _renumber(draft: Draft) -> Program[Draft]:
    """New numbers for the locks of all objects, from the lowest: containers, pods, volumes."""
    locks = draft.locks
    if not draft.configured.renumber or locks is None:
        return draft
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


def _finish(draft: Draft) -> Program[Draft]:
    yield from ()
    return draft.with_configured(finished(draft.configured))


RENUMBER = stage("renumber", _renumber)
FINISH = stage("finish", _finish)
