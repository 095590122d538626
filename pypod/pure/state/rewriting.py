"""Rewriting configurations, and renaming a container (``RewriteContainerConfig``, ``SafeRewriteContainerConfig``, ...).

libpod replaces the whole document and trusts its callers with what it may not change.  Here fields that only a newer
Podman knows stay, and what the rest of the database goes by cannot be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from returns.result import Failure, Success

from pypod.pure.database.buckets import Buckets, key_of, name_of
from pypod.pure.database.facts import At, Delete, Look, Put, StateChange
from pypod.pure.database.view import foresee
from pypod.pure.failure import ContainerExists, Internal, InvalidArgument, NoSuchPod, NoSuchVolume, Problem
from pypod.pure.gotext import quoted
from pypod.pure.state.containers import unfound
from pypod.pure.state.documents import Container, Document, Pod, Volume
from pypod.pure.state.fields import CONTAINER_CONFIG, POD_CONFIG, VOLUME_CONFIG
from pypod.pure.state.registries import Changes
from pypod.pure.state.retrieval import held, lacking, within

_CONTAINER: Final = (
    "id", "pod", "namespace", "Dependencies", "ipcNsCtr", "mountNsCtr", "netNsCtr", "pidNsCtr", "userNsCtr", "utsNsCtr",
    "cgroupNsCtr", "namedVolumes",
)  # fmt: skip
"""The fields that other entries of the database go by."""


def container_rewritten(state: Buckets, one: Container, new: Container) -> Changes:
    """``RewriteContainerConfig``: another configuration; ErrInvalidArg for another id, name, pod, ..."""
    problem = lacking(state, "ctr")
    return Failure(problem) if problem else _container_rewritten(state, one, new, (*_CONTAINER, "name"))


def _container_rewritten(state: Buckets, one: Container, new: Container, fixed: Iterable[str]) -> Changes:
    at = ("ctr", one.id)
    foresee(state, (Look(at), Look((*at, "config"))))
    if within(state, *at) is None:
        return Failure(unfound(one))
    return _replaced(state, at, new.document, CONTAINER_CONFIG, fixed)


def _replaced(state: Buckets, at: At, new: Document, known: frozenset[str], fixed: Iterable[str]) -> Changes:
    """A stored configuration with another one in its place, where none of the ``fixed`` fields differs."""
    stored = held(state, *at, "config") or b""
    before, after = Document(stored).fields(), new.fields()
    for name in fixed:
        if before and (before.get(name) or None) != (after.get(name) or None):
            return Failure(InvalidArgument.saying(f"{name} of {'/'.join(at)} cannot be rewritten", at[-1]))
    return Success((Put(at, "config", new.over(stored, known)),))


def container_safely_rewritten(state: Buckets, one: Container, old_name: str, new_name: str, new: Container) -> Changes:
    """``SafeRewriteContainerConfig``: another configuration, and another name where ``new_name`` is not empty."""
    if new_name and new.name != new_name:
        text = f"new name {new_name} for container {one.id} must match name in given container config"
        return Failure(InvalidArgument.saying(text, one.id))
    if new_name and not old_name:
        text = "must provide old name for container if a new name is given"
        return Failure(InvalidArgument.saying(text, one.id))
    renamed = _renamed(state, one, old_name, new_name)
    if isinstance(renamed, Failure):
        return renamed
    lost = lacking(state, "ctr")
    fixed = _CONTAINER if new_name else (*_CONTAINER, "name")
    rewritten: Changes = Failure(lost) if lost else _container_rewritten(state, one, new, fixed)
    return rewritten.map(lambda changes: (*renamed.unwrap(), *changes))


def _renamed(state: Buckets, one: Container, old: str, new: str) -> Changes:
    if not new:
        return Success(())
    problem = lacking(state, "id-registry", "name-registry", "all-ctrs")
    if problem:
        return Failure(problem)
    owner = held(state, "name-registry", new)
    if owner is not None and name_of(owner) == one.id:
        return Success(())
    if owner is not None:
        text = f"name {new} already in use, cannot rename container {one.id}"
        return Failure(ContainerExists.saying(text, one.id))
    problem = _pod_lost(state, one) if one.config.pod else None
    return Failure(problem) if problem else Success(tuple(_renaming(state, one, old, new)))


def _pod_lost(state: Buckets, one: Container) -> Problem | None:
    missing = lacking(state, "pod")
    if missing:
        return missing
    if within(state, "pod", one.config.pod) is None:
        return Internal.saying(f"bucket for pod {one.config.pod} does not exist", one.config.pod)
    if within(state, "pod", one.config.pod, "containers") is None:
        return Internal.saying(f"pod {one.config.pod} does not have a containers bucket", one.config.pod)
    return None


def _renaming(state: Buckets, one: Container, old: str, new: str) -> Iterator[StateChange]:
    """The names that other containers keep with what they need stay old, as libpod leaves them."""
    owner = held(state, "name-registry", old)
    if owner is None or name_of(owner) == one.id:
        yield Delete(("name-registry",), old)
    yield Put(("id-registry",), one.id, key_of(new))
    yield Put(("name-registry",), new, key_of(one.id))
    yield Put(("all-ctrs",), one.id, key_of(new))
    if one.config.pod:
        yield Put(("pod", one.config.pod, "containers"), one.id, key_of(new))


def pod_rewritten(state: Buckets, pod: Pod, new: Pod) -> Changes:
    """``RewritePodConfig``: another configuration; ErrInvalidArg for another id, name or namespace."""
    problem = lacking(state, "pod")
    if problem:
        return Failure(problem)
    at = ("pod", pod.id)
    foresee(state, (Look(at), Look((*at, "config"))))
    if within(state, *at) is None:
        return Failure(NoSuchPod.saying(f"no pod with ID {pod.id} found in DB", pod.id))
    return _replaced(state, at, new.document, POD_CONFIG, ("id", "name", "namespace"))


def volume_rewritten(state: Buckets, volume: Volume, new: Volume) -> Changes:
    """``RewriteVolumeConfig``: another configuration; ErrInvalidArg for another name."""
    problem = lacking(state, "vol")
    if problem:
        return Failure(problem)
    at = ("vol", volume.name)
    foresee(state, (Look(at), Look((*at, "config"))))
    if within(state, *at) is None:
        return Failure(NoSuchVolume.saying(f"no volume with name {quoted(volume.name)} found in DB", volume.name))
    return _replaced(state, at, new.document, VOLUME_CONFIG, ("name",))
