"""TOML as BurntSushi's library 0.4.1 hands it to containers.conf and storage.conf.

Values come from tomllib; a small scanner of ours adds what it does not tell: the line of every key, the order of the
keys, and which arrays were written as tables.  :func:`decode` puts a document into typed fields as Go does:

Rule 1: a key matches a field exactly, else without regard to case; tables and keys alike.
Rule 2: a field that takes a table of anything ignores what is no table, silently; a section does not.
Rule 3: keys that match no field are reported, never fatal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias, cast

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.configuration.toml_lines import scanned, without_comments
from pypod.pure.gotext import listed, quoted
from pypod.pure.table import Table

_INT64: Final = 1 << 63


class Document(Struct, frozen=True):
    """A parsed document: its values, and what the scanner found.

    ``lines`` maps a key, its parts joined by dots as the library prints them, to its line (1 is the first); ``order``
    are the keys in the order in which the library lists them: an inline table's keys come before it.  ``arrays`` are
    the keys of arrays of tables (``[[key]]``).
    """

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    order: tuple[str, ...]
    arrays: frozenset[str] = frozenset()

    def line(self, key: str) -> int:
        """The line of a key, or of the first key below a table that has no line of its own."""
        held = self.lines.get(key)
        if held is not None:
            return held
        return min((line for name, line in self.lines.items() if name.startswith(f"{key}.")), default=0)


class Kind(Enum):
    """The Go type of a field that is no table."""

    TEXT = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    """``int`` and ``int64``: the whole range."""
    UNSIGNED_32 = "uint32"
    """Out of range is an error."""
    UNSIGNED = "uint64"
    """``uint`` and ``uint64``: a negative number wraps around, unchecked."""
    STRINGS = "slice"
    """A list of strings."""


class Section(Struct, frozen=True):
    """A table with declared fields: a Go struct.  ``type`` is its name in error texts (``config.EngineConfig``)."""

    type: str
    fields: Mapping[str, Field]


class TableOf(Struct, frozen=True):
    """A table with any keys and one kind of value: a Go map."""

    value: Field


Field: TypeAlias = Kind | Section | TableOf


class FieldClaim(Struct, frozen=True):
    """A field that a document sets.

    ``name`` is spelled as the schema spells it (``engine.num_locks``), ``key`` as the file does.  Values: text, numbers,
    booleans, tuples of text, tables for tables (of a :class:`TableOf`: only the keys that this document gives).
    """

    name: str
    value: Any
    key: str
    line: int


class Decoded(Struct, frozen=True):
    """What a document says: the fields that it sets, in its order, and the keys that no field takes."""

    claims: tuple[FieldClaim, ...]
    unknown: tuple[FieldClaim, ...] = ()

    @property
    def unknown_keys(self) -> tuple[str, ...]:
        """The names for the warning ``Failed to decode the keys [...]``, in file order."""
        return tuple(claim.key for claim in self.unknown)


def parse_document(content: bytes) -> Result[Document, str]:
    """A document from a file's content, or the library's text: ``Near line 3 (last key parsed 'a.b'): ...``.

    The text is the library's (:mod:`pypod.pure.configuration.toml_refusal`); of what it lets pass and tomllib does not, it
    is tomllib's.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return _refused(content, f"{_NOWHERE}invalid UTF-8 byte: 0x{content[error.start]:02x}")
    if "\ufffd" in text:
        # The library takes it for what it stands for: a byte that is no text.
        return _refused(content, f"{_NOWHERE}invalid UTF-8 byte: 0xef")
    if not text.strip(" \t\n"):
        return Success(EMPTY)
    import tomllib

    # Each line stays where it is: what is wrong has the same position.
    try:
        values = tomllib.loads(without_comments(text))
        too_large = any(not -_INT64 <= number < _INT64 for number in _numbers(values))
    except tomllib.TOMLDecodeError as error:
        return _refused(content, _of_tomllib(text, str(error)))
    except RecursionError:
        return Failure(f"{_NOWHERE}values nested too deeply")
    except ValueError:
        # A number of so many digits that it is not even converted.
        return _refused(content, f"{_NOWHERE}integer out of range")
    if too_large:
        return _refused(content, f"{_NOWHERE}integer out of range")
    scan = scanned(text.replace("\r\n", "\n"))
    return Success(Document(values, scan.lines, scan.order, scan.arrays))


