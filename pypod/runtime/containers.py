"""The containers of a state: libpod's operations on them, as programs.

A container is a value, as it was when it was read; each operation asks the database anew.  Problems are libpod's.
"""

from __future__ import annotations

from pypod.pure.program import Program
from pypod.pure.state.adding import added
from pypod.pure.state.containers import in_use, saved, state_of
from pypod.pure.state.documents import Container, ContainerState, Document, Pod
from pypod.pure.state.removing import removed
from pypod.pure.state.retrieval import (
    all_containers,
    container_id_named,
    container_named,
    container_of,
    has_container,
    name_of_object,
)
from pypod.pure.state.rewriting import container_rewritten, container_safely_rewritten
from pypod.runtime.asking import StateAt, ask, ask_for_all, change


def get(state: StateAt, key: str) -> Program[Container]:
    """The one with this full id (``Container``)."""
    return ask(state, lambda held: container_of(held, key, state.scope))


def get_config(state: StateAt, key: str) -> Program[Document]:
    """The configuration of the one with this full id, whatever its lock is (``GetContainerConfig``)."""
    return ask(state, lambda held: container_of(held, key, state.scope.of_any_lock()).map(lambda one: one.document))


def look_up(state: StateAt, wanted: str) -> Program[Container]:
    """The one that a full id, a name or a unique prefix of an id means (``LookupContainer``)."""
    return ask(state, lambda held: container_named(held, wanted, state.scope))


def look_up_id(state: StateAt, wanted: str) -> Program[str]:
    """Its full id (``LookupContainerID``)."""
    return ask(state, lambda held: container_id_named(held, wanted, state.scope))


def exists(state: StateAt, key: str) -> Program[bool]:
    """Whether there is one with this full id (``HasContainer``)."""
    return ask(state, lambda held: has_container(held, key, state.scope))


def name_of(state: StateAt, key: str) -> Program[str]:
    """The name of the container or pod with this full id (``GetName``)."""
    return ask(state, lambda held: name_of_object(held, key, state.scope))


def load_all(state: StateAt) -> Program[tuple[Container, ...]]:
    """All, by id (``AllContainers``)."""
    return ask_for_all(state, lambda held: all_containers(held, state.scope))


def add(state: StateAt, one: Container, first: ContainerState, pod: Pod | None = None) -> Program[None]:
    """Add one, to a pod if one is given (``AddContainer``, ``AddContainerToPod``).

    Its lock has to be allocated, its directories have to be there: the state knows of neither.
    """
    return change(state, lambda held: added(held, one, first, state.scope, pod))


def remove(state: StateAt, one: Container, pod: Pod | None = None) -> Program[None]:
    """Remove one, from its pod if it is in one (``RemoveContainer``, ``RemoveContainerFromPod``)."""
    return change(state, lambda held: removed(held, one, state.scope, pod))


def load_state(state: StateAt, one: Container) -> Program[ContainerState]:
    """Its state as it is now (``UpdateContainer``)."""
    return ask(state, lambda held: state_of(held, one, state.scope))


def save_state(state: StateAt, one: Container, new: ContainerState) -> Program[None]:
    """Give it another state (``SaveContainer``)."""
    return change(state, lambda held: saved(held, one, new, state.scope))


def dependents(state: StateAt, one: Container) -> Program[tuple[str, ...]]:
    """The ids of the containers that need it (``ContainerInUse``)."""
    return ask(state, lambda held: in_use(held, one, state.scope))


def rewrite(state: StateAt, one: Container, new: Container) -> Program[None]:
    """Give it another configuration (``RewriteContainerConfig``)."""
    return change(state, lambda held: container_rewritten(held, one, new))


def rewrite_safely(
    state: StateAt, one: Container, new: Container, *, old_name: str = "", new_name: str = ""
) -> Program[None]:
    """Give it another configuration, and another name if one is given (``SafeRewriteContainerConfig``)."""
    return change(state, lambda held: container_safely_rewritten(held, one, old_name, new_name, new))
