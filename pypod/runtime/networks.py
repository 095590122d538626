"""The networks that containers of a state joined: libpod's operations on them, as programs."""

from __future__ import annotations

from pypod.pure.program import Program
from pypod.pure.state.documents import Container
from pypod.pure.state.networks import Joining, aliases_of, all_aliases_of, connected, disconnected, networks_of
from pypod.runtime.asking import StateAt, ask, change


def joined(state: StateAt, one: Container) -> Program[tuple[str, ...]]:
    """Those that a container joined by name (``GetNetworks``)."""
    return ask(state, lambda held: networks_of(held, one, state.scope))


def aliases(state: StateAt, one: Container, network: str) -> Program[tuple[str, ...]]:
    """Its names in one (``GetNetworkAliases``)."""
    return ask(state, lambda held: aliases_of(held, one, network, state.scope))


def all_aliases(state: StateAt, one: Container) -> Program[tuple[tuple[str, tuple[str, ...]], ...]]:
    """Its names in each (``GetAllNetworkAliases``)."""
    return ask(state, lambda held: all_aliases_of(held, one, state.scope))


def connect(state: StateAt, one: Container, joining: Joining) -> Program[None]:
    """Join one (``NetworkConnect``)."""
    return change(state, lambda held: connected(held, one, joining, state.scope))


def disconnect(state: StateAt, one: Container, network: str) -> Program[None]:
    """Leave one (``NetworkDisconnect``)."""
    return change(state, lambda held: disconnected(held, one, network, state.scope))
