"""Which containers.conf files count, and what they say together (containers/common ``NewConfig``).

Lowest first: the defaults, ``/usr/share``, ``/etc``, ``/etc/….d``, and for a rootless user their own file and its
``.d``.  ``CONTAINERS_CONF`` names a file that replaces all of these.  A later file overwrites key by key; tables of
anything (``[engine.runtimes]``) are merged name by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from errno import ENOENT, ENOTDIR
from functools import cache, lru_cache
from typing import Any, Final, cast

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.configuration import keys
from pypod.pure.configuration.schema import containers_conf
from pypod.pure.configuration.toml import Decoded, FieldClaim, Section, TableOf, decode, parse_document, undecoded
from pypod.pure.facts import Diagnostic, DirectoryEntry, FileStatus, FileType, Level
from pypod.pure.failure import HostError
from pypod.pure.gotext import joined, quoted
from pypod.pure.settings import Claim, Ignored, Origin, Settings, Source
from pypod.pure.table import Table

VENDOR_FILE: Final = "/usr/share/containers/containers.conf"
SYSTEM_FILE: Final = "/etc/containers/containers.conf"

UNKNOWN: Final = "libpod 3.4 knows no such key in this file"
ROOT_DOES_NOT_READ: Final = "root's commands do not read the user's file"
REPLACED: Final = "CONTAINERS_CONF names the only file that is read"


class ConfigurationFile(Struct, frozen=True):
    """A file that counts, and its content or the host's refusal."""

    path: str
    content: Result[bytes, HostError]


class Layer(Struct, frozen=True):
    """A file and what it says."""

    path: str
    decoded: Decoded

    @property
    def said(self) -> tuple[Diagnostic, ...]:
        """The warning about keys that no field takes, if there are any, and the debug line of every merge."""
        merged = Diagnostic(Level.DEBUG, f"Merged system config {quoted(self.path)}")
        unknown = self.decoded.unknown_keys
        return (Diagnostic(Level.WARNING, undecoded(unknown, self.path)), merged) if unknown else (merged,)


def user_file(config_home: str) -> str:
    """The file of a user whose configuration directory this is."""
    return joined(config_home, "containers/containers.conf")


def drop_ins(path: str) -> str:
    """The directory of a file's additions."""
    return f"{path}.d"


def drop_in_files(directory: str, entries: Iterable[DirectoryEntry]) -> tuple[str, ...]:
    """The files of such a directory: all but directories whose names end in ``.conf``, bytewise by path."""
    named = (entry.name for entry in entries if entry.type is not FileType.DIRECTORY and entry.name.endswith(".conf"))
    return tuple(
        sorted((joined(directory, name) for name in named), key=lambda path: path.encode(errors="surrogateescape"))
    )


def scanned_directory(seen: Result[FileStatus, HostError]) -> Result[bool, str]:
    """Whether a ``.d`` is to be listed: a directory, not a link to one; missing is nothing, unreachable is fatal."""
    if isinstance(seen, Failure):
        error = seen.failure()
        return Success(False) if error.errno == ENOENT else _finding(error)
    return Success(seen.unwrap().is_directory)


def listed_directory(
    directory: str, entries: Result[tuple[DirectoryEntry, ...], HostError]
) -> Result[tuple[str, ...], str]:
    """The files of a ``.d`` that is there; a directory that cannot be read is fatal."""
    if isinstance(entries, Failure):
        return _finding(entries.failure())
    return Success(drop_in_files(directory, entries.unwrap()))


def only_file_missing(error: HostError) -> str:
    """The text for a CONTAINERS_CONF that names nothing."""
    return f"finding config on system: CONTAINERS_CONF file: {error.message}"


def is_surely_missing(error: HostError) -> bool:
    """Whether a file that could not be opened cannot be looked at either, and so is skipped without a look."""
    return error.errno in (ENOENT, ENOTDIR)


def _finding(error: HostError) -> Failure[str]:
    return Failure(f"finding config on system: {error.message}")


