"""The pods of a state: libpod's operations on them, as programs."""

from __future__ import annotations

from pypod.pure.program import Program
from pypod.pure.state.documents import NEW_POD, Container, Document, Pod
from pypod.pure.state.pods import (
    has_member,
    member_containers,
    members,
    members_removed,
    pod_added,
    pod_removed,
    pod_saved,
    pod_state,
)
from pypod.pure.state.retrieval import all_pods, has_pod, pod_named, pod_of
from pypod.pure.state.rewriting import pod_rewritten
from pypod.runtime.asking import StateAt, ask, ask_for_all, change


def get(state: StateAt, key: str) -> Program[Pod]:
    """The one with this full id (``Pod``)."""
    return ask(state, lambda held: pod_of(held, key, state.scope))


def look_up(state: StateAt, wanted: str) -> Program[Pod]:
    """The one that a full id, a name or a unique prefix of an id means (``LookupPod``)."""
    return ask(state, lambda held: pod_named(held, wanted, state.scope))


def exists(state: StateAt, key: str) -> Program[bool]:
    """Whether there is one with this full id (``HasPod``)."""
    return ask(state, lambda held: has_pod(held, key, state.scope))


def load_all(state: StateAt) -> Program[tuple[Pod, ...]]:
    """All, by id (``AllPods``)."""
    return ask_for_all(state, lambda held: all_pods(held, state.scope))


def add(state: StateAt, pod: Pod, first: Document = NEW_POD) -> Program[None]:
    """Add one without containers (``AddPod``)."""
    return change(state, lambda held: pod_added(held, pod, first, state.scope))


def remove(state: StateAt, pod: Pod) -> Program[None]:
    """Remove one that has no containers (``RemovePod``)."""
    return change(state, lambda held: pod_removed(held, pod, state.scope))


def remove_containers(state: StateAt, pod: Pod) -> Program[None]:
    """Remove all its containers at once (``RemovePodContainers``)."""
    return change(state, lambda held: members_removed(held, pod, state.scope))


def has_container(state: StateAt, pod: Pod, key: str) -> Program[bool]:
    """Whether the container with this full id is in it (``PodHasContainer``)."""
    return ask(state, lambda held: has_member(held, pod, key, state.scope))


def container_ids(state: StateAt, pod: Pod) -> Program[tuple[str, ...]]:
    """The ids of its containers (``PodContainersByID``)."""
    return ask(state, lambda held: members(held, pod, state.scope))


def containers(state: StateAt, pod: Pod) -> Program[tuple[Container, ...]]:
    """Its containers (``PodContainers``)."""
    return ask(state, lambda held: member_containers(held, pod, state.scope))


def load_state(state: StateAt, pod: Pod) -> Program[Document]:
    """Its state as it is now (``UpdatePod``)."""
    return ask(state, lambda held: pod_state(held, pod, state.scope))


def save_state(state: StateAt, pod: Pod, new: Document) -> Program[None]:
    """Give it another state (``SavePod``)."""
    return change(state, lambda held: pod_saved(held, pod, new, state.scope))


def rewrite(state: StateAt, pod: Pod, new: Pod) -> Program[None]:
    """Give it another configuration (``RewritePodConfig``)."""
    return change(state, lambda held: pod_rewritten(held, pod, new))
