"""Refreshing containers, pods and volumes after a reboot: what each lost is given back."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import CGROUP_MANAGER, TMP_DIR
from pypod.pure.database.facts import ContainerFacts, PodFacts, StateObjects, VolumeFacts
from pypod.pure.database.lifecycle import refreshed_container, refreshed_pod
from pypod.pure.draft import Draft, Locks
from pypod.pure.lifecycle.loading_stage import load_objects
from pypod.pure.lifecycle.refresh import (
    RUN_DIRECTORY_MODE,
    USERNS_DIRECTORY_MODE,
    address_kept,
    addresses,
    leftover_kept,
    leftovers,
    lock_refused,
    mapped_root_directory,
    no_mapped_root,
    not_refreshed,
    pod_cgroup,
    run_directory,
    run_directory_refused,
    searchable,
    stored_ids,
    unknown_to_store,
)
from pypod.pure.locks.stage import allocate
from pypod.pure.oci.decide import exits_directory
from pypod.pure.program import Program, attempt, notes
from pypod.pure.store.facts import Store
from pypod.pure.store.layout import containers_table, run_containers
from pypod.pure.vocabulary.changes import ChangeMode, ChangeOwner, MakeDirectories, RemoveFile
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile, Stat

_DONE: Result[None, str] = Success(None)


def refresh_objects(draft: Draft, store: Store, locks: Locks, objects: StateObjects) -> Program[Draft]:
    """Every object in turn; a failure is only logged."""
    draft, objects = yield from load_objects(draft, locks, objects)
    known: frozenset[str] = frozenset()
    if objects.containers:
        table = containers_table(store.graph_root, store.driver)
        known = stored_ids((yield from attempt(ReadFile(table.file))))
    for container in objects.containers:
        done = yield from _container(draft, store, locks, container, is_stored=container.id in known)
        yield from _said("container", container.id, done)
    for pod in objects.pods:
        yield from _said("pod", pod.id, (yield from _pod(draft, locks, pod)))
    for volume in objects.volumes:
        yield from _said("volume", volume.name, (yield from _volume(locks, volume)))
    return draft


def _said(what: str, named: str, done: Result[None, str]) -> Program[None]:
    if isinstance(done, Failure):
        yield from notes((not_refreshed(what, named, done.failure()),))


def _container(
    draft: Draft, store: Store, locks: Locks, container: ContainerFacts, *, is_stored: bool
) -> Program[Result[None, str]]:
    """A container: its run directory, its lock, its addresses, its state, what conmon left behind."""
    if not is_stored:
        return Failure(unknown_to_store(container.id))
    run_dir = run_directory(run_containers(store.run_root, store.driver), container.id)
    made = yield from attempt(MakeDirectories(run_dir, RUN_DIRECTORY_MODE))
    if isinstance(made, Failure):
        return Failure(run_directory_refused(container.id, made.failure()))
    mapped = yield from _mapped_root(draft, container)
    if isinstance(mapped, Failure):
        return mapped
    lock = yield from allocate(locks, container.lock)
    if isinstance(lock, Failure):
        return Failure(lock_refused("container", container.id, container.lock, lock.failure()))
    yield from _free_addresses(container)
    saved = yield from attempt(UpdateDatabase(draft.database_path, (refreshed_container(container, run_dir),)))
    if isinstance(saved, Failure):
        return Failure(f"error refreshing state for container {container.id}: {saved.failure().message}")
    return (yield from _clear(draft, store, container))


def _mapped_root(draft: Draft, container: ContainerFacts) -> Program[Result[None, str]]:
    """The directory of a container whose root is another user of the host."""
    if container.mapped_root is None:
        return _DONE
    tmp_dir = draft.setting(TMP_DIR)
    status = yield from attempt(Stat(tmp_dir))
    if isinstance(status, Failure):
        return Failure(status.failure().message)
    opened = yield from attempt(ChangeMode(tmp_dir, searchable(status.unwrap())))
    if isinstance(opened, Failure):
        return Failure(opened.failure().message)
    root = mapped_root_directory(tmp_dir, container.id)
    made = yield from attempt(MakeDirectories(root, USERNS_DIRECTORY_MODE))
    if isinstance(made, Failure):
        return Failure(no_mapped_root(container.id, made.failure()))
    given = yield from attempt(ChangeOwner(root, *container.mapped_root))
    return given.map(lambda _: None).alt(lambda error: error.message)


def _free_addresses(container: ContainerFacts) -> Program[None]:
    for file, said in addresses(container):
        yield from notes((said,))
        removed = yield from attempt(RemoveFile(file))
        if isinstance(removed, Failure):
            kept = address_kept(container.id, file, removed.failure())
            yield from notes(kept)
            if kept:
                return


def _clear(draft: Draft, store: Store, container: ContainerFacts) -> Program[Result[None, str]]:
    """Remove what conmon left behind."""
    bundle = run_directory(containers_table(store.graph_root, store.driver).directory, container.id)
    for file, name in leftovers(bundle, exits_directory(draft.setting(TMP_DIR)), container.id):
        removed = yield from attempt(RemoveFile(file))
        kept = leftover_kept(container.id, name, removed.failure()) if isinstance(removed, Failure) else ""
        if kept:
            return Failure(kept)
    return _DONE


def _pod(draft: Draft, locks: Locks, pod: PodFacts) -> Program[Result[None, str]]:
    """A pod: its lock and its cgroup."""
    lock = yield from allocate(locks, pod.lock)
    if isinstance(lock, Failure):
        return Failure(lock_refused("pod", pod.id, pod.lock, lock.failure()))
    cgroup = pod_cgroup(pod, draft.setting(CGROUP_MANAGER), draft.surroundings)
    if isinstance(cgroup, Failure):
        return Failure(cgroup.failure())
    decided = cgroup.unwrap()
    yield from notes(decided.said)
    if decided.path is None:
        return _DONE
    saved = yield from attempt(UpdateDatabase(draft.database_path, (refreshed_pod(pod, decided.path),)))
    return saved.map(lambda _: None).alt(lambda error: f"error saving pod {pod.id} state: {error.message}")


def _volume(locks: Locks, volume: VolumeFacts) -> Program[Result[None, str]]:
    lock = yield from allocate(locks, volume.lock)
    return lock.map(lambda _: None).alt(lambda why: lock_refused("volume", volume.name, volume.lock, why))
