"""Containers, pods and volumes as values: a JSON document, whole as the database keeps it, and its declared fields.

An object that is to be added or rewritten is made of the fields of its configuration: of new ones, or of those that were
read, changed: ``container(web.document.fields() | {"labels": {"a": "b"}})``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, field
from returns.result import Failure, Result, Success

from pypod.pure.database.tree import go_json
from pypod.pure.failure import InvalidArgument, Problem

T = TypeVar("T")


class Document(Struct, frozen=True):
    """A JSON object, as bytes."""

    raw: bytes

    def fields(self) -> dict[str, Any]:
        """Its fields; none where it is ``null`` or cannot be read."""
        try:
            return msgspec.json.decode(self.raw, type=dict[str, Any])
        except (ValueError, RecursionError):
            return {}

    def over(self, stored: bytes, known: frozenset[str]) -> bytes:
        """In place of a stored document: with those fields of it that are not among the ``known`` ones."""
        fields = self.fields()
        kept = {name: held for name, held in Document(stored).fields().items() if name not in {*known, *fields}}
        return go_json(fields | kept) if kept else self.raw


def document_of(fields: Mapping[str, Any]) -> Document:
    """A document as libpod writes it: compact, with Go's escapes."""
    return Document(go_json(dict(fields)))


class NamedVolume(Struct, frozen=True):
    """A volume that a container uses."""

    name: str = field(default="", name="volumeName")


class ContainerConfig(Struct, frozen=True):
    """What of a container's configuration refers to other things."""

    id: str = ""
    name: str = ""
    image: str = field(default="", name="rootfsImageName")
    lock: int = field(default=0, name="lockID")
    pod: str = ""
    namespace: str = ""
    dependencies: tuple[str, ...] | None = field(default=None, name="Dependencies")
    volumes: tuple[NamedVolume, ...] | None = field(default=None, name="namedVolumes")
    ipc: str = field(default="", name="ipcNsCtr")
    mount: str = field(default="", name="mountNsCtr")
    network: str = field(default="", name="netNsCtr")
    pid: str = field(default="", name="pidNsCtr")
    user: str = field(default="", name="userNsCtr")
    uts: str = field(default="", name="utsNsCtr")
    cgroup: str = field(default="", name="cgroupNsCtr")
    networks: tuple[str, ...] | None = None
    aliases: dict[str, tuple[str, ...] | None] | None = field(default=None, name="network_alises")

    @property
    def needs(self) -> tuple[str, ...]:
        """The containers that it needs, each once, in byte order: libpod's ``Dependencies``."""
        shared = (self.ipc, self.mount, self.network, self.pid, self.user, self.uts, self.cgroup)
        return tuple(sorted({one for one in (*shared, *(self.dependencies or ())) if one}))


class PodConfig(Struct, frozen=True):
    """The same of a pod's."""

    id: str = ""
    name: str = ""
    namespace: str = ""
    lock: int = field(default=0, name="lockID")


class VolumeConfig(Struct, frozen=True):
    """The same of a volume's."""

    name: str = ""
    driver: str = field(default="", name="volumeDriver")
    lock: int = field(default=0, name="lockID")


class Container(Struct, frozen=True):
    """A container: its configuration.  Its state is asked for by itself, as in libpod."""

    config: ContainerConfig
    document: Document

    @property
    def id(self) -> str:
        return self.config.id

    @property
    def name(self) -> str:
        return self.config.name


class Pod(Struct, frozen=True):
    """A pod: its configuration."""

    config: PodConfig
    document: Document

    @property
    def id(self) -> str:
        return self.config.id

    @property
    def name(self) -> str:
        return self.config.name


class Volume(Struct, frozen=True):
    """A volume: its configuration, and its state, empty where old databases have none."""

    config: VolumeConfig
    document: Document
    state: Document | None = None

    @property
    def name(self) -> str:
        return self.config.name


class ContainerState(Struct, frozen=True):
    """A container's state, and the path of its network namespace, which libpod keeps beside it; empty for none."""

    document: Document
    network_namespace: str = ""


def container(configuration: Mapping[str, Any]) -> Result[Container, Problem]:
    """A container of a configuration (``docs`` of libpod's ContainerConfig); ErrInvalidArg where a declared field has
    another type than libpod's.
    """
    document = document_of(configuration)
    return _declared(document, ContainerConfig).map(lambda config: Container(config, document))


def pod(configuration: Mapping[str, Any]) -> Result[Pod, Problem]:
    """A pod of a configuration; ErrInvalidArg as for a container."""
    document = document_of(configuration)
    return _declared(document, PodConfig).map(lambda config: Pod(config, document))


def volume(configuration: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> Result[Volume, Problem]:
    """A volume of a configuration and a state, which may be missing; ErrInvalidArg as for a container."""
    document = document_of(configuration)
    held = None if state is None else document_of(state)
    return _declared(document, VolumeConfig).map(lambda config: Volume(config, document, held))


def _declared(document: Document, declared: type[T]) -> Result[T, Problem]:
    try:
        return Success(msgspec.json.decode(document.raw, type=declared))
    except msgspec.ValidationError as error:
        return Failure(InvalidArgument.saying(str(error)))


NEW_CONTAINER: Final = document_of(
    {"state": 1, "startedTime": "0001-01-01T00:00:00Z", "finishedTime": "0001-01-01T00:00:00Z"}
)
"""The state of a container that was just configured."""
NEW_POD: Final = document_of({"cgroupPath": "", "InfraContainerID": ""})
"""The state of a pod that was just made."""
NEW_VOLUME: Final = document_of({"mountCount": 0})
"""The state of a volume that was just made."""
