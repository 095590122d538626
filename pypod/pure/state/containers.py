"""A container's state, and who needs it (``UpdateContainer``, ``SaveContainer``, ``ContainerInUse``)."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import Buckets, key_of, name_of
from pypod.pure.database.facts import Delete, Look, Put
from pypod.pure.database.objects import state_document
from pypod.pure.database.view import foresee
from pypod.pure.failure import Internal, NoSuchContainer, Problem
from pypod.pure.gotext import quoted
from pypod.pure.state.documents import Container, ContainerState, Document
from pypod.pure.state.fields import CONTAINER_STATE
from pypod.pure.state.registries import Changes, foreign
from pypod.pure.state.retrieval import Scope, keys, lacking, within


def state_of(state: Buckets, one: Container, scope: Scope) -> Result[ContainerState, Problem]:
    """``UpdateContainer``: its state as it is now."""
    at = ("ctr", one.id)
    foresee(state, (Look(place) for place in (at, (*at, "state"), (*at, "netns"))))
    problem = foreign(one, scope) or lacking(state, "ctr")
    if problem:
        return Failure(problem)
    bucket = within(state, *at)
    if bucket is None:
        return Failure(NoSuchContainer.saying(f"container {one.id} does not exist in database", one.id))
    raw = bucket.get("state")
    if raw is None:
        return Failure(Internal.saying(f"container {one.id} does not have a state key in DB", one.id))
    read = state_document(raw, dict[str, object], f"error unmarshalling container {one.id} state", one.id)
    return read.map(lambda _: ContainerState(Document(raw), name_of(bucket.get("netns") or b"")))


def saved(state: Buckets, one: Container, new: ContainerState, scope: Scope) -> Changes:
    """``SaveContainer``: another state and network namespace.  Fields that only a newer Podman knows stay."""
    at = ("ctr", one.id)
    foresee(state, (Look(place) for place in (at, (*at, "state"))))
    problem = foreign(one, scope) or lacking(state, "ctr")
    if problem:
        return Failure(problem)
    bucket = within(state, *at)
    if bucket is None:
        return Failure(NoSuchContainer.saying(f"container {one.id} does not exist in DB", one.id))
    document = new.document.over(bucket.get("state") or b"", CONTAINER_STATE)
    path = new.network_namespace
    return Success((Put(at, "state", document), Put(at, "netns", key_of(path)) if path else Delete(at, "netns")))


def in_use(state: Buckets, one: Container, scope: Scope) -> Result[tuple[str, ...], Problem]:
    """``ContainerInUse``: the ids of the containers that need it."""
    problem = foreign(one, scope) or lacking(state, "ctr")
    if problem:
        return Failure(problem)
    foresee(state, (Look(("ctr", one.id)), Look(("ctr", one.id, "dependencies"), entries=True)))
    bucket = within(state, "ctr", one.id)
    if bucket is None:
        return Failure(unfound(one))
    dependents = bucket.bucket("dependencies")
    if dependents is None:
        return Failure(Internal.saying(f"container {one.id} has no dependencies bucket", one.id))
    return Success(keys(dependents))


def unfound(one: Container) -> Problem:
    """It is not in the database."""
    return NoSuchContainer.saying(f"no container with ID {quoted(one.id)} found in DB", one.id)
