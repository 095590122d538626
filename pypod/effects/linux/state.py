"""Looking into a state database that podman may be writing at this moment, whichever kind it is.

What reads the newer kind, and SQLite with it, is loaded where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from returns.result import Failure, Result

from pypod.effects.linux.database import open_quietly, read_snapshot
from pypod.effects.linux.refusal import asked
from pypod.pure.bolt.errors import BoltError
from pypod.pure.bolt.snapshot import Snapshot
from pypod.pure.failure import HostError
from pypod.pure.state.choice import SQLITE_MAGIC, SQLITE_NAME
from pypod.pure.state.facts import Containers, Content, Listed, References
from pypod.pure.state.reading import containers_in, content_in, damage_in, listed_in, references_in

if TYPE_CHECKING:
    from pypod.effects.linux.newer_state import NewerState

T = TypeVar("T")


class LinuxState:
    """The observing half of the state for a Linux machine."""

    def list_containers(self, path: str, /) -> Result[tuple[Listed, ...], HostError]:
        return _read(path, listed_in, lambda newer: newer.list_containers(path))

    def read_containers(self, path: str, /) -> Result[Containers, HostError]:
        return _read(path, containers_in, lambda newer: newer.read_containers(path))

    def read_references(self, path: str, /) -> Result[References, HostError]:
        return _read(path, references_in, lambda newer: newer.read_references(path))

    def check_pages(self, path: str, /) -> Result[tuple[str, ...], HostError]:
        return _read(path, damage_in, lambda newer: newer.check_pages(path))

    def read_content(self, path: str, /) -> Result[Content, HostError]:
        return _read(path, content_in, lambda newer: newer.read_content(path))


def _read(
    path: str,
    of_bolt: Callable[[Snapshot], Result[T, BoltError]],
    of_sqlite: Callable[[NewerState], Result[T, HostError]],
) -> Result[T, HostError]:
    first = asked("open", path, lambda: _first_bytes(path))
    if isinstance(first, Failure):
        return first
    if first.unwrap() == SQLITE_MAGIC or (not first.unwrap() and path.endswith(SQLITE_NAME)):
        from pypod.effects.linux.newer_state import NewerState

        return of_sqlite(NewerState())
    return read_snapshot(path, of_bolt)


def _first_bytes(path: str) -> bytes:
    descriptor = open_quietly(path)
    try:
        return os.pread(descriptor, len(SQLITE_MAGIC), 0)
    finally:
        os.close(descriptor)
