"""What a database holds, read as libpod reads it: the runtime configuration, and the objects by their declared fields.

Works over anything that is a bucket: the tree of a described host, or a file's snapshot, of which only what is asked
for is read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Struct, field
from returns.result import Failure, Result, Success

from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import Snapshot, view
from pypod.pure.database.buckets import BoltBuckets, Buckets, name_of
from pypod.pure.database.facts import ContainerFacts, PodFacts, StateObjects, VolumeFacts
from pypod.pure.database.file import Database
from pypod.pure.database.json_errors import complaint, is_null
from pypod.pure.database.tree import Tree
from pypod.pure.failure import DatabaseUnreadable, Internal, Problem

T = TypeVar("T")


class _IdMap(Struct, frozen=True):
    container: int = field(default=0, name="container_id")
    host: int = field(default=0, name="host_id")


class _IdMappings(Struct, frozen=True):
    uids: list[_IdMap] | None = field(default=None, name="UIDMap")
    gids: list[_IdMap] | None = field(default=None, name="GIDMap")


class _LinuxNamespace(Struct, frozen=True):
    type: str = ""


class _Linux(Struct, frozen=True):
    namespaces: list[_LinuxNamespace] | None = None


class _Spec(Struct, frozen=True):
    linux: _Linux | None = None


class _ContainerConfig(Struct, frozen=True):
    name: str = ""
    lock: int = field(default=0, name="lockID")
    pod: str = ""
    runtime: str = ""
    mappings: _IdMappings | None = field(default=None, name="idMappingsOptions")
    networks: list[str] | None = None
    network_mode: str = field(default="", name="networkMode")
    stop_signal: int = field(default=0, name="stopSignal")
    stop_timeout: int = field(default=0, name="stopTimeout")
    static_dir: str = field(default="", name="staticDir")
    conmon_pid_file: str = field(default="", name="conmonPidFile")
    image: str = field(default="", name="rootfsImageName")
    labels: dict[str, str] | None = None
    spec: _Spec | None = None
    no_cgroups: bool = field(default=False, name="noCgroups")
    restart_policy: str = ""


class _Address(Struct, frozen=True):
    address: str = ""


class _NetworkResult(Struct, frozen=True):
    ips: list[_Address] | None = None


class _ContainerState(Struct, frozen=True):
    state: int = 0
    pid: int = 0
    conmon_pid: int = field(default=0, name="conmonPid")
    results: list[_NetworkResult] | None = field(default=None, name="networkResults")
    stopped_by_user: bool = field(default=False, name="stoppedByUser")


class _PodConfig(Struct, frozen=True):
    name: str = ""
    lock: int = field(default=0, name="lockID")
    cgroup_parent: str = field(default="", name="cgroupParent")
    shares_cgroup: bool = field(default=False, name="sharesCgroup")


class _PodState(Struct, frozen=True):
    cgroup_path: str = field(default="", name="cgroupPath")


class _VolumeConfig(Struct, frozen=True):
    lock: int = field(default=0, name="lockID")
    driver: str = field(default="", name="volumeDriver")


class _VolumeState(Struct, frozen=True):
    mount_count: int = field(default=0, name="mountCount")


def _decoded(raw: bytes, declared: type[T]) -> Result[T, str]:
    """The declared fields of a JSON object, or why it is none."""
    try:
        return Success(msgspec.json.decode(b"{}" if is_null(raw) else raw, type=declared))
    except (ValueError, RecursionError) as error:
        return Failure(complaint(raw, str(error)))


def objects_of_tree(tree: Tree) -> StateObjects:
    """The objects of a described database."""
    return objects_of(tree)


def objects_of_database(database: Database) -> StateObjects:
    """The objects of a file that is held whole."""
    return _objects_before(database) if database.small else _objects(database)


def _objects(database: Database) -> StateObjects:
    return objects_of_tree(database.tree)


_objects_before = lru_cache(maxsize=64)(_objects)


def objects_of_snapshot(snapshot: Snapshot) -> Result[StateObjects, BoltError]:
    """The objects of a file."""
    return view(snapshot, lambda root: objects_of(BoltBuckets(root)))


def container_of(buckets: Buckets, key: str) -> ContainerFacts | None:
    """One container; ``None`` where it has no bucket."""
    bucket = _inside(buckets.bucket("ctr"), key)
    return None if bucket is None else _container(key, bucket)


def container_of_snapshot(snapshot: Snapshot, key: str) -> Result[ContainerFacts | None, BoltError]:
    """One container of a file."""
    return view(snapshot, lambda root: container_of(BoltBuckets(root), key))


def objects_of(buckets: Buckets) -> StateObjects:
    """The containers, pods and volumes that are listed, each with its configuration and what matters of its state."""
    containers, pods = buckets.bucket("ctr"), buckets.bucket("pod")
    volumes = buckets.bucket("vol")
    registered, listed, listed_pods = (_names(buckets, name) for name in ("id-registry", "all-ctrs", "allPods"))
    known = {*listed, *listed_pods}
    others = tuple(key for key in registered if key not in known)
    other_containers = tuple(key for key in others if _inside(containers, key) is not None)
    other_pods = tuple(key for key in others if key not in other_containers and _inside(pods, key) is not None)
    held = tuple(_container(key, _inside(containers, key)) for key in listed)
    # Most that is registered was found by now.
    found = {one.id for one in held if not one.listed_only}
    unfound = [key for key in registered if key not in found]
    return StateObjects(
        containers=held,
        pods=tuple(_pod(key, _inside(pods, key)) for key in listed_pods),
        volumes=tuple(_volume(name, _inside(volumes, name)) for name in _names(buckets, "allVolumes")),
        dangling=tuple(key for key in unfound if _inside(containers, key) is None and _inside(pods, key) is None),
        exec_sessions=_names(buckets, "exec"),
        unlisted_containers=tuple(_container(key, _inside(containers, key)) for key in other_containers),
        unlisted_pods=tuple(_pod(key, _inside(pods, key)) for key in other_pods),
        unregistered=tuple(sorted(known.difference(registered))),
    )


def _names(buckets: Buckets, name: str) -> tuple[str, ...]:
    listed = buckets.bucket(name)
    return () if listed is None else tuple(name for name, _ in listed.names())


def _inside(buckets: Buckets | None, name: str) -> Buckets | None:
    return None if buckets is None else buckets.bucket(name)


def _text(bucket: Buckets, name: str) -> str:
    return name_of(bucket.get(name) or b"")


def _read(raw: bytes | None, declared: type[T], missing: str, unreadable: str, subject: str) -> Result[T, Problem]:
    """A document of an object, or libpod's error about it."""
    if raw is None:
        return Failure(Internal.saying(missing, subject))
    return _decoded(raw, declared).alt(lambda why: DatabaseUnreadable(f"{unreadable}: {why}", subject))


