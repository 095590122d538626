"""Retrieving objects as ``libpod/boltdb_state.go`` does: by full id, by name or unique prefix, and all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import Buckets, name_of
from pypod.pure.database.facts import Look
from pypod.pure.database.loading import belongs, left_out, lock_missing
from pypod.pure.database.objects import (
    container_document,
    container_lost,
    pod_document,
    pod_lost,
    state_document,
    volume_document,
    volume_lost,
)
from pypod.pure.database.view import foresee
from pypod.pure.facts import Diagnostic
from pypod.pure.failure import (
    DatabaseMismatch,
    EmptyName,
    NamespaceMismatch,
    NoSuchContainer,
    NoSuchPod,
    NoSuchVolume,
    Problem,
)
from pypod.pure.gotext import quoted
from pypod.pure.state.documents import (
    Container,
    ContainerConfig,
    Document,
    Pod,
    PodConfig,
    Volume,
    VolumeConfig,
)
from pypod.pure.state.lookup import Named, Names, container_meant, pod_meant, visible, volume_meant

T = TypeVar("T")
NamedT = TypeVar("NamedT", Container, Pod)

_NAMES: Final = {
    "id-registry": "id registry",
    "name-registry": "name registry",
    "ctr": "containers",
    "all-ctrs": "all containers",
    "pod": "pods",
    "allPods": "all pods",
    "vol": "volumes",
    "allVolumes": "all volumes",
    "exec": "exec",
}


class Scope(Struct, frozen=True):
    """What of a state is seen: the objects of a namespace (empty: all), and how many locks there are (0: as many as
    any object names).
    """

    namespace: str = ""
    locks: int = 0

    def of_any_lock(self) -> Scope:
        """The same, without a look at the locks."""
        return Scope(self.namespace)


class Retrieved(Struct, Generic[T], frozen=True):
    """The objects of a kind that can be loaded, in the order of their keys, and what libpod logs of the others."""

    objects: tuple[T, ...]
    said: tuple[Diagnostic, ...] = ()


def lacking(state: Buckets, *names: str) -> Problem | None:
    """The first of these top-level buckets that is missing.  ``ns-registry``, which Podman 4.5 and later do not make, is
    not among them.
    """
    foresee(state, (Look((name,)) for name in names))
    for name in names:
        if state.bucket(name) is None:
            return DatabaseMismatch.saying(f"{_NAMES[name]} bucket not found in DB", name)
    return None


def within(state: Buckets, *at: str) -> Buckets | None:
    """The bucket at a place."""
    found: Buckets | None = state
    for name in at:
        found = found.bucket(name) if found is not None else None
    return found


def held(state: Buckets, *at: str) -> bytes | None:
    """The value at a place."""
    bucket = within(state, *at[:-1])
    return bucket.get(at[-1]) if bucket is not None else None


def keys(bucket: Buckets | None) -> tuple[str, ...]:
    """The keys of a bucket, in byte order."""
    return tuple(name for name, _ in bucket.names()) if bucket is not None else ()


def unnamed(name: str) -> Problem | None:
    """An id or a name has to be given."""
    return None if name else EmptyName.saying("")


def container_of(state: Buckets, key: str, scope: Scope) -> Result[Container, Problem]:
    """``Container``: one by its full id.  ErrEmptyID, ErrNoSuchCtr, ErrNSMismatch, or why it cannot be loaded."""
    return _stored(state, key, scope, _CONTAINER)


def pod_of(state: Buckets, key: str, scope: Scope) -> Result[Pod, Problem]:
    """``Pod``: one by its full id.  ErrEmptyID, ErrNoSuchPod, ErrNSMismatch, or why it cannot be loaded."""
    return _stored(state, key, scope, _POD)


class _Stored(Struct, Generic[NamedT], frozen=True):
    """Where the objects of a kind that knows namespaces are, what one is called, what its absence is, and how it is read."""

    bucket: str
    called: str
    absent: Callable[[str], Problem]
    read: Callable[[str, Buckets], Result[NamedT, Problem]]

    def looks(self, key: str) -> tuple[Look, ...]:
        """What is looked at of one."""
        kind = self.bucket
        return (Look((kind, key)), Look((kind, key, "namespace")), Look((kind, key, "config")))


def _read_container(key: str, bucket: Buckets) -> Result[Container, Problem]:
    return container_document(key, bucket, ContainerConfig).map(lambda config: Container(config, _document(bucket)))


def _read_pod(key: str, bucket: Buckets) -> Result[Pod, Problem]:
    return pod_document(key, bucket, PodConfig).map(lambda config: Pod(config, _document(bucket)))


_CONTAINER: Final = _Stored(
    "ctr", "container", lambda key: NoSuchContainer.saying(f"container {key} not found in DB", key), _read_container
)
_POD: Final = _Stored("pod", "pod", lambda key: NoSuchPod.saying(f"pod with ID {key} not found", key), _read_pod)


def _stored(state: Buckets, key: str, scope: Scope, kind: _Stored[NamedT]) -> Result[NamedT, Problem]:
    refused = unnamed(key) or lacking(state, kind.bucket)
    if refused:
        return Failure(refused)
    foresee(state, kind.looks(key))
    bucket = within(state, kind.bucket, key)
    if bucket is None:
        return Failure(kind.absent(key))
    seen = visible(kind.called, Named(key, "", _namespace(bucket)), scope.namespace)
    if isinstance(seen, Failure):
        return seen
    read = kind.read(key, bucket)
    if isinstance(read, Failure):
        return read
    one = read.unwrap()
    return _locked(one, kind.called, key, one.config.lock, scope)


def volume_of(state: Buckets, name: str, scope: Scope) -> Result[Volume, Problem]:
    """``Volume``: one by its full name.  ErrEmptyID, ErrNoSuchVolume, or why it cannot be loaded."""
    refused = unnamed(name) or lacking(state, "vol")
    if refused:
        return Failure(refused)
    foresee(state, _volume_looks(name))
    bucket = within(state, "vol", name)
    if bucket is None:
        return Failure(NoSuchVolume.saying(f"volume with name {name} not found", name))
    read = volume_document(name, bucket, VolumeConfig)
    if isinstance(read, Failure):
        return read
    config, raw = read.unwrap(), bucket.get("state")
    if raw is not None:
        usable = state_document(raw, dict[str, object], f"error unmarshalling volume {name} state from DB", name)
        if isinstance(usable, Failure):
            return Failure(usable.failure())
    loaded = Volume(config, _document(bucket), None if raw is None else Document(raw))
    return _locked(loaded, "volume", quoted(name), config.lock, scope)


def _locked(loaded: T, kind: str, named: str, number: int, scope: Scope) -> Result[T, Problem]:
    missing = lock_missing(kind, named, number, scope.locks) if scope.locks else None
    return Failure(missing) if missing else Success(loaded)


def _document(bucket: Buckets) -> Document:
    return Document(bucket.get("config") or b"{}")


def _namespace(bucket: Buckets) -> str:
    return name_of(bucket.get("namespace") or b"")


def _volume_looks(name: str) -> tuple[Look, ...]:
    return (Look(("vol", name)), Look(("vol", name, "config")), Look(("vol", name, "state")))


def has_container(state: Buckets, key: str, scope: Scope) -> Result[bool, Problem]:
    """``HasContainer``: whether there is one with this full id, in the namespace."""
    return _has(state, "ctr", key, scope)


def has_pod(state: Buckets, key: str, scope: Scope) -> Result[bool, Problem]:
    """``HasPod``: whether there is one with this full id, in the namespace."""
    return _has(state, "pod", key, scope)


def has_volume(state: Buckets, name: str) -> Result[bool, Problem]:
    """``HasVolume``: whether there is one of this name; volumes know no namespaces."""
    return _has(state, "vol", name, Scope())


def _has(state: Buckets, kind: str, key: str, scope: Scope) -> Result[bool, Problem]:
    refused = unnamed(key) or lacking(state, kind)
    if refused:
        return Failure(refused)
    bucket = within(state, kind, key)
    return Success(bucket is not None and (not scope.namespace or belongs(_namespace(bucket), scope.namespace)))


def name_of_object(state: Buckets, key: str, scope: Scope) -> Result[str, Problem]:
    """``GetName``: the name of the container or pod with this full id; ErrNoSuchCtr for either."""
    refused = unnamed(key) or lacking(state, "id-registry")
    if refused:
        return Failure(refused)
    name = held(state, "id-registry", key)
    if name is None or not belongs(_registered_namespace(state, key, scope), scope.namespace):
        return Failure(NoSuchContainer.saying("", key))
    return Success(name_of(name))


def _registered_namespace(state: Buckets, key: str, scope: Scope) -> str:
    return name_of(held(state, "ns-registry", key) or b"") if scope.namespace else ""


def container_named(state: Buckets, wanted: str, scope: Scope) -> Result[Container, Problem]:
    """``LookupContainer``: by full id, name or unique prefix of an id.

    ErrEmptyID; ErrCtrExists where several are meant; ErrNoSuchCtr, ErrNSMismatch; or why it cannot be loaded.
    """
    refused = unnamed(wanted) or lacking(state, "ctr", "name-registry")
    if refused:
        return Failure(refused)
    meant = container_meant(_candidates(state, "ctr", wanted, scope), wanted, scope.namespace)
    return Failure(meant.failure()) if isinstance(meant, Failure) else container_of(state, meant.unwrap(), scope)


def container_id_named(state: Buckets, wanted: str, scope: Scope) -> Result[str, Problem]:
    """``LookupContainerID``: in a namespace every failure is ErrNoSuchCtr with one text."""
    refused = unnamed(wanted) or lacking(state, "ctr", "name-registry")
    if refused:
        return Failure(refused)
    meant = container_meant(_candidates(state, "ctr", wanted, scope), wanted, scope.namespace)
    if not scope.namespace:
        return meant
    return meant.alt(lambda _: NoSuchContainer.saying(f"no container found with name or ID {wanted}", wanted))


def pod_named(state: Buckets, wanted: str, scope: Scope) -> Result[Pod, Problem]:
    """``LookupPod``: by full id, name or unique prefix of an id; failures as for a container, with ErrPodExists."""
    refused = unnamed(wanted) or lacking(state, "pod", "name-registry")
    if refused:
        return Failure(refused)
    meant = pod_meant(_candidates(state, "pod", wanted, scope), wanted, scope.namespace)
    return Failure(meant.failure()) if isinstance(meant, Failure) else pod_of(state, meant.unwrap(), scope)


def volume_named(state: Buckets, wanted: str, scope: Scope) -> Result[Volume, Problem]:
    """``LookupVolume``: by name or unique prefix of a name; ErrVolumeExists where several are meant, ErrNoSuchVolume."""
    refused = unnamed(wanted) or lacking(state, "vol", "allVolumes")
    if refused:
        return Failure(refused)
    foresee(state, _volume_looks(wanted))
    if within(state, "vol", wanted) is not None:
        return volume_of(state, wanted, scope)
    meant = volume_meant(keys(state.bucket("allVolumes")), wanted)
    return Failure(meant.failure()) if isinstance(meant, Failure) else volume_of(state, meant.unwrap(), scope)


def _candidates(state: Buckets, kind: str, wanted: str, scope: Scope) -> Names:
    """The objects of a kind that could be meant: by an exact id or name, where there is one, else by a prefix."""
    foresee(state, (Look((kind, wanted)), Look(("name-registry", wanted))))
    registered = name_of(held(state, "name-registry", wanted) or b"")
    exact = next((key for key in (wanted, registered) if key and within(state, kind, key) is not None), "")
    if exact:
        # Its namespace is what is stored with it; a prefix goes by the registry.
        one = (Named(exact, wanted, _exact_namespace(state, kind, exact, scope)),)
        return Names(one, one)
    others = (Named(registered, wanted),) if registered else ()
    found = tuple(Named(key, "", name) for key, name in _by_prefix(state, kind, wanted, scope))
    return Names(found, others) if kind == "ctr" else Names(others, found)


def _exact_namespace(state: Buckets, kind: str, key: str, scope: Scope) -> str:
    return name_of(held(state, kind, key, "namespace") or b"") if scope.namespace else ""


def _by_prefix(state: Buckets, kind: str, wanted: str, scope: Scope) -> Iterator[tuple[str, str]]:
    looks = [Look((kind,), entries=True)]
    if scope.namespace:
        looks.append(Look(("ns-registry",), entries=True))
    foresee(state, looks)
    registry = state.bucket("ns-registry") if scope.namespace else None
    namespaces = dict(registry.plain()) if registry is not None else {}
    for key in keys(state.bucket(kind)):
        if key.startswith(wanted):
            yield key, name_of(namespaces.get(key, b""))


def all_containers(state: Buckets, scope: Scope) -> Result[Retrieved[Container], Problem]:
    """``AllContainers``: those of the namespace that can be loaded.  ErrInternal where one is only listed."""
    kind = _Kind("all-ctrs", "ctr", "container", _CONTAINER.looks, container_lost, container_of)
    return _all(state, scope, kind)


def all_pods(state: Buckets, scope: Scope) -> Result[Retrieved[Pod], Problem]:
    """``AllPods``: those of the namespace that can be loaded.  ErrInternal where one is only listed."""
    return _all(state, scope, _Kind("allPods", "pod", "pod", _POD.looks, pod_lost, pod_of))


def all_volumes(state: Buckets, scope: Scope) -> Result[Retrieved[Volume], Problem]:
    """``AllVolumes``: those that can be loaded.  ErrInternal where one is only listed."""
    return _all(state, scope, _Kind("allVolumes", "vol", "volume", _volume_looks, volume_lost, volume_of))


class _Kind(Struct, Generic[T], frozen=True):
    """Where the objects of a kind are listed and stored, what one is called, and how one is looked at and loaded."""

    listing: str
    bucket: str
    called: str
    looks: Callable[[str], Iterable[Look]]
    lost: Callable[[str], Problem]
    load: Callable[[Buckets, str, Scope], Result[T, Problem]]


def _all(state: Buckets, scope: Scope, kind: _Kind[T]) -> Result[Retrieved[T], Problem]:
    refused = lacking(state, kind.listing, kind.bucket)
    if refused:
        return Failure(refused)
    listed = keys(state.bucket(kind.listing))
    foresee(state, (look for key in listed for look in kind.looks(key)))
    found: list[T] = []
    said: list[Diagnostic] = []
    for key in listed:
        if within(state, kind.bucket, key) is None:
            return Failure(kind.lost(key))
        loaded = kind.load(state, key, scope)
        if not isinstance(loaded, Failure):
            found.append(loaded.unwrap())
        elif not isinstance(loaded.failure(), NamespaceMismatch):
            said.append(left_out(kind.called, key, loaded.failure().message))
    return Success(Retrieved(tuple(found), tuple(said)))
