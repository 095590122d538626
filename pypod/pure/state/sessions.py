"""Exec sessions in the state: which container each is of (``boltdb_state.go``).  What a session is stands in the
container's state.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import Buckets, key_of, name_of
from pypod.pure.database.facts import Delete, Look, MakeBucket, Put, StateChange
from pypod.pure.database.view import foresee
from pypod.pure.failure import ExecSessionExists, Internal, NoSuchContainer, NoSuchExecSession, Problem
from pypod.pure.state.documents import Container
from pypod.pure.state.registries import Changes
from pypod.pure.state.retrieval import held, keys, lacking, unnamed, within


class Session(Struct, frozen=True):
    """An exec session: its id, and the id of its container."""

    id: str
    container: str


def session_added(state: Buckets, one: Container, key: str) -> Changes:
    """``AddExecSession``."""
    foresee(state, map(Look, (("exec",), ("ctr",), ("ctr", one.id), ("exec", key))))
    problem = lacking(state, "exec", "ctr")
    if problem:
        return Failure(problem)
    if within(state, "ctr", one.id) is None:
        text = f"container {one.id} is not present in the database"
        return Failure(NoSuchContainer.saying(text, one.id))
    if held(state, "exec", key) is not None:
        return Failure(ExecSessionExists.saying(f"an exec session with ID {key} already exists", key))
    at, owner = ("ctr", one.id, "exec"), key_of(one.id)
    return Success((MakeBucket(at), Put(("exec",), key, owner), Put(at, key, owner)))


def session_owner(state: Buckets, key: str) -> Result[str, Problem]:
    """``GetExecSession``: the id of its container."""
    problem = unnamed(key) or lacking(state, "exec")
    if problem:
        return Failure(problem)
    owner = held(state, "exec", key)
    if owner is None:
        return Failure(NoSuchExecSession.saying(f"no exec session with ID {key} found", key))
    return Success(name_of(owner))


def session_removed(state: Buckets, session: Session) -> Changes:
    """``RemoveExecSession``.  A container that does not know it, or is gone, is no failure."""
    inside = ("ctr", session.container, "exec")
    foresee(state, map(Look, (("exec",), ("ctr",), ("exec", session.id), ("ctr", session.container), inside)))
    problem = lacking(state, "exec", "ctr")
    if problem:
        return Failure(problem)
    owner = held(state, "exec", session.id)
    if owner is None:
        return Failure(NoSuchExecSession.saying("", session.id))
    if name_of(owner) != session.container:
        points = f"points to container {session.container} in state but {name_of(owner)} in database"
        text = f"database inconsistency: exec session {session.id} {points}"
        return Failure(Internal.saying(text, session.id))
    known = within(state, *inside) is not None
    return Success((Delete(("exec",), session.id), *((Delete(inside, session.id),) if known else ())))


def sessions_of(state: Buckets, one: Container) -> Result[tuple[str, ...], Problem]:
    """``GetContainerExecSessions``: the ids of its exec sessions."""
    foresee(state, (Look(("ctr",)), Look(("ctr", one.id)), Look(("ctr", one.id, "exec"), entries=True)))
    problem = lacking(state, "ctr")
    if problem:
        return Failure(problem)
    bucket = within(state, "ctr", one.id)
    return Failure(NoSuchContainer.saying("", one.id)) if bucket is None else Success(keys(bucket.bucket("exec")))


def sessions_removed(state: Buckets, one: Container) -> Changes:
    """``RemoveContainerExecSessions``: all of a container's."""
    missing = lacking(state, "exec")
    found = Failure(missing) if missing else sessions_of(state, one)
    if isinstance(found, Failure):
        return Failure(found.failure())
    sessions = found.unwrap()
    foresee(state, (Look(("exec", key)) for key in sessions))
    for key in sessions:
        owner = held(state, "exec", key)
        if owner is not None and name_of(owner) != one.id:
            text = f"exec session {key} is associated with containers {one.id} and {name_of(owner)}"
            return Failure(Internal.saying(f"database mismatch: {text}", key))
    return Success(tuple(_removing(one, sessions)))


def _removing(one: Container, sessions: tuple[str, ...]) -> Iterator[StateChange]:
    for key in sessions:
        yield Delete(("ctr", one.id, "exec"), key)
        yield Delete(("exec",), key)
