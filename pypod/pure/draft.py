"""The draft: the runtime as far as it is known.

Stages go from draft to draft; each fills in what it is named after.  At the end of construction the draft is the
runtime's description.  A field that no stage has filled yet holds its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from pypod.pure.configured import Configured
from pypod.pure.database.facts import DatabaseFacts
from pypod.pure.facts import Handle
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.options.option import RuntimeOption
from pypod.pure.settings import Key, Origin, Settings, T
from pypod.pure.store.facts import Store
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.table import Table


class Request(Struct, frozen=True):
    """What is asked for.

    ``command``: ``construction``, or the Podman command whose runtime is built (``info``, ``container exists``,
    ``system renumber``, ``system migrate``, ``ps``, ...).  ``options`` are applied as they stand.  ``flags`` are
    Podman's global flags as given, in order, name and value; the options stage turns them into options as Podman does.
    ``arguments`` are the command's own words.  ``backup`` is where the database is copied to before locks are renumbered or
    containers migrated; empty: it is not, as in libpod.
    """

    command: str = "construction"
    options: tuple[RuntimeOption, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    backup: str = ""


class Locks(Struct, frozen=True):
    """The lock manager in use: a mapped segment (``shm``) or a directory of lock files (``file``)."""

    kind: str
    subject: str
    handle: Handle | None = None
    maximum: int = 0


class Draft(Struct, frozen=True):
    """The runtime so far."""

    request: Request = Request()
    surroundings: Surroundings = Surroundings()
    configured: Configured = Configured()
    options: tuple[RuntimeOption, ...] = ()
    """What is to be applied: the request's own options, and those that its flags make."""
    conmon_path: str = ""
    conmon_version: str = ""
    database_path: str = ""
    database: DatabaseFacts | None = None
    store: Store | None = None
    events_logger: str = ""
    runtimes: Table[str, OciRuntime] = Table()
    runtimes_left_out: Table[str, str] = Table()
    """Why configured runtimes are not among them, by name."""
    runtimes_missing: frozenset[str] = frozenset()
    """Runtimes of containers that are not there; of each it was said, once in the process."""
    default_runtime: OciRuntime | None = None
    alive: Handle | None = None
    refresh: bool = False
    locks: Locks | None = None
    info: Mapping[str, Any] = Table()
    status: int = 0
    """The exit status of the command: 1 for ``exists`` of what is not there."""

    @property
    def settings(self) -> Settings:
        return self.configured.settings

    def setting(self, key: Key[T]) -> T:
        """The value of a setting in force."""
        return self.configured.settings.get(key)

    def claim(self, key: Key[T], value: T, origin: Origin) -> Draft:
        """With one more claim on a setting."""
        return self.with_settings(self.settings.claim(key, value, origin))

    def with_settings(self, settings: Settings) -> Draft:
        """With these settings."""
        return self.with_configured(msgspec.structs.replace(self.configured, settings=settings))

    def with_configured(self, configured: Configured) -> Draft:
        """With this configuration."""
        return msgspec.structs.replace(self, configured=configured)
