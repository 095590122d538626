"""What refers to what in a database: read once, for the summary and for the check of the references."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct, field
from returns.result import Failure

from pypod.pure.database.buckets import Buckets
from pypod.pure.state.facts import (
    ContainerReferences,
    Pairs,
    PodReferences,
    References,
    StateFile,
    VolumeReferences,
)
from pypod.pure.state.listing import decoded, inside, keys, text, texts

T = TypeVar("T")


class _NamedVolume(Struct, frozen=True):
    name: str = field(default="", name="volumeName")


class _ContainerConfig(Struct, frozen=True):
    id: str = ""
    name: str = ""
    image: str = field(default="", name="rootfsImageName")
    lock: int = field(default=0, name="lockID")
    pod: str = ""
    namespace: str = ""
    dependencies: tuple[str, ...] | None = field(default=None, name="Dependencies")
    volumes: tuple[_NamedVolume, ...] | None = field(default=None, name="namedVolumes")
    ipc: str = field(default="", name="ipcNsCtr")
    mount: str = field(default="", name="mountNsCtr")
    network: str = field(default="", name="netNsCtr")
    pid: str = field(default="", name="pidNsCtr")
    user: str = field(default="", name="userNsCtr")
    uts: str = field(default="", name="utsNsCtr")
    cgroup: str = field(default="", name="cgroupNsCtr")

    @property
    def needs(self) -> tuple[str, ...]:
        """The containers that it needs, each once, in byte order: libpod's ``Dependencies``."""
        shared = (self.ipc, self.mount, self.network, self.pid, self.user, self.uts, self.cgroup)
        return tuple(sorted({one for one in (*shared, *(self.dependencies or ())) if one}))


class _ContainerState(Struct, frozen=True):
    state: int = 0


class _PodConfig(Struct, frozen=True):
    id: str = ""
    name: str = ""
    namespace: str = ""
    lock: int = field(default=0, name="lockID")


class _PodState(Struct, frozen=True):
    infra: str = field(default="", name="InfraContainerID")


class _VolumeConfig(Struct, frozen=True):
    name: str = ""
    driver: str = field(default="", name="volumeDriver")
    lock: int = field(default=0, name="lockID")


class _VolumeState(Struct, frozen=True):
    mount_count: int = field(default=0, name="mountCount")


_CONTAINER = msgspec.json.Decoder(_ContainerConfig)
_CONTAINER_STATE = msgspec.json.Decoder(_ContainerState)
_POD = msgspec.json.Decoder(_PodConfig)
_POD_STATE = msgspec.json.Decoder(_PodState)
_VOLUME = msgspec.json.Decoder(_VolumeConfig)
_VOLUME_STATE = msgspec.json.Decoder(_VolumeState)


def references_of(buckets: Buckets, file: StateFile) -> References:
    """Everything that refers to something else; objects that are listed or stored, in byte order of their keys."""
    config = buckets.bucket("runtime-config")
    containers, pods, volumes = buckets.bucket("ctr"), buckets.bucket("pod"), buckets.bucket("vol")
    listed = texts(buckets.bucket("all-ctrs"))
    pods_listed, volumes_listed = texts(buckets.bucket("allPods")), texts(buckets.bucket("allVolumes"))
    return References(
        file=file,
        buckets=tuple(name for name, is_bucket in buckets.names() if is_bucket),
        config=None if config is None else texts(config),
        ids=texts(buckets.bucket("id-registry")),
        names=texts(buckets.bucket("name-registry")),
        namespaces=texts(buckets.bucket("ns-registry")),
        containers_listed=listed,
        pods_listed=pods_listed,
        volumes_listed=volumes_listed,
        sessions=texts(buckets.bucket("exec")),
        containers=tuple(_container(key, inside(containers, key)) for key in _known(containers, listed)),
        pods=tuple(_pod(key, inside(pods, key)) for key in _known(pods, pods_listed)),
        volumes=tuple(_volume(key, inside(volumes, key)) for key in _known(volumes, volumes_listed)),
    )


def _known(stored: Buckets | None, listed: Pairs) -> list[str]:
    return sorted({*keys(stored), *(key for key, _ in listed)})


def _document(bucket: Buckets, name: str, decoder: msgspec.json.Decoder[T], empty: T, missing: str) -> tuple[T, str]:
    """A JSON document, or an empty one and what is wrong with it."""
    raw = bucket.get(name)
    if raw is None:
        return empty, missing
    read = decoded(raw, decoder)
    return (empty, f"its {name} cannot be read: {read.failure()}") if isinstance(read, Failure) else (read.unwrap(), "")


def _pairs(bucket: Buckets, name: str) -> Pairs | None:
    held = bucket.bucket(name)
    return None if held is None else texts(held)


def _container(key: str, bucket: Buckets | None) -> ContainerReferences:
    if bucket is None:
        return ContainerReferences(key, stored=False)
    config, damage = _document(bucket, "config", _CONTAINER, _ContainerConfig(), "it has no config")
    state, state_damage = _document(bucket, "state", _CONTAINER_STATE, _ContainerState(-1), "it has no state")
    return ContainerReferences(
        id=key,
        own_id=config.id,
        name=config.name,
        image=config.image,
        lock=config.lock,
        state=state.state,
        pod=config.pod,
        pod_key=text(bucket, "pod-id"),
        namespace=config.namespace,
        namespace_key=text(bucket, "namespace"),
        needs=config.needs,
        dependents=_pairs(bucket, "dependencies"),
        sessions=_pairs(bucket, "exec") or (),
        volumes=tuple(one.name for one in config.volumes or ()),
        damage=damage,
        state_damage=state_damage,
    )


def _pod(key: str, bucket: Buckets | None) -> PodReferences:
    if bucket is None:
        return PodReferences(key, stored=False)
    config, damage = _document(bucket, "config", _POD, _PodConfig(), "it has no config")
    state, state_damage = _document(bucket, "state", _POD_STATE, _PodState(), "it has no state")
    return PodReferences(
        id=key,
        own_id=config.id,
        name=config.name,
        lock=config.lock,
        namespace=config.namespace,
        namespace_key=text(bucket, "namespace"),
        members=_pairs(bucket, "containers"),
        infra=state.infra,
        damage=damage,
        state_damage=state_damage,
    )


def _volume(key: str, bucket: Buckets | None) -> VolumeReferences:
    if bucket is None:
        return VolumeReferences(key, stored=False)
    config, damage = _document(bucket, "config", _VOLUME, _VolumeConfig(), "it has no config")
    # Databases of old have volumes without a state.
    _, state_damage = _document(bucket, "state", _VOLUME_STATE, _VolumeState(), "")
    users = bucket.bucket("vol-dependencies")
    return VolumeReferences(
        name=key,
        own_name=config.name,
        lock=config.lock,
        driver=config.driver,
        users=None if users is None else keys(users),
        damage=damage,
        state_damage=state_damage,
    )
