"""The export form: everything that a database contains, as JSON, and back.

Rule 1: what is exported can be restored equal, byte for byte.  A value stands as ``json`` only where libpod's encoding of
        what was parsed is the value again; else as ``text``, and where it is not UTF-8 as ``base64``.
Rule 2: the form does not depend on layout: another program may re-indent it.  The order of keys in JSON values counts.
Rule 3: the same content gives the same text.

A bucket is ``{"bucket": {key: value, ...}}``, with ``sequence`` where it is not 0 and with ``bucket_base64`` for keys that
are not UTF-8.  A table is ``{"name", "sql", "columns", "rows"}`` with rows of cells: ``null``, ``{"integer": 1}``,
``{"real": "0.5"}``, ``{"text": ...}``, ``{"blob": value}``.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any, Final, cast

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import key_of, name_of
from pypod.pure.database.facts import At
from pypod.pure.database.tree import go_json
from pypod.pure.state.facts import Backend, Cell, Content, Entry, StateFile, Table

FORMAT: Final = "pypod-state"
VERSION: Final = "1.0"

_Plain = dict[str, Any]


def exported(content: Content) -> bytes:
    """The content in the export form, indented, with a new line at its end."""
    held: _Plain = {
        "format": FORMAT,
        "format_version": VERSION,
        "database": content.file.backend.value,
        "file": _file_form(content.file),
    }
    if content.file.backend is Backend.BOLT:
        held["content"] = _buckets_form(content.entries)
    else:
        held["application_id"] = content.application_id
        held["user_version"] = content.user_version
        held["tables"] = [_table_form(table) for table in content.tables]
        held["others"] = list(content.others)
    return msgspec.json.format(msgspec.json.encode(held), indent=1) + b"\n"


def imported(document: bytes) -> Result[Content, str]:
    """The content that was exported; or where the document is not an export."""
    try:
        plain: object = msgspec.json.decode(document)
        return Success(_content(_mapping(plain, "$")))
    except _Misshapen as wrong:
        return Failure(str(wrong))
    except ValueError as error:
        return Failure(f"not an export: {error}")
    except RecursionError:
        return Failure("not an export: it is nested too deeply")


class _Misshapen(Exception):  # noqa: N818 - not an error: control flow inside of imported
    """A place where a document is not of the form.  Only :func:`imported` catches it."""


def value_form(raw: bytes) -> _Plain:
    """A value: as JSON, text or base64, the first of which gives it back exactly."""
    if raw[:1] in (b"{", b"["):
        held = _exact_json(raw)
        if held is not None:
            return {"json": held}
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode("ascii")}


def _exact_json(raw: bytes) -> object:
    try:
        held: object = msgspec.json.decode(raw)
        return held if go_json(held) == raw else None
    except (ValueError, RecursionError):
        return None


def _file_form(file: StateFile) -> _Plain:
    known: _Plain = msgspec.to_builtins(file)
    return {name: value for name, value in known.items() if name != "backend"}


def _buckets_form(entries: tuple[Entry, ...]) -> _Plain:
    root: _Plain = {"bucket": {}}
    places: dict[At, _Plain] = {(): root}
    for entry in entries:
        form: _Plain = {"bucket": {}} if entry.value is None else value_form(entry.value)
        if entry.value is None:
            places[(*entry.at, entry.key)] = form
            if entry.sequence:
                form["sequence"] = entry.sequence
        _put(places[entry.at], entry.key, form)
    return root


def _put(bucket: _Plain, key: str, form: _Plain) -> None:
    raw = key_of(key)
    try:
        raw.decode()
    except UnicodeDecodeError:
        cast("_Plain", bucket.setdefault("bucket_base64", {}))[b64encode(raw).decode("ascii")] = form
    else:
        cast("_Plain", bucket["bucket"])[key] = form


def _table_form(table: Table) -> _Plain:
    return {
        "name": table.name,
        "sql": table.sql,
        "columns": list(table.columns),
        "rows": [[_cell_form(cell) for cell in row] for row in table.rows],
    }


def _cell_form(cell: Cell) -> _Plain | None:
    if cell.storage == "null":
        return None
    if cell.storage == "integer":
        return {"integer": int(cell.raw)}
    if cell.storage == "real":
        return {"real": cell.raw.decode("ascii")}
    return {cell.storage: value_form(cell.raw)}


def _content(plain: _Plain) -> Content:
    if plain.get("format") != FORMAT or not str(plain.get("format_version")).startswith("1."):
        raise _Misshapen(f"$: not an export of {FORMAT} version {VERSION}")
    try:
        backend = Backend(plain.get("database"))
        file = msgspec.convert({**_mapping(plain.get("file"), "$.file"), "backend": backend.value}, StateFile)
    except ValueError as error:
        raise _Misshapen(f"$: {error}") from None
    if backend is Backend.BOLT:
        return Content(file, tuple(_entries(_mapping(plain.get("content"), "$.content"), (), "$.content")))
    return Content(
        file,
        tables=tuple(_table(held, f"$.tables[{at}]") for at, held in enumerate(_list(plain.get("tables"), "$.tables"))),
        others=tuple(_string(held, "$.others") for held in _list(plain.get("others"), "$.others")),
        application_id=_integer(plain.get("application_id"), "$.application_id"),
        user_version=_integer(plain.get("user_version"), "$.user_version"),
    )


def _entries(bucket: _Plain, at: At, where: str) -> Iterator[Entry]:
    held = {
        **{key_of(key): form for key, form in _mapping(bucket.get("bucket"), where).items()},
        **{_from_base64(key, where): form for key, form in _mapping(bucket.get("bucket_base64", {}), where).items()},
    }
    for raw in sorted(held):
        key = name_of(raw)
        place = f"{where}.{key}"
        form = _mapping(held[raw], place)
        if "bucket" in form:
            yield Entry(at, key, None, _integer(form.get("sequence", 0), place))
            yield from _entries(form, (*at, key), place)
        else:
            yield Entry(at, key, _value(form, place))


def _value(form: _Plain, where: str) -> bytes:
    match form:
        case {"json": held}:
            return go_json(held)
        case {"text": str(held)}:
            return held.encode()
        case {"base64": str(held)}:
            return _from_base64(held, where)
        case _:
            raise _Misshapen(f"{where}: expected json, text, base64 or bucket")


def _table(plain: object, where: str) -> Table:
    held = _mapping(plain, where)
    columns = tuple(_string(one, where) for one in _list(held.get("columns"), where))
    rows = tuple(
        tuple(_cell(cell, f"{where}.rows[{at}]") for cell in _list(row, f"{where}.rows[{at}]"))
        for at, row in enumerate(_list(held.get("rows"), where))
    )
    if any(len(row) != len(columns) for row in rows):
        raise _Misshapen(f"{where}: a row has not as many cells as there are columns")
    return Table(_string(held.get("name"), where), _string(held.get("sql"), where), columns, rows)


def _cell(plain: object, where: str) -> Cell:
    if plain is None:
        return Cell("null")
    form = _mapping(plain, where)
    for storage in ("text", "blob"):
        if storage in form:
            return Cell(storage, _value(_mapping(form[storage], where), where))
    if "integer" in form:
        return Cell("integer", str(_integer(form["integer"], where)).encode())
    return Cell("real", _string(form.get("real"), where).encode())


def _mapping(plain: object, where: str) -> _Plain:
    if not isinstance(plain, dict):
        raise _Misshapen(f"{where}: expected an object")
    return cast("_Plain", plain)


def _list(plain: object, where: str) -> list[object]:
    if not isinstance(plain, list):
        raise _Misshapen(f"{where}: expected a list")
    return cast("list[object]", plain)


def _string(plain: object, where: str) -> str:
    if not isinstance(plain, str):
        raise _Misshapen(f"{where}: expected a text")
    return plain


def _integer(plain: object, where: str) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool):
        raise _Misshapen(f"{where}: expected a whole number")
    return plain


def _from_base64(text: str, where: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise _Misshapen(f"{where}: not base64") from None