def _of_tomllib(text: str, said: str) -> str:
    words, _, position = said.rpartition(" (at ")
    number = position.removeprefix("line ").partition(",")[0]
    line = number if number.isdecimal() else str(text.count("\n") + 1)
    return f"Near line {line} (last key parsed ''): {words[:1].lower()}{words[1:]}"


def _refused(content: bytes, otherwise: str) -> Result[Document, str]:
    from pypod.pure.configuration.toml_refusal import refusal

    try:
        return Failure(refusal(content) or otherwise)
    except RecursionError:
        return Failure(otherwise)


_NOWHERE: Final = "Near line 1 (last key parsed ''): "

EMPTY: Final = Document({}, {}, ())
"""The empty document."""


def _as_table(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _as_list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def _numbers(value: object) -> Iterator[int]:
    """Every integer below a value."""
    table, items = _as_table(value), _as_list(value)
    below = table.values() if table is not None else items
    if below is not None:
        for inner in below:
            yield from _numbers(inner)
    elif type(value) is int:
        yield value


def decode(document: Document, schema: Section) -> Result[Decoded, str]:
    """The fields that a document sets, or the library's text for the first value of a wrong type.

    ``toml: cannot load TOML value of type int64 into a Go string``, ``toml: value 5000000000 is out of range for
    uint32``, ``toml: type mismatch for config.EngineConfig: expected table but found int64``.
    """
    taking = _Decoding(document)
    wrong = taking.section("", "", document.values, schema)
    if wrong:
        return Failure(f"toml: {wrong}")
    unknown = tuple(
        FieldClaim(key, _found(document.values, key), key, document.line(key))
        for key in document.order
        if key not in taking.known
    )
    return Success(Decoded(tuple(taking.claims), unknown))


def _found(values: Mapping[str, Any], key: str) -> Any:
    """The value under a dotted key, as plain as a claim's; ``None`` where the dots are part of a name."""
    value: object = values
    for part in key.split("."):
        table = _as_table(value)
        if table is None:
            return None
        value = table.get(part)
    return _plain(value)


def _plain(value: object) -> object:
    table, items = _as_table(value), _as_list(value)
    if table is not None:
        return Table({name: _plain(inner) for name, inner in table.items()})
    if items is not None:
        return tuple(_plain(inner) for inner in items)
    return value if isinstance(value, str | int | float | bool) else str(value)


class _Decoding:
    """One pass over a document: the claims and the known keys so far."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.claims: list[FieldClaim] = []
        self.known: set[str] = set()

    def section(self, name: str, key: str, value: object, schema: Section) -> str:
        """Decode a table into a struct; the text of what is wrong, or nothing."""
        table = _as_table(value)
        if table is None:
            return f"type mismatch for {schema.type}: expected table but found {self.go_type(key, value)}"
        for given, inner in table.items():
            field_name = _matching(schema.fields, given)
            if field_name is None:
                continue
            inner_key = f"{key}.{given}" if key else given
            self.known.add(inner_key)
            wrong = self.field(
                f"{name}.{field_name}" if name else field_name, inner_key, inner, schema.fields[field_name]
            )
            if wrong:
                return wrong
        return ""

    def field(self, name: str, key: str, value: object, field: Field) -> str:
        """Decode a value into a field of a struct; the text of what is wrong, or nothing."""
        if isinstance(field, Section):
            return self.section(name, key, value, field)
        if isinstance(field, TableOf) and _as_table(value) is None:
            return ""
        converted = self.converted(key, value, field)
        if isinstance(converted, Failure):
            return str(converted.failure())
        self.claims.append(FieldClaim(name, converted.unwrap(), key, self.document.line(key)))
        return ""

    def converted(self, key: str, value: object, field: Field) -> Result[Any, str]:
        """A value as its field holds it."""
        if isinstance(field, TableOf):
            return self.table(key, value, field)
        if isinstance(field, Section):
            return self.record(key, value, field)
        if field is Kind.STRINGS:
            return self.strings(key, value)
        if field is Kind.TEXT:
            return Success(value) if isinstance(value, str) else self.unfit(key, value, "string")
        if field is Kind.BOOLEAN:
            return Success(value) if isinstance(value, bool) else self.unfit(key, value, "boolean")
        if type(value) is not int:
            return self.unfit(key, value, "integer")
        return _integer(value, field)

    def strings(self, key: str, value: object) -> Result[Any, str]:
        """A list of strings."""
        items = _as_list(value)
        if items is None:
            return self.unfit(key, value, "slice")
        wrong = next((item for item in items if not isinstance(item, str)), None)
        return Success(tuple(items)) if wrong is None else self.unfit("", wrong, "string")

    def table(self, key: str, value: object, field: TableOf) -> Result[Any, str]:
        """A Go map; what is no table leaves it empty."""
        held: dict[str, object] = {}
        for name, inner in (_as_table(value) or {}).items():
            inner_key = f"{key}.{name}"
            self.known.add(inner_key)
            converted = self.converted(inner_key, inner, field.value)
            if isinstance(converted, Failure):
                return converted
            held[name] = converted.unwrap()
        return Success(Table(held))

    def record(self, key: str, value: object, schema: Section) -> Result[Any, str]:
        """A struct inside a map: fields that are not given hold Go's zero values."""
        inner = _Decoding(self.document)
        wrong = inner.section("", key, value, schema)
        if wrong:
            return Failure(wrong)
        self.known |= inner.known
        given = {claim.name: claim.value for claim in inner.claims}
        return Success(Table({name: given.get(name, _zero(kind)) for name, kind in schema.fields.items()}))

    def unfit(self, key: str, value: object, wanted: str) -> Result[Any, str]:
        return Failure(f"cannot load TOML value of type {self.go_type(key, value)} into a Go {wanted}")

    def go_type(self, key: str, value: object) -> str:
        """The Go type of a parsed value."""
        if _as_list(value) is not None and key in self.document.arrays:
            return "[]map[string]interface {}"
        return _GO_TYPES.get(type(value).__name__, "time.Time")


_GO_TYPES: Final = {
    "str": "string", "int": "int64", "float": "float64", "bool": "bool", "list": "[]interface {}",
    "dict": "map[string]interface {}",
}  # fmt: skip


def _matching(fields: Mapping[str, Field], given: str) -> str | None:
    """The field that a key names: exactly, else without regard to case."""
    if given in fields:
        return given
    folded = given.casefold()
    return next((name for name in fields if name.casefold() == folded), None)


def _integer(number: int, kind: Kind) -> Result[Any, str]:
    if kind is Kind.UNSIGNED_32 and not 0 <= number < 1 << 32:
        return Failure(f"value {number} is out of range for uint32")
    return Success(number % (1 << 64) if kind is Kind.UNSIGNED else number)


def _zero(field: Field) -> object:
    if isinstance(field, Kind):
        return {Kind.TEXT: "", Kind.BOOLEAN: False, Kind.STRINGS: ()}.get(field, 0)
    empty: Table[str, object] = Table()
    return empty


def undecoded(unknown: tuple[str, ...], path: str) -> str:
    """The text of the warning about keys that no field takes."""
    return f"Failed to decode the keys {listed(quoted(key) for key in unknown)} from {quoted(path)}."
