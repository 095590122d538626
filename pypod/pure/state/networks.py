"""The networks that a container joined, and its names in them (``boltdb_state.go``, v3.4.7)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import Buckets, key_of
from pypod.pure.database.facts import Delete, DeleteBucket, Look, MakeBucket, Put, StateChange
from pypod.pure.database.view import foresee
from pypod.pure.failure import (
    InvalidArgument,
    NetworkExists,
    NoAliases,
    NoSuchContainer,
    NoSuchNetwork,
    Problem,
)
from pypod.pure.gotext import quoted
from pypod.pure.state.documents import Container
from pypod.pure.state.registries import Changes, foreign
from pypod.pure.state.retrieval import Scope, keys, lacking, within


def networks_of(state: Buckets, one: Container, scope: Scope) -> Result[tuple[str, ...], Problem]:
    """``GetNetworks``: in byte order.  ErrNoSuchNetwork for a container that joined none by name."""
    bucket = _present(state, one, scope)
    if isinstance(bucket, Failure):
        return Failure(bucket.failure())
    foresee(state, (Look(("ctr", one.id, "networks"), entries=True),))
    joined = bucket.unwrap().bucket("networks")
    if joined is None:
        return Failure(NoSuchNetwork.saying(f"container {one.id} is not joined to any CNI networks", one.id))
    return Success(keys(joined))


def aliases_of(state: Buckets, one: Container, network: str, scope: Scope) -> Result[tuple[str, ...], Problem]:
    """``GetNetworkAliases``: its names in a network.  ErrNoAliases where it joined others than this one."""
    bucket = _present(state, one, scope, _unnamed(network))
    if isinstance(bucket, Failure):
        return Failure(bucket.failure())
    joined = bucket.unwrap().bucket("networks")
    if joined is None:
        return Success(())
    if joined.get(network) is None:
        text = f"container {one.id} is not part of network {network}, no aliases found"
        return Failure(NoAliases.saying(text, one.id))
    return Success(keys(within(bucket.unwrap(), "aliases", network)))


def all_aliases_of(
    state: Buckets, one: Container, scope: Scope
) -> Result[tuple[tuple[str, tuple[str, ...]], ...], Problem]:
    """``GetAllNetworkAliases``: its names in each network in which it has any, also where these are none."""
    bucket = _present(state, one, scope)
    if isinstance(bucket, Failure):
        return Failure(bucket.failure())
    inside = within(bucket.unwrap(), "aliases")
    if inside is None:
        return Success(())
    joined = keys(bucket.unwrap().bucket("networks"))
    foresee(state, (Look(("ctr", one.id, "aliases", network), entries=True) for network in joined))
    named = ((network, inside.bucket(network)) for network in joined)
    return Success(tuple((network, keys(aliases)) for network, aliases in named if aliases is not None))


def _unnamed(network: str) -> Problem | None:
    return None if network else InvalidArgument.saying("network names must not be empty")


def _present(state: Buckets, one: Container, scope: Scope, first: Problem | None = None) -> Result[Buckets, Problem]:
    at = ("ctr", one.id)
    foresee(state, map(Look, (("ctr",), at, (*at, "networks"), (*at, "aliases"))))
    problem = first or foreign(one, scope) or lacking(state, "ctr")
    if problem:
        return Failure(problem)
    bucket = within(state, *at)
    if bucket is None:
        return Failure(NoSuchContainer.saying(f"container {one.id} does not exist in database", one.id))
    return Success(bucket)


class Joining(Struct, frozen=True):
    """A network that is to be joined, under these names.  ``default`` is the network in which a container is that joined
    none by name.
    """

    network: str
    aliases: tuple[str, ...] = ()
    default: str = "podman"


def connected(state: Buckets, one: Container, joining: Joining, scope: Scope) -> Changes:
    """``NetworkConnect``: joins a network, besides the ones that its configuration names or the default one."""
    bucket = _present(state, one, scope, _unnamed(joining.network))
    if isinstance(bucket, Failure):
        return Failure(bucket.failure())
    joined = bucket.unwrap().bucket("networks")
    first = (one.config.networks or (joining.default,)) if joined is None else ()
    if joining.network in first or (joined is not None and joined.get(joining.network) is not None):
        text = f"container {one.id} is already connected to CNI network {quoted(joining.network)}"
        return Failure(NetworkExists.saying(text, one.id))
    return Success(tuple(_connecting(one, first, joining)))


def _connecting(one: Container, first: tuple[str, ...], joining: Joining) -> Iterator[StateChange]:
    at, key = ("ctr", one.id), key_of(one.id)
    named = (*at, "aliases", joining.network)
    yield MakeBucket((*at, "aliases"))
    yield MakeBucket((*at, "networks"))
    yield from (Put((*at, "networks"), name, key) for name in (*first, joining.network))
    yield MakeBucket(named)
    yield from (Put(named, alias, key) for alias in joining.aliases)


def disconnected(state: Buckets, one: Container, network: str, scope: Scope) -> Changes:
    """``NetworkDisconnect``: leaves a network, and gives up its names in it."""
    bucket = _present(state, one, scope, _unnamed(network))
    if isinstance(bucket, Failure):
        return Failure(bucket.failure())
    joined = bucket.unwrap().bucket("networks")
    if joined is None:
        text = f"container {one.id} is not connected to any CNI networks, so cannot disconnect"
        return Failure(NoSuchNetwork.saying(text, one.id))
    if joined.get(network) is None:
        text = f"container {one.id} is not connected to CNI network {quoted(network)}"
        return Failure(NoSuchNetwork.saying(text, one.id))
    at = ("ctr", one.id)
    named = within(bucket.unwrap(), "aliases", network) is not None
    return Success((Delete((*at, "networks"), network), *((DeleteBucket((*at, "aliases", network)),) if named else ())))
