"""Facts of the store options: what storage.conf and the environment say before a store is opened."""

from __future__ import annotations

from typing import Any, Final, Self

import msgspec
from msgspec import Struct

from pypod.pure.facts import Diagnostic
from pypod.pure.settings import BUILTIN, Claim, Ignored, Origin
from pypod.pure.table import Table
from pypod.pure.userns.facts import IdRange

RUN_ROOT: Final = "/run/containers/storage"
"""Where the run root is without any configuration."""
GRAPH_ROOT: Final = "/var/lib/containers/storage"
"""Where the graph root is without any configuration."""
SYSTEM_FILE: Final = "/etc/containers/storage.conf"
"""The system's storage.conf: read first in any case."""


class StoreOptions(Struct, frozen=True):
    """containers/storage's ``StoreOptions``.

    ``graph_options`` is ``None`` where Go's list is nil: nothing was said; an empty tuple was said to be empty.
    ``config_file`` is the storage.conf that counts for this user, whether it exists or not.  ``claims`` is the history
    of the fields by name, the value in force last; a field that is not named there is built in.  ``ignored`` are values
    that were set where containers/storage does not look, or that it drops.
    """

    run_root: str = RUN_ROOT
    graph_root: str = GRAPH_ROOT
    rootless_storage_path: str = ""
    graph_driver: str = ""
    graph_options: tuple[str, ...] | None = None
    uid_map: tuple[IdRange, ...] = ()
    gid_map: tuple[IdRange, ...] = ()
    root_auto_userns_user: str = ""
    auto_userns_min_size: int = 0
    auto_userns_max_size: int = 0
    pull_options: Table[str, str] = Table()
    disable_volatile: bool = False
    config_file: str = SYSTEM_FILE
    claims: tuple[tuple[str, Claim], ...] = ()
    ignored: tuple[tuple[str, Ignored], ...] = ()

    def origin(self, field: str) -> Origin:
        """Where the value of a field comes from."""
        return next((claim.origin for name, claim in reversed(self.claims) if name == field), BUILTIN)

    def saying(self, field: str, value: Any, origin: Origin) -> Self:
        """With another value of a field, from this origin."""
        changed: dict[str, Any] = {field: value, "claims": (*self.claims, (field, Claim(value, origin)))}
        return msgspec.structs.replace(self, **changed)

    def ignoring(self, field: str, value: Any, origin: Origin, because: str) -> Self:
        """With a note that a value was set but does not count."""
        return msgspec.structs.replace(self, ignored=(*self.ignored, (field, Ignored(value, origin, because))))


class StorageVariables(Struct, frozen=True):
    """The environment variables of containers/storage; ``None`` where absent, and an empty one is present.

    ``config`` is CONTAINERS_STORAGE_CONF, ``driver`` STORAGE_DRIVER, ``options`` STORAGE_OPTS.
    """

    config: str | None = None
    driver: str | None = None
    options: str | None = None


class StorageUser(Struct, frozen=True):
    """Whose store it is, as one of the two rootless probes sees it: rootless, and the id outside the namespace."""

    rootless: bool = False
    uid: int = 0

    @property
    def has_own_store(self) -> bool:
        """Whether paths are the user's own; root in a namespace without capabilities still uses the system's."""
        return self.rootless and self.uid != 0


class SubordinateFiles(Struct, frozen=True):
    """The files that ``remap-user`` is looked up in, each as its content or the host's refusal in Go's words."""

    users: str = ""
    subuid: str = ""
    subgid: str = ""
    subuid_refusal: str = ""
    subgid_refusal: str = ""


class Parsed(Struct, frozen=True):
    """The outcome of reading a storage.conf: the options, and what was said on the way."""

    options: StoreOptions
    said: tuple[Diagnostic, ...] = ()
