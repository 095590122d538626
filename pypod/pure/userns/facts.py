"""Facts of a user namespace: which ids stand for which."""

from __future__ import annotations

from msgspec import Struct


class IdRange(Struct, frozen=True):
    """``length`` ids from ``inside`` on stand for as many from ``outside`` on; a line of ``uid_map``."""

    inside: int
    outside: int
    length: int


class IdMappings(Struct, frozen=True):
    """The maps to be written for a new namespace.

    A map with more than the process's own id is written by ``newuidmap`` and ``newgidmap``, whose paths are given
    (empty: a single mapping, written without them).
    """

    uids: tuple[IdRange, ...]
    gids: tuple[IdRange, ...]
    newuidmap: str = ""
    newgidmap: str = ""
