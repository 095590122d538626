"""Reading a ``db.sql`` that podman may be writing at this moment.

Rule 1: SQLite never opens the file itself: it would take locks, and would play back another's journal.  It reads a copy.
Rule 2: the copy is of one moment: file, journal and write-ahead log are read twice, and count when both times give the
        same bytes.  A journal in it is what a crash at that moment would leave, so SQLite plays it back in the copy.
Rule 3: the copy is in memory, unless there is a journal or a log: then it is in a directory of its own that is gone
        afterwards.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from returns.result import Failure, Result, Success

from pypod.effects.linux.database import open_quietly
from pypod.effects.linux.refusal import asked
from pypod.pure.failure import HostError
from pypod.pure.state.facts import Backend, Content, StateFile, Table
from pypod.pure.state.tables import cell_of

T = TypeVar("T")

_ATTEMPTS: Final = 8
_PAUSE: Final = 0.01
_VERSIONS: Final = slice(18, 20)
"""The bytes of the header that say whether a log is used: 2, or 1 for a journal."""


class _Image(NamedTuple):
    """A database at one moment."""

    file: bytes
    journal: bytes
    log: bytes


def read_tables(path: str, wanted: Mapping[str, tuple[str, ...]]) -> Result[Content, HostError]:
    """These tables, as far as they are there, with these columns (none: all).

    Failures: ``open`` with an errno, EAGAIN where podman writes all the time, or SQLite's words as libpod says them.
    """

    def reading(connection: sqlite3.Connection) -> tuple[Table, ...]:
        there = {name: sql for kind, name, sql in _schema(connection) if kind == "table"}
        return tuple(_table(connection, name, there[name], wanted[name]) for name in wanted if name in there)

    return _on_copy(path, lambda connection, file: Content(file, tables=reading(connection)))


def read_everything(path: str) -> Result[Content, HostError]:
    """All tables by name, and the statements of indexes, triggers and views."""

    def reading(connection: sqlite3.Connection, file: StateFile) -> Content:
        schema = list(_schema(connection))
        return Content(
            file,
            tables=tuple(_table(connection, name, sql, ()) for kind, name, sql in schema if kind == "table"),
            others=tuple(sql for kind, _, sql in schema if kind != "table" and sql),
            application_id=_pragma(connection, "application_id"),
            user_version=_pragma(connection, "user_version"),
        )

    return _on_copy(path, reading)


def check_file(path: str) -> Result[tuple[str, ...], HostError]:
    """What ``integrity_check`` and ``foreign_key_check`` find."""

    def reading(connection: sqlite3.Connection, _file: StateFile) -> tuple[str, ...]:
        damage = [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        loose = [
            f"row {row} of {table} refers to a row of {other} that is not there"
            for table, row, other, _ in connection.execute("PRAGMA foreign_key_check")
        ]
        return (*damage, *loose)

    return _on_copy(path, reading)


def _on_copy(path: str, reading: Callable[[sqlite3.Connection, StateFile], T]) -> Result[T, HostError]:
    image = _image(path)
    if isinstance(image, Failure):
        return image
    try:
        with _opened(image.unwrap()) as connection:
            connection.text_factory = _text
            connection.execute("PRAGMA trusted_schema = OFF")
            return Success(reading(connection, _file(connection, len(image.unwrap().file))))
    except (sqlite3.Error, UnicodeError) as error:
        return Failure(HostError(0, "", path, f"beginning transaction: {error}"))
    except OSError as error:
        return Failure(HostError(error.errno or errno.EIO, "open", path))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@contextmanager
def _opened(image: _Image) -> Generator[sqlite3.Connection, None, None]:
    if not image.journal and not image.log:
        with closing(sqlite3.connect(":memory:")) as connection:
            if image.file:
                connection.deserialize(_without_log(image.file))
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="pypod-") as directory:
        place = f"{directory}/db.sql"
        for suffix, content in (("", image.file), ("-journal", image.journal), ("-wal", image.log)):
            if content or not suffix:
                _write(place + suffix, content)
        with closing(sqlite3.connect(place)) as connection:
            yield connection


def _write(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _without_log(file: bytes) -> bytes:
    """A database in memory has no log; one whose log is empty is the same without it."""
    return file[: _VERSIONS.start] + b"\1\1" + file[_VERSIONS.stop :] if file[_VERSIONS] == b"\2\2" else file


def _image(path: str) -> Result[_Image, HostError]:
    first = asked("open", path, lambda: _read(path))
    for attempt in range(_ATTEMPTS):
        if isinstance(first, Failure):
            return first
        second = asked("open", path, lambda: _read(path))
        if isinstance(second, Failure) or first.unwrap() == second.unwrap():
            return second
        time.sleep(_PAUSE * attempt)
        first = second
    return Failure(HostError(errno.EAGAIN, "open", path))


def _read(path: str) -> _Image:
    return _Image(_bytes(path), _bytes_if_there(f"{path}-journal"), _bytes_if_there(f"{path}-wal"))


def _bytes_if_there(path: str) -> bytes:
    try:
        return _bytes(path)
    except FileNotFoundError:
        return b""


def _bytes(path: str) -> bytes:
    descriptor = open_quietly(path)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _schema(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    """Kind, name and statement of everything but SQLite's own, by kind and name."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'")
    found: list[tuple[Any, ...]] = [tuple(row) for row in rows]
    for kind, name, sql in sorted(found, key=repr):
        yield str(kind), str(name), str(sql or "")


def _table(connection: sqlite3.Connection, name: str, sql: str, columns: tuple[str, ...]) -> Table:
    info = [tuple(row) for row in connection.execute(f"PRAGMA table_info({_quoted(name)})")]
    keys = [str(row[1]) for row in sorted(info, key=lambda row: int(row[5])) if row[5]]
    there = tuple(str(row[1]) for row in info if not columns or row[1] in columns)
    order = ", ".join(map(_quoted, keys)) if keys else "rowid"
    chosen = ", ".join(map(_quoted, there))
    rows = connection.execute(f"SELECT {chosen} FROM {_quoted(name)} ORDER BY {order}")  # noqa: S608 - names of this very file, quoted
    return Table(_printable(name), _printable(sql), there, tuple(tuple(map(cell_of, row)) for row in rows))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _file(connection: sqlite3.Connection, size: int) -> StateFile:
    page_size, pages, free = (_pragma(connection, name) for name in ("page_size", "page_count", "freelist_count"))
    return StateFile(Backend.SQLITE, size, page_size, pages, free)


__all__ = ["check_file", "read_everything", "read_tables"]
