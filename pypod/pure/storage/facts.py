"""Facts of the store options: what storage.conf and the environment say before a store is opened."""

from __future__ import annotations

from msgspec import Struct
from pyrsistent import PMap, pmap

from pypod.pure.settings import BUILTIN, Origin
from pypod.pure.userns.facts import IdRange

RUN_ROOT = "/run/containers/storage"
"""Where the run root is without any configuration."""
GRAPH_ROOT = "/var/lib/containers/storage"
"""Where the graph root is without any configuration."""


class DroppedOption(Struct, frozen=True):
    """A store option that was set where containers/storage does not look, or that it drops, and why."""

    field: str
    value: object
    origin: Origin
    because: str


class StoreOptions(Struct, frozen=True):
    """containers/storage's ``StoreOptions``.

    ``graph_options`` is ``None`` where Go's list is nil: nothing was said; an empty tuple was said to be empty.
    ``origins`` tells of a field by name where its value comes from; a field that is not named there is built in.
    ``overrode`` are the values that a later source replaced, latest first; ``dropped`` those that never counted.
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
    pull_options: PMap[str, str] = pmap()
    disable_volatile: bool = False
    config_file: str = ""
    origins: PMap[str, Origin] = pmap()
    overrode: tuple[tuple[str, object, Origin], ...] = ()
    dropped: tuple[DroppedOption, ...] = ()

    def origin(self, field: str) -> Origin:
        """Where the value of a field comes from."""
        return self.origins.get(field, BUILTIN)
