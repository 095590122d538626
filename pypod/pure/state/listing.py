"""The containers of a database, as far as ``ps`` shows them: only the declared fields are decoded."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct, field
from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import Buckets, name_of
from pypod.pure.failure import Internal
from pypod.pure.state.facts import Backend, ContainerRecord, Containers, Listed, Pairs, PortRange

T = TypeVar("T")

_AUTO_REMOVE = "io.podman.annotations.autoremove"


class _Annotations(Struct, frozen=True):
    auto_remove: str = field(default="", name=_AUTO_REMOVE)


class _Spec(Struct, frozen=True):
    annotations: _Annotations | None = None


class _Port(Struct, frozen=True):
    """A port of libpod 3."""

    host_ip: str = field(default="", name="hostIP")
    host_port: int = field(default=0, name="hostPort")
    container_port: int = field(default=0, name="containerPort")
    protocol: str = ""


class _RangedPort(Struct, frozen=True):
    """A port of libpod 4."""

    host_ip: str = ""
    host_port: int = 0
    container_port: int = 0
    protocol: str = ""
    range: int = 1


class _Config(Struct, frozen=True):
    name: str = ""
    pod: str = ""
    image: str = field(default="", name="rootfsImageName")
    image_id: str = field(default="", name="rootfsImageID")
    command: tuple[str, ...] | None = None
    created: str = field(default="", name="createdTime")
    labels: dict[str, str] | None = None
    user_volumes: tuple[str, ...] | None = field(default=None, name="userVolumes")
    networks: tuple[str, ...] | None = None
    network_mode: str = field(default="", name="networkMode")
    create_network: bool = field(default=False, name="createNetNS")
    network_of: str = field(default="", name="netNsCtr")
    ports: tuple[_Port, ...] | None = field(default=None, name="portMappings")
    ranged_ports: tuple[_RangedPort, ...] | None = field(default=None, name="newPortMappings")
    infra: bool = field(default=False, name="pause")
    spec: _Spec | None = None


class _State(Struct, frozen=True):
    state: int = 0
    started: str = field(default="", name="startedTime")
    finished: str = field(default="", name="finishedTime")
    exit_code: int = field(default=0, name="exitCode")
    exited: bool = False
    pid: int = 0


_CONFIG = msgspec.json.Decoder(_Config)
_STATE = msgspec.json.Decoder(_State)


def decoded(raw: bytes, decoder: msgspec.json.Decoder[T]) -> Result[T, str]:
    """The declared fields of a JSON object, or why it is none."""
    try:
        return Success(decoder.decode(raw))
    except (ValueError, RecursionError) as error:
        return Failure(str(error))


def inside(buckets: Buckets | None, name: str) -> Buckets | None:
    """A bucket in a bucket that may be missing."""
    return None if buckets is None else buckets.bucket(name)


def texts(bucket: Buckets | None) -> Pairs:
    """The plain keys of a bucket of texts, with their values."""
    return () if bucket is None else tuple((name, name_of(value)) for name, value in bucket.plain())


def keys(bucket: Buckets | None) -> tuple[str, ...]:
    """The keys of a bucket."""
    return () if bucket is None else tuple(name for name, _ in bucket.names())


def text(bucket: Buckets, name: str) -> str:
    """The text under a key, empty where there is none."""
    return name_of(bucket.get(name) or b"")


def listed(buckets: Buckets) -> tuple[Listed, ...]:
    """The ids and names in the list of all containers, in byte order of the ids."""
    return tuple(Listed(key, name) for key, name in texts(buckets.bucket("all-ctrs")))


def containers_of(buckets: Buckets, backend: Backend) -> Containers:
    """The containers that are listed, as ``AllContainers`` finds them, and the names of the pods."""
    stored = buckets.bucket("ctr")
    return Containers(
        backend,
        tuple(_container(key, inside(stored, key)) for key in keys(buckets.bucket("all-ctrs"))),
        texts(buckets.bucket("allPods")),
    )


def _container(key: str, bucket: Buckets | None) -> ContainerRecord:
    if bucket is None:
        missing = f"state is inconsistent - container ID {key} in all containers, but container not found"
        return ContainerRecord(key, damage=Internal.saying(missing).message)
    raw = bucket.get("config")
    if raw is None:
        return ContainerRecord(key, damage=Internal.saying(f"container {key} missing config key in DB").message)
    config = decoded(raw, _CONFIG)
    if isinstance(config, Failure):
        return ContainerRecord(key, damage=f"error unmarshalling container {key} config: {config.failure()}")
    raw = bucket.get("state")
    if raw is None:
        return ContainerRecord(key, damage=Internal.saying(f"container {key} does not have a state key in DB").message)
    state = decoded(raw, _STATE)
    if isinstance(state, Failure):
        return ContainerRecord(key, damage=f"error unmarshalling container {key} state: {state.failure()}")
    return _record(key, bucket, config.unwrap(), state.unwrap())


def _record(key: str, bucket: Buckets, config: _Config, state: _State) -> ContainerRecord:
    annotations = config.spec.annotations if config.spec else None
    joined = keys(bucket.bucket("networks")) or tuple(config.networks or ())
    return ContainerRecord(
        id=key,
        name=config.name,
        image=config.image,
        image_id=config.image_id,
        command=config.command,
        created=config.created,
        state=state.state,
        started=state.started,
        finished=state.finished,
        exit_code=state.exit_code,
        exited=state.exited,
        pid=state.pid,
        pod=config.pod,
        labels=None if config.labels is None else tuple(config.labels.items()),
        mounts=config.user_volumes or (),
        networks=joined,
        bridged=config.create_network and config.network_mode == "bridge",
        ports=_ports(config),
        ranged=config.ranged_ports is not None,
        shares_network_of=config.network_of,
        infra=config.infra,
        auto_remove=annotations is not None and annotations.auto_remove == "TRUE",
        namespace=text(bucket, "namespace"),
    )


def _ports(config: _Config) -> tuple[PortRange, ...]:
    if config.ranged_ports is not None:
        return tuple(
            PortRange(one.host_ip, one.host_port, one.container_port, one.protocol, max(one.range, 1))
            for one in config.ranged_ports
        )
    return tuple(PortRange(one.host_ip, one.host_port, one.container_port, one.protocol) for one in config.ports or ())
