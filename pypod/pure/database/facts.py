"""Facts of libpod's state database, and the changes that can be made to it, as data.

Keys and names are text (UTF-8, undecodable bytes as surrogate escapes); values are bytes.  The schema is that of
``libpod/boltdb_state.go``: eleven top-level buckets, a bucket for each container, pod and volume.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from msgspec import Struct

TOP_LEVEL: Final = (
    "id-registry",
    "name-registry",
    "ns-registry",
    "ctr",
    "all-ctrs",
    "pod",
    "allPods",
    "vol",
    "allVolumes",
    "exec",
    "runtime-config",
)
"""The buckets of a 3.4 database, in the order in which libpod makes them."""

At: TypeAlias = tuple[str, ...]
"""Where a bucket is: the names from the root down."""


class DatabaseFacts(Struct, frozen=True):
    """What construction asks a database: which buckets there are, and the ``runtime-config`` bucket.

    ``config`` is ``None`` where the bucket is missing.  ``txid`` is the transaction of the snapshot that was read,
    ``page_size`` and ``size`` are bytes.
    """

    txid: int
    page_size: int
    size: int
    buckets: tuple[str, ...]
    config: tuple[tuple[str, str], ...] | None


class ContainerFacts(Struct, frozen=True):
    """What lifecycle decisions need of a container: nothing of its specification or environment.

    ``state`` is libpod's number (3 running, 6 exited, ...), -1 where the state is missing.  ``damage`` is the text
    with which libpod leaves the object out (unreadable JSON, no configuration).  ``networks`` are the networks it joined
    with the addresses it got, for as many as have a result; ``mapped_root`` the host's ids of its root.  ``image`` is the
    name of its image and ``labels`` are what its events carry; ``private_pids``: it has a PID namespace of its own.
    """

    id: str
    name: str
    lock: int
    namespace: str = ""
    pod: str = ""
    runtime: str = ""
    state: int = 1
    pid: int = 0
    conmon_pid: int = 0
    networks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    mapped_root: tuple[int, int] | None = None
    stop_signal: int = 15
    stop_timeout: int = 10
    static_dir: str = ""
    conmon_pid_file: str = ""
    image: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    private_pids: bool = True
    no_cgroups: bool = False
    restart_policy: str = ""
    stopped_by_user: bool = False
    damage: str = ""
    state_damage: str = ""
    """Why its state cannot be read where it is there; the object is loaded all the same."""
    listed_only: bool = False
    """It is listed but has no bucket: then no object of its kind can be loaded."""


class PodFacts(Struct, frozen=True):
    """What lifecycle decisions need of a pod."""

    id: str
    name: str
    lock: int
    namespace: str = ""
    cgroup_parent: str = ""
    shares_cgroup: bool = False
    has_state: bool = True
    damage: str = ""
    state_damage: str = ""
    listed_only: bool = False


class VolumeFacts(Struct, frozen=True):
    """What lifecycle decisions need of a volume."""

    name: str
    lock: int
    driver: str = ""
    has_state: bool = True
    damage: str = ""
    listed_only: bool = False
    state_damage: str = ""


class StateObjects(Struct, frozen=True):
    """The objects of a database, each kind in the byte order of its keys.

    ``dangling`` are ids of the id registry that are neither a container nor a pod; ``unlisted_containers`` and
    ``unlisted_pods`` are in it but in no list, ``unregistered`` are listed but not in it.
    """

    containers: tuple[ContainerFacts, ...] = ()
    pods: tuple[PodFacts, ...] = ()
    volumes: tuple[VolumeFacts, ...] = ()
    dangling: tuple[str, ...] = ()
    exec_sessions: tuple[str, ...] = ()
    unlisted_containers: tuple[ContainerFacts, ...] = ()
    unlisted_pods: tuple[PodFacts, ...] = ()
    unregistered: tuple[str, ...] = ()


class Put(Struct, frozen=True, tag=True):
    """Set a key of the bucket ``at`` to ``value``."""

    at: At
    key: str
    value: bytes


class EditJson(Struct, frozen=True, tag=True):
    """Rewrite a JSON object under a key: fields set and fields dropped; everything else of it stays as it is."""

    at: At
    key: str
    set: tuple[tuple[str, Any], ...] = ()
    drop: tuple[str, ...] = ()


class Delete(Struct, frozen=True, tag=True):
    """Delete a key; an absent one is no failure."""

    at: At
    key: str


class MakeBucket(Struct, frozen=True, tag=True):
    """Make a bucket if it is missing."""

    at: At


class EmptyBucket(Struct, frozen=True, tag=True):
    """Delete every key of a bucket; the bucket stays.  A missing bucket is no failure."""

    at: At


class SetSequence(Struct, frozen=True, tag=True):
    """Set the number that a bucket counts with; libpod leaves it at 0."""

    at: At
    sequence: int


StateChange: TypeAlias = Put | EditJson | Delete | MakeBucket | EmptyBucket | SetSequence
"""A change to the database."""


class ExpectTxid(Struct, frozen=True, tag=True):
    """Nothing was committed since the transaction with this id."""

    txid: int


class ExpectValue(Struct, frozen=True, tag=True):
    """A key of the bucket ``at`` holds this value; ``None``: it is absent."""

    at: At
    key: str
    value: bytes | None


Expectation: TypeAlias = ExpectTxid | ExpectValue
"""What has to be so when a transaction begins, else nothing of it is done."""
