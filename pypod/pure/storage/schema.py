"""The tables and keys of storage.conf (containers/storage ``types/options.go`` and ``pkg/config/config.go``)."""

from __future__ import annotations

from typing import Final

from pypod.pure.configuration.toml import Kind, Section, TableOf

_STORAGE_TYPE: Final = (
    'struct { Driver string "toml:\\"driver\\""; RunRoot string "toml:\\"runroot\\""; '
    'GraphRoot string "toml:\\"graphroot\\""; RootlessStoragePath string "toml:\\"rootless_storage_path\\""; '
    'Options config.OptionsConfig "toml:\\"options\\"" }'
)
"""The type has no name in Go, and so its error text spells it out."""


def _driver(type_name: str, *keys: str) -> Section:
    """A driver's table: texts only."""
    return Section(f"struct {{ config.{type_name} }}", dict.fromkeys(keys, Kind.TEXT))


DRIVER_TABLES: Final = {
    "aufs": _driver("AufsOptionsConfig", "mountopt"),
    "btrfs": _driver("BtrfsOptionsConfig", "min_space", "size"),
    "thinpool": _driver(
        "ThinpoolOptionsConfig", "autoextend_percent", "autoextend_threshold", "basesize", "blocksize", "directlvm_device",
        "directlvm_device_force", "fs", "log_level", "metadatasize", "min_free_space", "mkfsarg", "mountopt", "size",
        "use_deferred_deletion", "use_deferred_removal", "xfs_nospace_max_retries",
    ),
    "overlay": _driver(
        "OverlayOptionsConfig", "ignore_chown_errors", "mountopt", "mount_program", "size", "inodes", "skip_mount_home",
        "force_mask",
    ),
    "vfs": _driver("VfsOptionsConfig", "ignore_chown_errors"),
    "zfs": _driver("ZfsOptionsConfig", "mountopt", "fsname", "size"),
}  # fmt: skip
"""The tables below ``[storage.options]``."""

_OPTIONS: Final = Section(
    "config.OptionsConfig",
    {
        "additionalimagestores": Kind.STRINGS,
        "additionallayerstores": Kind.STRINGS,
        "size": Kind.TEXT,
        "remap-uids": Kind.TEXT,
        "remap-gids": Kind.TEXT,
        "ignore_chown_errors": Kind.TEXT,
        "force_mask": Kind.UNSIGNED_32,
        "remap-user": Kind.TEXT,
        "remap-group": Kind.TEXT,
        "root-auto-userns-user": Kind.TEXT,
        "auto-userns-min-size": Kind.UNSIGNED_32,
        "auto-userns-max-size": Kind.UNSIGNED_32,
        **DRIVER_TABLES,
        "skip_mount_home": Kind.TEXT,
        "mount_program": Kind.TEXT,
        "mountopt": Kind.TEXT,
        "pull_options": TableOf(Kind.TEXT),
        "disable-volatile": Kind.BOOLEAN,
    },
)

STORAGE_CONF: Final = Section(
    "types.tomlConfig",
    {
        "storage": Section(
            _STORAGE_TYPE,
            {
                "driver": Kind.TEXT,
                "runroot": Kind.TEXT,
                "graphroot": Kind.TEXT,
                "rootless_storage_path": Kind.TEXT,
                "options": _OPTIONS,
            },
        )
    },
)
"""The whole file."""
