"""What options work on: the configuration of a runtime that is not finished."""

from __future__ import annotations

from msgspec import Struct

from pypod.pure.settings import Settings


class StorageSet(Struct, frozen=True):
    """libpod's ``storageSet``: what the caller set explicitly, and the database therefore may not replace.

    Only ``WithStorageConfig`` raises these; ``tmp_dir`` is raised by nothing, which is why ``--tmpdir`` loses to a
    database.
    """

    run_root: bool = False
    graph_root: bool = False
    static_dir: bool = False
    volume_path: bool = False
    graph_driver: bool = False
    tmp_dir: bool = False


class ImageContext(Struct, frozen=True):
    """The part of containers/image's SystemContext that the runtime sets."""

    big_files_temporary_dir: str = ""
    registries_conf: str = ""
    signature_policy_path: str = ""


class Configured(Struct, frozen=True):
    """The configuration so far: settings, what was set explicitly, and what the caller wants done.

    ``default_run_root`` and ``default_graph_root`` are what a fresh look-up of the store options would give, for
    ``WithStorageConfig``.  ``valid``: the runtime is finished, and no option may change it any more.
    """

    settings: Settings = Settings()
    storage_set: StorageSet = StorageSet()
    default_run_root: str = ""
    default_graph_root: str = ""
    default_graph_driver: str = ""
    runtime_flags: tuple[str, ...] = ()
    renumber: bool = False
    migrate: bool = False
    migrate_runtime: str = ""
    no_store: bool = False
    image: ImageContext | None = None
    valid: bool = False