def read_layer(file: ConfigurationFile) -> Result[Layer, str]:
    """What a file says, or libpod's text of why it cannot be used."""
    decoded = _decoded(file.content)
    if isinstance(decoded, Failure):
        wrapping = f"reading system config {quoted(file.path)}: decode configuration {file.path}"
        return Failure(f"{wrapping}: {decoded.failure()}")
    return Success(Layer(file.path, decoded.unwrap()))


def _decoded(content: Result[bytes, HostError]) -> Result[Decoded, str]:
    if isinstance(content, Failure):
        return Failure(content.failure().message)
    return _decoded_text(content.unwrap())


# A run loads its configuration up to twice.
@lru_cache(maxsize=16)
def _decoded_text(content: bytes) -> Result[Decoded, str]:
    document = parse_document(content)
    return decode(document.unwrap(), containers_conf()) if not isinstance(document, Failure) else document


class Stack(Struct, frozen=True):
    """Layers in order, and the text of what is wrong with the next one, if anything is."""

    layers: tuple[Layer, ...] = ()
    wrong: str = ""


def read_layers(files: Iterable[ConfigurationFile]) -> Stack:
    """The layers of the files, up to the first that cannot be used."""
    layers: list[Layer] = []
    for file in files:
        layer = read_layer(file)
        if isinstance(layer, Failure):
            return Stack(tuple(layers), layer.failure())
        layers.append(layer.unwrap())
    return Stack(tuple(layers))


def merged(settings: Settings, layer: Layer) -> Settings:
    """The settings with a file's claims on top; unknown keys are noted, they change nothing."""
    claimed = settings.claims(_claims(settings, layer))
    return _with_ignored(claimed, ((claim, layer.path, UNKNOWN) for claim in layer.decoded.unknown))


def noted(settings: Settings, layer: Layer, because: str) -> Settings:
    """The settings with a note of what a file says that is not read."""
    return _with_ignored(settings, ((claim, layer.path, because) for claim in layer.decoded.claims))


def noted_if_readable(settings: Settings, file: ConfigurationFile, because: str) -> Settings:
    """The same for a file that may not even be readable, which then says nothing."""
    layer = read_layer(file)
    return settings if isinstance(layer, Failure) else noted(settings, layer.unwrap(), because)


def _claims(settings: Settings, layer: Layer) -> Iterator[tuple[str, Claim]]:
    held: dict[str, object] = {}
    for claim in layer.decoded.claims:
        value: object = claim.value
        if claim.name in _tables():
            below = held.get(claim.name) or settings.entries[claim.name].claim.value
            value = held[claim.name] = Table({**_table(below), **_table(value)})
        elif claim.name == keys.DEFAULT_CAPABILITIES.name:
            value = capabilities(claim.value)
        yield claim.name, Claim(value, _origin(layer.path, claim))


def _table(value: object) -> Table[str, Any]:
    return cast("Table[str, Any]", value)


@cache
def _tables() -> frozenset[str]:
    """The names of the fields that are merged name by name."""
    return frozenset(
        f"{section}.{name}"
        for section, schema in containers_conf().fields.items()
        if isinstance(schema, Section)
        for name, field in schema.fields.items()
        if isinstance(field, TableOf)
    )


def _origin(path: str, claim: FieldClaim) -> Origin:
    return Origin(Source.FILE, f"{path}:{claim.line}")


def _with_ignored(settings: Settings, ignored: Iterable[tuple[FieldClaim, str, str]]) -> Settings:
    named = [
        (claim.name, Ignored(claim.value, _origin(path, claim), because))
        for claim, path, because in ignored
        # The keys of an unknown table are listed one by one.
        if not _is_table(claim.value) or claim.name in settings.entries
    ]
    unknown = dict.fromkeys(name for name, _ in named if name not in settings.entries)
    known = settings.claims((name, Claim(None, Origin(Source.BUILTIN))) for name in unknown)
    return known.ignores(named)


def _is_table(value: object) -> bool:
    return isinstance(value, Table)


def capabilities(names: tuple[str, ...]) -> tuple[str, ...]:
    """Capabilities with their prefix: one that has it in any case stays as it is, another is put in upper case."""
    return tuple(name if name.lower().startswith("cap_") else f"CAP_{name.upper()}" for name in names)