def container_document(key: str, bucket: Buckets, declared: type[T]) -> Result[T, Problem]:
    """The declared fields of a container's configuration (``getContainerConfigFromDB``)."""
    missing, unreadable = f"container {key} missing config key in DB", f"error unmarshalling container {key} config"
    return _read(bucket.get("config"), declared, missing, unreadable, key)


def pod_document(key: str, bucket: Buckets, declared: type[T]) -> Result[T, Problem]:
    """The declared fields of a pod's configuration (``getPodFromDB``)."""
    missing = f"pod {key} is missing configuration key in DB"
    return _read(bucket.get("config"), declared, missing, f"error unmarshalling pod {key} config from DB", key)


def volume_document(name: str, bucket: Buckets, declared: type[T]) -> Result[T, Problem]:
    """The declared fields of a volume's configuration (``getVolumeFromDB``)."""
    missing = f"volume {name} is missing configuration key in DB"
    return _read(bucket.get("config"), declared, missing, f"error unmarshalling volume {name} config from DB", name)


def state_document(raw: bytes, declared: type[T], unreadable: str, subject: str) -> Result[T, Problem]:
    """The declared fields of a state; ``unreadable`` is what libpod says of one that cannot be read."""
    return _read(raw, declared, "", unreadable, subject)


def container_lost(key: str) -> Problem:
    """A container that is listed but has no bucket (``AllContainers``)."""
    text = f"state is inconsistent - container ID {key} in all containers, but container not found"
    return Internal.saying(text, key, diagnosis="DB-07")


def pod_lost(key: str) -> Problem:
    """A pod that is listed but has no bucket (``AllPods``)."""
    text = f"inconsistency in state - pod {key} is in all pods bucket but pod not found"
    return Internal.saying(text, key, diagnosis="DB-07")


def volume_lost(name: str) -> Problem:
    """A volume that is listed but has no bucket (``AllVolumes``)."""
    text = f"inconsistency in state - volume {name} is in all volumes bucket but volume not found"
    return Internal.saying(text, name, diagnosis="DB-07")


