"""What looking into a state database answers: one set of records for ``bolt_state.db`` and for ``db.sql``.

Names and ids are text (undecodable bytes as surrogate escapes), times are libpod's own texts (RFC 3339, up to nine
fractional digits).  Only declared fields are decoded: nothing of a container's environment or its specification is in
these records, but for the whole :class:`Content`.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from pypod.pure.database.facts import At


class Backend(Enum):
    """libpod's name of a state database, as containers.conf's ``database_backend`` spells it."""

    BOLT = "boltdb"
    SQLITE = "sqlite"


class StateFile(Struct, frozen=True):
    """A database file as of the transaction that was read.

    Sizes are bytes; ``pages`` are those in use or free, ``free_pages`` those of them that are free.  ``txid`` is bolt's
    transaction id, ``schema`` the schema version of a ``db.sql``; each is 0 for the other kind.
    """

    backend: Backend
    size: int
    page_size: int
    pages: int
    free_pages: int
    txid: int = 0
    schema: int = 0


class Listed(Struct, frozen=True):
    """A container in the list of all containers: nothing of it is decoded."""

    id: str
    name: str


class PortRange(Struct, frozen=True):
    """Ports of the host that lead to ports of a container: ``count`` of them from these numbers on."""

    host_ip: str
    host_port: int
    container_port: int
    protocol: str
    count: int = 1


class ContainerRecord(Struct, frozen=True):
    """What ``ps`` shows of a container.

    ``state`` is libpod's number, -1 where it has none.  ``ranged``: the ports are in the form of libpod 4, which has
    ranges.  ``shares_network_of`` is the id of the container whose network namespace, and so whose ports, it uses.
    ``damage`` is the text with which libpod leaves it out.
    """

    id: str
    name: str = ""
    image: str = ""
    image_id: str = ""
    command: tuple[str, ...] | None = None
    created: str = ""
    state: int = -1
    started: str = ""
    finished: str = ""
    exit_code: int = 0
    exited: bool = False
    pid: int = 0
    pod: str = ""
    labels: tuple[tuple[str, str], ...] | None = None
    mounts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    bridged: bool = False
    ports: tuple[PortRange, ...] = ()
    ranged: bool = False
    shares_network_of: str = ""
    infra: bool = False
    auto_remove: bool = False
    namespace: str = ""
    damage: str = ""


class Containers(Struct, frozen=True):
    """The containers of a database in the byte order of their ids, and the names of its pods by id."""

    backend: Backend
    containers: tuple[ContainerRecord, ...] = ()
    pods: tuple[tuple[str, str], ...] = ()


Pairs = tuple[tuple[str, str], ...]
"""Keys and values of a bucket of texts, in byte order of the keys."""


class ContainerReferences(Struct, frozen=True):
    """What of a container refers to other things, or is referred to.

    ``stored``: it has a bucket (a row); everything else is empty where it has none.  ``needs`` are the containers that
    its configuration says it needs; ``dependents`` and ``sessions`` are its buckets of these names, ``None`` where there
    is none.  ``pod`` and ``namespace`` are the configuration's, ``pod_key`` and ``namespace_key`` what is stored beside.
    """

    id: str
    stored: bool = True
    own_id: str = ""
    name: str = ""
    image: str = ""
    lock: int = 0
    state: int = -1
    pod: str = ""
    pod_key: str = ""
    namespace: str = ""
    namespace_key: str = ""
    needs: tuple[str, ...] = ()
    dependents: Pairs | None = None
    sessions: Pairs = ()
    volumes: tuple[str, ...] = ()
    damage: str = ""
    state_damage: str = ""


class PodReferences(Struct, frozen=True):
    """The same of a pod; ``members`` is its bucket of containers, ``infra`` the id of its infra container."""

    id: str
    stored: bool = True
    own_id: str = ""
    name: str = ""
    lock: int = 0
    namespace: str = ""
    namespace_key: str = ""
    members: Pairs | None = None
    infra: str = ""
    damage: str = ""
    state_damage: str = ""


class VolumeReferences(Struct, frozen=True):
    """The same of a volume; ``users`` is its bucket of containers, in which libpod leaves ids of removed ones."""

    name: str
    stored: bool = True
    own_name: str = ""
    lock: int = 0
    driver: str = ""
    users: tuple[str, ...] | None = None
    damage: str = ""
    state_damage: str = ""


class References(Struct, frozen=True):
    """Everything in a database that refers to something else in it, and its configuration.

    The objects are all that are listed or stored.  ``ids``, ``names``, ``namespaces`` are the registries, ``containers_listed``
    and so on the lists of objects, ``sessions`` the container of each exec session.
    """

    file: StateFile
    buckets: tuple[str, ...] = ()
    config: Pairs | None = None
    ids: Pairs = ()
    names: Pairs = ()
    namespaces: Pairs = ()
    containers_listed: Pairs = ()
    pods_listed: Pairs = ()
    volumes_listed: Pairs = ()
    sessions: Pairs = ()
    containers: tuple[ContainerReferences, ...] = ()
    pods: tuple[PodReferences, ...] = ()
    volumes: tuple[VolumeReferences, ...] = ()


class Entry(Struct, frozen=True):
    """An entry of a bolt file: the bucket that it is in, its key, and its value, or a bucket's sequence."""

    at: At
    key: str
    value: bytes | None = None
    sequence: int = 0


class Cell(Struct, frozen=True):
    """A value of SQLite: its storage class (``null``, ``integer``, ``real``, ``text``, ``blob``) and its bytes; numbers
    are in decimal.
    """

    storage: str
    raw: bytes = b""


class Table(Struct, frozen=True):
    """A table of SQLite: the statement that makes it, its columns and rows, in the order of its primary key."""

    name: str
    sql: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()


class Content(Struct, frozen=True):
    """All that a database contains: the entries of a bolt file, each bucket before what is in it, or the tables of a
    ``db.sql`` by name, and the statements that make its other things (indexes, triggers, views).
    """

    file: StateFile
    entries: tuple[Entry, ...] = ()
    tables: tuple[Table, ...] = ()
    others: tuple[str, ...] = ()
    application_id: int = 0
    user_version: int = 0
