"""The list of driver options that a storage.conf makes: ``overlay.mountopt=nodev``.

It has two parts, and what both know appears twice: first the keys of ``[storage.options]`` whatever the driver, then
the driver's own table with ``[storage.options]`` to fall back on (containers/storage ``cfg.GetGraphDriverOptions``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pypod.pure.configuration.toml import FieldClaim
from pypod.pure.storage.schema import DRIVER_TABLES

OPTIONS: Final = "storage.options"

_ANY_DRIVER: Final = (
    ("imagestore", "additionalimagestores"),
    ("additionallayerstore", "additionallayerstores"),
    ("size", "size"),
    ("mount_program", "mount_program"),
    ("skip_mount_home", "skip_mount_home"),
    ("ignore_chown_errors", "ignore_chown_errors"),
    ("force_mask", "force_mask"),
    ("mountopt", "mountopt"),
)
"""Part one: option, key of ``[storage.options]``."""

_MOUNTOPT: Final = ("mountopt", "mountopt", "mountopt")
_SIZE: Final = ("size", "size", "size")
_CHOWN: Final = ("ignore_chown_errors", "ignore_chown_errors", "ignore_chown_errors")
_OVERLAY: Final = (
    _CHOWN,
    ("mount_program", "mount_program", "mount_program"),
    _MOUNTOPT,
    _SIZE,
    ("inodes", "inodes", ""),
    ("skip_mount_home", "skip_mount_home", "skip_mount_home"),
    ("force_mask", "force_mask", "force_mask"),
)

_OWN: Final[dict[str, tuple[str, tuple[tuple[str, str, str], ...]]]] = {
    "aufs": ("aufs", (_MOUNTOPT,)),
    "btrfs": ("btrfs", (_SIZE,)),
    "devicemapper": ("thinpool", (
        ("dm.thinp_autoextend_percent", "autoextend_percent", ""),
        ("dm.thinp_autoextend_threshold", "autoextend_threshold", ""),
        ("dm.basesize", "basesize", ""),
        ("dm.blocksize", "blocksize", ""),
        ("dm.directlvm_device", "directlvm_device", ""),
        ("dm.directlvm_device_force", "directlvm_device_force", ""),
        ("dm.fs", "fs", ""),
        ("dm.libdm_log_level", "log_level", ""),
        ("dm.metadata_size", "metadatasize", ""),
        ("dm.min_free_space", "min_free_space", ""),
        ("dm.mkfsarg", "mkfsarg", ""),
        _MOUNTOPT,
        _SIZE,
        ("dm.use_deferred_deletion", "use_deferred_deletion", ""),
        ("dm.use_deferred_removal", "use_deferred_removal", ""),
        ("dm.xfs_nospace_max_retries", "xfs_nospace_max_retries", ""),
    )),
    "overlay": ("overlay", _OVERLAY),
    "overlay2": ("overlay", _OVERLAY),
    "vfs": ("vfs", (_CHOWN,)),
    "zfs": ("zfs", (("fsname", "fsname", ""), _MOUNTOPT, _SIZE)),
}  # fmt: skip
"""Part two by driver: its table; option, key of that table, key of ``[storage.options]`` to fall back on.

An option with a dot is spelled as it stands, any other has the driver's name in front.
"""

_ALONE: Final = {"btrfs": ("min_space", "btrfs.min_space")}
"""What a driver takes to the exclusion of everything else in its part: option, key."""

_TYPE_LETTERS: Final = "dalTLDpSugct?"
_PERMISSIONS: Final = "rwxrwxrwx"


def unused_tables(given: Mapping[str, FieldClaim], driver: str) -> Iterator[FieldClaim]:
    """What the file sets for other drivers."""
    table = _OWN.get(driver, ("", ()))[0]
    for name, claim in given.items():
        section = name.removeprefix(f"{OPTIONS}.").partition(".")[0]
        if name.startswith(OPTIONS) and section in DRIVER_TABLES and section != table:
            yield claim


def symbolic_mode(mode: int) -> str:
    """Go's ``os.FileMode.String``: ``-rwxr-xr-x``; type letters stand for the bits from 31 downwards."""
    letters = "".join(letter for bit, letter in enumerate(_TYPE_LETTERS) if mode >> 31 - bit & 1)
    return (letters or "-") + "".join(letter if mode >> 8 - bit & 1 else "-" for bit, letter in enumerate(_PERMISSIONS))


def _value(given: Mapping[str, FieldClaim], key: str) -> Any:
    claim = given.get(f"{OPTIONS}.{key}")
    return claim.value if claim else None


def any_driver_options(given: Mapping[str, FieldClaim], driver: str) -> Iterator[str]:
    """Part one: the keys of ``[storage.options]`` as options of a driver, possibly one without a name."""
    for option, key in _ANY_DRIVER:
        for one in _listed(_value(given, key)):
            yield f"{driver}.{option}={one}"


def _listed(value: Any) -> tuple[str, ...]:
    """Each value of a key as text; a mask is octal without a prefix; nothing where nothing is set."""
    if not value:
        return ()
    if isinstance(value, int):
        return (format(value, "o"),)
    return (value,) if isinstance(value, str) else tuple(value)


def own_driver_options(given: Mapping[str, FieldClaim], driver: str) -> Iterator[str]:
    """Part two: what the driver has a table for."""
    alone = _ALONE.get(driver)
    if alone and _value(given, alone[1]):
        yield f"{driver}.{alone[0]}={_value(given, alone[1])}"
        return
    table, options = _OWN.get(driver, ("", ()))
    for option, key, fallback in options:
        value = _value(given, f"{table}.{key}") or _value(given, fallback)
        if value:
            name = option if "." in option else f"{driver}.{option}"
            yield f"{name}={symbolic_mode(value) if isinstance(value, int) else value}"
