"""The overlay driver's option list (containers/storage ``drivers/overlay/overlay.go``, ``parseOptions``).

The driver looks at the paths in its options while it reads them: :func:`overlay_paths` says which, and
:func:`overlay_options` is given what ``stat`` answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, FileStatus, Level
from pypod.pure.failure import HostError, Problem
from pypod.pure.gotext import cleaned, lowered, quoted
from pypod.pure.store.options import Entry, Said, read_all, refused, split
from pypod.pure.store.values import boolean, octal, size, unsigned

Looked: TypeAlias = Mapping[str, Result[FileStatus, HostError]]
"""What ``stat`` said of the paths in the options."""


class OverlayOptions(Struct, frozen=True):
    """The overlay driver's options.  ``size`` is bytes; ``force_mask`` permission bits; an empty program is none."""

    mount_options: str = ""
    size: int = 0
    inodes: int = 0
    image_stores: tuple[str, ...] = ()
    layer_stores: tuple[str, ...] = ()
    mount_program: str = ""
    skip_mount_home: bool = False
    ignore_chown_errors: bool = False
    force_mask: int | None = None


Read: TypeAlias = Callable[[OverlayOptions, str, Looked], Result[OverlayOptions, Problem]]

_FORCE_MASKS: Final = {"shared": 0o755, "private": 0o700}


def overlay_key(key: str) -> str:
    """A key as the driver compares it: lower case, without the driver's names in front."""
    return lowered(key).removeprefix("overlay.").removeprefix("overlay2.").removeprefix(".")


def _image_paths(value: str) -> tuple[str, ...]:
    return tuple(cleaned(part) for part in value.split(",")) if value else ()