def _container(key: str, bucket: Buckets | None) -> ContainerFacts:
    if bucket is None:
        return ContainerFacts(key, "", 0, state=-1, damage=container_lost(key).message, listed_only=True)
    namespace = _text(bucket, "namespace")
    read = container_document(key, bucket, _ContainerConfig)
    config = read.value_or(_ContainerConfig())
    raw = bucket.get("state")
    state = Success(_ContainerState(state=-1)) if raw is None else _decoded(raw, _ContainerState)
    known = state.value_or(_ContainerState(state=-1))
    return ContainerFacts(
        id=key,
        name=config.name,
        lock=config.lock,
        namespace=namespace,
        pod=config.pod,
        runtime=config.runtime,
        state=known.state,
        pid=known.pid,
        conmon_pid=known.conmon_pid,
        networks=_networks(bucket, config, known),
        mapped_root=_mapped_root(config.mappings),
        stop_signal=config.stop_signal or 15,
        stop_timeout=config.stop_timeout,
        static_dir=config.static_dir,
        conmon_pid_file=config.conmon_pid_file,
        image=config.image,
        labels=tuple(sorted((config.labels or {}).items())),
        private_pids=_private_pids(config.spec),
        no_cgroups=config.no_cgroups,
        restart_policy=config.restart_policy,
        stopped_by_user=known.stopped_by_user,
        damage=_said(read),
        state_damage=_failure(state),
    )


def _said(result: Result[T, Problem]) -> str:
    return result.failure().message if isinstance(result, Failure) else ""


def _private_pids(spec: _Spec | None) -> bool:
    """Whether the specification asks for a PID namespace (``Container.hasNamespace``)."""
    asked = (spec.linux.namespaces or ()) if spec is not None and spec.linux is not None else ()
    return any(one.type == "pid" for one in asked)


def _failure(result: Result[T, str]) -> str:
    return result.failure() if isinstance(result, Failure) else ""


def _networks(
    bucket: Buckets, config: _ContainerConfig, state: _ContainerState
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The networks joined, in byte order of their names, with the addresses that the state remembers for them."""
    joined = _names(bucket, "networks") or tuple(config.networks or ())
    results = [_addresses(result) for result in state.results or ()]
    if not joined and results:
        joined = ("",)
    width = max(len(joined), len(results))
    names = (*joined, *("",) * (width - len(joined)))
    return tuple((name, results[index] if index < len(results) else ()) for index, name in enumerate(names))


def _addresses(result: _NetworkResult) -> tuple[str, ...]:
    return tuple(ip.address.partition("/")[0] for ip in result.ips or ())


def _mapped_root(mappings: _IdMappings | None) -> tuple[int, int] | None:
    """The host's ids of the container's root (``RootUID``, ``RootGID``); ``None`` without any mapping."""
    if mappings is None or not (mappings.uids or mappings.gids):
        return None
    return _host_root(mappings.uids), _host_root(mappings.gids)


def _host_root(mapping: list[_IdMap] | None) -> int:
    return next((entry.host for entry in mapping or () if entry.container == 0), 0)


def _pod(key: str, bucket: Buckets | None) -> PodFacts:
    if bucket is None:
        return PodFacts(key, "", 0, has_state=False, damage=pod_lost(key).message, listed_only=True)
    read = pod_document(key, bucket, _PodConfig)
    config = read.value_or(_PodConfig())
    raw = bucket.get("state")
    return PodFacts(
        id=key,
        name=config.name,
        lock=config.lock,
        namespace=_text(bucket, "namespace"),
        cgroup_parent=config.cgroup_parent,
        shares_cgroup=config.shares_cgroup,
        has_state=raw is not None,
        damage=_said(read),
        state_damage="" if raw is None else _failure(_decoded(raw, _PodState)),
    )


def _volume(name: str, bucket: Buckets | None) -> VolumeFacts:
    if bucket is None:
        return VolumeFacts(name, 0, has_state=False, damage=volume_lost(name).message, listed_only=True)
    read = volume_document(name, bucket, _VolumeConfig)
    config = read.value_or(_VolumeConfig())
    raw = bucket.get("state")
    unreadable = "" if raw is None else _failure(_decoded(raw, _VolumeState))
    state_damage = f"error unmarshalling volume {name} state from DB: {unreadable}" if unreadable else ""
    return VolumeFacts(
        name, config.lock, config.driver, raw is not None, _said(read) or state_damage, state_damage=unreadable
    )
