"""The volumes of a state: libpod's operations on them, as programs.  Volumes know no namespaces."""

from __future__ import annotations

from pypod.pure.program import Program
from pypod.pure.state.documents import Document, Volume
from pypod.pure.state.retrieval import all_volumes, has_volume, volume_named, volume_of
from pypod.pure.state.rewriting import volume_rewritten
from pypod.pure.state.volumes import users_of, volume_added, volume_removed, volume_saved, volume_state
from pypod.runtime.asking import StateAt, ask, ask_for_all, change


def get(state: StateAt, name: str) -> Program[Volume]:
    """The one of this name, with its state (``Volume``)."""
    return ask(state, lambda held: volume_of(held, name, state.scope))


def look_up(state: StateAt, wanted: str) -> Program[Volume]:
    """The one that a name or a unique prefix of a name means (``LookupVolume``)."""
    return ask(state, lambda held: volume_named(held, wanted, state.scope))


def exists(state: StateAt, name: str) -> Program[bool]:
    """Whether there is one of this name (``HasVolume``)."""
    return ask(state, lambda held: has_volume(held, name))


def load_all(state: StateAt) -> Program[tuple[Volume, ...]]:
    """All, by name (``AllVolumes``)."""
    return ask_for_all(state, lambda held: all_volumes(held, state.scope))


def add(state: StateAt, volume: Volume) -> Program[None]:
    """Add one (``AddVolume``)."""
    return change(state, lambda held: volume_added(held, volume))


def remove(state: StateAt, volume: Volume) -> Program[None]:
    """Remove one that no container uses (``RemoveVolume``)."""
    return change(state, lambda held: volume_removed(held, volume))


def users(state: StateAt, volume: Volume) -> Program[tuple[str, ...]]:
    """The ids of the containers that use it (``VolumeInUse``)."""
    return ask(state, lambda held: users_of(held, volume))


def load_state(state: StateAt, volume: Volume) -> Program[Document]:
    """Its state as it is now (``UpdateVolume``)."""
    return ask(state, lambda held: volume_state(held, volume))


def save_state(state: StateAt, volume: Volume, new: Document) -> Program[None]:
    """Give it another state (``SaveVolume``)."""
    return change(state, lambda held: volume_saved(held, volume, new))


def rewrite(state: StateAt, volume: Volume, new: Volume) -> Program[None]:
    """Give it another configuration (``RewriteVolumeConfig``)."""
    return change(state, lambda held: volume_rewritten(held, volume, new))
