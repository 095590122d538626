"""WithStorageConfig: the one option that protects what it sets from the database (``libpod/options.go``)."""

from __future__ import annotations

from typing import Any

import msgspec
from returns.result import Result, Success

from pypod.pure.configuration.keys import (
    GID_MAP,
    GRAPH_DRIVER,
    GRAPH_OPTIONS,
    GRAPH_ROOT,
    RUN_ROOT,
    STATIC_DIR,
    UID_MAP,
    VOLUME_PATH,
)
from pypod.pure.configured import Configured
from pypod.pure.failure import Problem
from pypod.pure.gotext import joined
from pypod.pure.options.option import RuntimeOption
from pypod.pure.settings import Key, Origin, Source
from pypod.pure.storage.id_maps import map_texts
from pypod.pure.userns.facts import IdRange


class WithStorageConfig(RuntimeOption, frozen=True):
    """Store options of the caller's.

    An empty text says nothing; ``graph_options`` says nothing as ``None`` only: an empty list drops what storage.conf
    gave.  A graph root moves the static directory and the volume path below itself.  ``named`` gives single fields
    another origin than ``at``: (field, flag).
    """

    run_root: str = ""
    graph_root: str = ""
    graph_driver: str = ""
    graph_options: tuple[str, ...] | None = None
    uid_map: tuple[IdRange, ...] = ()
    gid_map: tuple[IdRange, ...] = ()
    at: str = ""
    named: tuple[tuple[str, str], ...] = ()

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        said = tuple((key, value, self._origin(field)) for field, key, value in self._said())
        settings = configured.settings
        for key, value, origin in said:
            settings = settings.claim(key, value, origin)
        raised = {
            name: True
            for name, text in (
                ("run_root", self.run_root),
                ("graph_root", self.graph_root),
                ("static_dir", self.graph_root),
                ("volume_path", self.graph_root),
                ("graph_driver", self.graph_driver),
            )
            if text
        }
        after = msgspec.structs.replace(
            configured, settings=settings, storage_set=msgspec.structs.replace(configured.storage_set, **raised)
        )
        return Success(_with_roots(after) if raised or self.graph_options is not None else after)

    def _said(self) -> tuple[tuple[str, Key[Any], Any], ...]:
        """What the option says: field, setting, value."""
        candidates: tuple[tuple[str, Key[Any], Any, bool], ...] = (
            ("run_root", RUN_ROOT, self.run_root, bool(self.run_root)),
            ("graph_root", GRAPH_ROOT, self.graph_root, bool(self.graph_root)),
            ("graph_root", STATIC_DIR, joined(self.graph_root, "libpod"), bool(self.graph_root)),
            ("graph_root", VOLUME_PATH, joined(self.graph_root, "volumes"), bool(self.graph_root)),
            ("graph_driver", GRAPH_DRIVER, self.graph_driver, bool(self.graph_driver)),
            ("graph_options", GRAPH_OPTIONS, self.graph_options, self.graph_options is not None),
            ("uid_map", UID_MAP, map_texts(self.uid_map), bool(self.uid_map)),
            ("gid_map", GID_MAP, map_texts(self.gid_map), bool(self.gid_map)),
        )
        return tuple((field, key, value) for field, key, value, says in candidates if says)

    def _origin(self, field: str) -> Origin:
        return next((Origin(Source.OPTION, flag) for name, flag in self.named if name == field), self.origin)


def _with_roots(configured: Configured) -> Configured:
    """Roots that are still empty come from a fresh look at the store options."""
    settings = configured.settings
    for key, default in ((GRAPH_ROOT, configured.default_graph_root), (RUN_ROOT, configured.default_run_root)):
        if key not in settings or not settings.get(key):
            settings = settings.claim(key, default, Origin(Source.COMPUTED, "store options"))
    return msgspec.structs.replace(configured, settings=settings)
