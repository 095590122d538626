"""Facts of a user namespace: which ids stand for which, and what is executed in it."""

from __future__ import annotations

from typing import TypeAlias

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


class NewNamespace(Struct, frozen=True, tag=True):
    """A new user namespace, and a new mount namespace in it."""

    mappings: IdMappings


class NamespaceOf(Struct, frozen=True, tag=True):
    """The user and mount namespaces of a process."""

    pid: int


Namespace: TypeAlias = NewNamespace | NamespaceOf


class Reexec(Struct, frozen=True):
    """What leaving the process means: a command line, executed as root of a user namespace.

    ``environment`` are the variables that are set for it, above those of the process.  ``pause_path`` is where the id
    of a process is put that keeps the namespace alive; empty for none.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    namespace: Namespace
    pause_path: str = ""
