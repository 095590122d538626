"""The exec sessions of a state: libpod's operations on them, as programs."""

from __future__ import annotations

from pypod.pure.program import Program
from pypod.pure.state.documents import Container
from pypod.pure.state.sessions import (
    Session,
    session_added,
    session_owner,
    session_removed,
    sessions_of,
    sessions_removed,
)
from pypod.runtime.asking import StateAt, ask, change


def add(state: StateAt, one: Container, session: str) -> Program[None]:
    """Add one of this id to a container (``AddExecSession``)."""
    return change(state, lambda held: session_added(held, one, session))


def container_of(state: StateAt, session: str) -> Program[str]:
    """The id of the container of one (``GetExecSession``)."""
    return ask(state, lambda held: session_owner(held, session))


def remove(state: StateAt, session: Session) -> Program[None]:
    """Remove one (``RemoveExecSession``)."""
    return change(state, lambda held: session_removed(held, session))


def ids(state: StateAt, one: Container) -> Program[tuple[str, ...]]:
    """The ids of a container's (``GetContainerExecSessions``)."""
    return ask(state, lambda held: sessions_of(held, one))


def remove_all(state: StateAt, one: Container) -> Program[None]:
    """Remove a container's (``RemoveContainerExecSessions``)."""
    return change(state, lambda held: sessions_removed(held, one))