def _layer_paths(value: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The stores of a list ``PATH[:ref],…``: each path with the words that follow it."""
    parts = (part.split(":") for part in value.split(",")) if value else ()
    return tuple((cleaned(path), tuple(words)) for path, *words in parts)


def _looked_at(entry: Entry) -> tuple[str, ...]:
    match overlay_key(entry.key):
        case "imagestore" | "additionalimagestore":
            return _image_paths(entry.value)
        case "additionallayerstore":
            return tuple(path for path, _ in _layer_paths(entry.value))
        case "mount_program":
            return (entry.value,) if entry.value else ()
        case _:
            return ()


def overlay_paths(entries: Iterable[str]) -> tuple[str, ...]:
    """The paths in these options, each once."""
    found = (path for entry in entries for path in split(entry).map(_looked_at).value_or(()))
    return tuple(dict.fromkeys(found))


def _directory(path: str, looked: Looked, what: str, unseen: str) -> Result[str, Problem]:
    """A path that must be absolute and a directory.  ``unseen`` is what the driver says where ``stat`` fails."""
    if not path.startswith("/"):
        return refused(f"overlay: {what} {quoted(path)} is not absolute.  Can not be relative", path)
    status = looked[path]
    if isinstance(status, Failure):
        return refused(f"overlay: can't stat {unseen}: {status.failure().message}", path)
    if not status.unwrap().is_directory:
        return refused(f"overlay: {what} {quoted(path)} must be a directory", path)
    return Success(path)


def _mount_options(options: OverlayOptions, value: str, _looked: Looked) -> Result[OverlayOptions, Problem]:
    return Success(msgspec.structs.replace(options, mount_options=value))


def _size(options: OverlayOptions, value: str, _looked: Looked) -> Result[OverlayOptions, Problem]:
    return size(value).map(lambda number: msgspec.structs.replace(options, size=number))


def _inodes(options: OverlayOptions, value: str, _looked: Looked) -> Result[OverlayOptions, Problem]:
    return unsigned(value).map(lambda number: msgspec.structs.replace(options, inodes=number))


def _image_stores(options: OverlayOptions, value: str, looked: Looked) -> Result[OverlayOptions, Problem]:
    paths = _image_paths(value)
    for path in paths:
        found = _directory(path, looked, "image path", f"imageStore dir {path}")
        if isinstance(found, Failure):
            return found
    return Success(msgspec.structs.replace(options, image_stores=(*options.image_stores, *paths)))


def _references(path: str, words: tuple[str, ...]) -> Result[str, Problem]:
    for place, word in enumerate(words):
        if word != "ref":
            text = f"overlay: additionallayerstore config {quoted(path)} contains unknown option {quoted(word)}"
            return refused(text, path)
        if place:
            return refused(f'overlay: additionallayerstore config of {quoted(path)} contains "ref" option twice', path)
    return Success(path)


def _layer_stores(options: OverlayOptions, value: str, looked: Looked) -> Result[OverlayOptions, Problem]:
    stores = _layer_paths(value)
    for path, words in stores:
        found = _directory(path, looked, "additionallayerstore path", "additionallayerstore dir")
        checked = found if isinstance(found, Failure) else _references(path, words)
        if isinstance(checked, Failure):
            return checked
    paths = (*options.layer_stores, *(path for path, _ in stores))
    return Success(msgspec.structs.replace(options, layer_stores=paths))


def _mount_program(options: OverlayOptions, value: str, looked: Looked) -> Result[OverlayOptions, Problem]:
    if value and isinstance(status := looked[value], Failure):
        return refused(f"overlay: can't stat program {quoted(value)}: {status.failure().message}", value)
    return Success(msgspec.structs.replace(options, mount_program=value))


def _skip_mount_home(options: OverlayOptions, value: str, _looked: Looked) -> Result[OverlayOptions, Problem]:
    """A bad boolean is false, without a word."""
    return Success(msgspec.structs.replace(options, skip_mount_home=boolean(value).value_or(False)))


def _ignore_chown_errors(options: OverlayOptions, value: str, _looked: Looked) -> Result[OverlayOptions, Problem]:
    return boolean(value).map(lambda chosen: msgspec.structs.replace(options, ignore_chown_errors=chosen))


def _force_mask(options: OverlayOptions, value: str, _looked: Looked) -> Result[OverlayOptions, Problem]:
    mask = Success(_FORCE_MASKS[value]) if value in _FORCE_MASKS else octal(value)
    return mask.map(lambda bits: msgspec.structs.replace(options, force_mask=bits))


def _kernel_check(options: OverlayOptions, _value: str, _looked: Looked) -> Result[OverlayOptions, Problem]:
    return Success(options)


_READERS: Final[dict[str, Read]] = {
    "override_kernel_check": _kernel_check,
    "mountopt": _mount_options,
    "size": _size,
    "inodes": _inodes,
    "imagestore": _image_stores,
    "additionalimagestore": _image_stores,
    "additionallayerstore": _layer_stores,
    "mount_program": _mount_program,
    "skip_mount_home": _skip_mount_home,
    "ignore_chown_errors": _ignore_chown_errors,
    "force_mask": _force_mask,
}

_LINES: Final = {
    **{key: f"overlay: {key}=" for key in _READERS},
    "additionalimagestore": "overlay: imagestore=",
}
_KERNEL_CHECK: Final = "overlay: override_kernel_check option was specified, but is no longer necessary"


def _line(entry: Entry) -> Said:
    key = overlay_key(entry.key)
    if key not in _READERS or key == "mountopt":
        return ()
    text = _KERNEL_CHECK if key == "override_kernel_check" else _LINES[key] + entry.value
    return (Diagnostic(Level.DEBUG, text),)


def overlay_options(entries: Iterable[str], looked: Looked) -> tuple[Said, Result[OverlayOptions, Problem]]:
    """The overlay driver's list, and what the driver says while it reads it."""

    def read(options: OverlayOptions, entry: Entry) -> Result[OverlayOptions, Problem]:
        reader = _READERS.get(overlay_key(entry.key))
        if reader is None:
            return refused(f"overlay: Unknown option {entry.key}", entry.text)
        return reader(options, entry.value, looked)

    return read_all(OverlayOptions(), entries, read, _line)
