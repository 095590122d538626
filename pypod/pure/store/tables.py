"""The tables of a store: images, containers, layers and mounts (JSON arrays that containers/storage writes).

A table that cannot be parsed counts as empty, without a word, as in libpod.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.failure import HostError, Problem, Refused, StoreRefused

T = TypeVar("T")


class Named(Struct, frozen=True):
    """An image, a layer or a container of a table: as much as construction asks for."""

    id: str = ""
    names: tuple[str, ...] | None = None


class Mount(Struct, frozen=True):
    """A mounted layer, where it is mounted and how often."""

    id: str = ""
    path: str = ""
    count: int = 0


def _rows(content: bytes, row: type[T]) -> tuple[T, ...]:
    try:
        return msgspec.json.decode(content, type=tuple[row, ...] | None) or ()  # type: ignore[valid-type]
    except (msgspec.MsgspecError, RecursionError):
        return ()


def named(content: bytes) -> tuple[Named, ...]:
    """The rows of ``images.json``, ``layers.json`` or ``containers.json``."""
    return _rows(content, Named)


def mounts(content: bytes) -> tuple[Mount, ...]:
    """The rows of ``mountpoints.json``."""
    return _rows(content, Mount)


def content_of(answer: Result[bytes, HostError]) -> Result[bytes, Problem]:
    """A table's content: a missing file is empty, an unreadable one a failure in the kernel's words."""
    if not isinstance(answer, Failure):
        return Success(answer.unwrap())
    error = answer.failure()
    if error.errno == errno.ENOENT:
        return Success(b"")
    return Failure(Refused(error.message, error.subject, cause=error))


def read_only_conflict(content: bytes, what: str) -> Result[None, Problem]:
    """A name that two rows of a read-only table have: nobody may set that right.  ``what``: ``image`` or ``layer``."""
    seen: set[str] = set()
    for name in (name for row in named(content) for name in row.names or ()):
        if name in seen:
            text = f"read-only {what} store assigns the same name to multiple {what}s"
            return Failure(StoreRefused(text, name))
        seen.add(name)
    return Success(None)


def count(contents: Iterable[bytes]) -> int:
    """How many different objects tables hold: what ``info`` shows as the number of images."""
    return len({row.id for content in contents for row in named(content)})


def mounted_layers(content: bytes) -> tuple[str, ...]:
    """The layers that are mounted, by id."""
    return tuple(mount.id for mount in mounts(content) if mount.count > 0)


def without_mount(content: bytes, layer: str) -> bytes:
    """``mountpoints.json`` once a layer is not mounted any more, as containers/storage writes it (``saveMounts``)."""
    left = tuple(mount for mount in mounts(content) if mount.id != layer and mount.path and mount.count > 0)
    return msgspec.json.encode(left)


def in_use(layers: tuple[str, ...]) -> Problem | None:
    """Why a store with mounted layers is not shut down (``ErrLayerUsedByContainer``)."""
    if not layers:
        return None
    return StoreRefused("A layer is mounted: layer is in use by a container", layers[0])
