"""Which of two databases a host's Podman uses: ``bolt_state.db`` in the static directory, or ``db.sql``.

Podman up to 4.4 knows only BoltDB.  4.5 to 4.7 use it unless the configuration says otherwise; from 4.8 on SQLite is
used where there is no BoltDB file, and from 5.8.1 on wherever there is a ``db.sql``.
"""

from __future__ import annotations

from errno import ENOENT, ENOTDIR
from typing import Final

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.configuration.keys import GRAPH_ROOT, STATIC_DIR
from pypod.pure.configured import Configured
from pypod.pure.database.decide import database_path
from pypod.pure.facts import FileStatus
from pypod.pure.failure import DatabaseUnreadable, HostError, Problem
from pypod.pure.gotext import joined
from pypod.pure.settings import Settings, Source
from pypod.pure.state.facts import Backend

SQLITE_NAME: Final = "db.sql"
SQLITE_MAGIC: Final = b"SQLite format 3\0"
"""How a file of SQLite begins."""
_BACKEND_KEY: Final = "engine.database_backend"

_KNOWS_SQLITE: Final = (4, 5, 0)
_PREFERS_NEW_SQLITE: Final = (4, 8, 0)
_PREFERS_SQLITE: Final = (5, 8, 1)


class Places(Struct, frozen=True):
    """Where each database would be, and the backend that containers.conf asks for; empty where it does not."""

    bolt: str
    sqlite: str
    wanted: str = ""


class Choice(Struct, frozen=True):
    """The database that Podman uses, why, and the path of the other one where that is there too."""

    backend: Backend
    path: str
    because: str
    other: str = ""


def places(configured: Configured) -> Places:
    """Where the databases are.  ``db.sql`` is in the graph root, unless a file sets the static directory."""
    settings = configured.settings
    set_by_file = settings.origin(STATIC_DIR).source is Source.FILE
    directory = settings.get(STATIC_DIR if set_by_file else GRAPH_ROOT)
    return Places(database_path(configured), joined(directory, SQLITE_NAME), _wanted(settings))


def _wanted(settings: Settings) -> str:
    """The last word of the files on ``database_backend``, which libpod 3.4 does not know."""
    held = settings.entries.get(_BACKEND_KEY)
    values = [one.value for one in held.ignored] if held else []
    return values[-1] if values and isinstance(values[-1], str) else ""


def chosen(where: Places, installed: str, *, bolt: bool, sqlite: bool) -> Choice:
    """The database in use.  ``bolt`` and ``sqlite`` say which files are there; ``installed`` is Podman's version, empty
    where none is installed: then the one that is there is taken, BoltDB where both are.
    """
    backend, because = _backend(where.wanted, version_of(installed), bolt=bolt, sqlite=sqlite)
    ours, theirs = (where.bolt, where.sqlite) if backend is Backend.BOLT else (where.sqlite, where.bolt)
    other_is_there = sqlite if backend is Backend.BOLT else bolt
    name = f"podman {installed}" if installed else "no podman is installed here, and libpod 3.4"
    return Choice(backend, ours, because.format(podman=name), theirs if other_is_there else "")


def _backend(wanted: str, version: tuple[int, ...], *, bolt: bool, sqlite: bool) -> tuple[Backend, str]:
    if not version:
        if sqlite and not bolt:
            return Backend.SQLITE, "it is the only database here"
        return Backend.BOLT, "{podman} knows no other"
    if version < _KNOWS_SQLITE:
        return Backend.BOLT, "{podman} knows no other"
    if wanted in (Backend.BOLT.value, Backend.SQLITE.value):
        return Backend(wanted), f"containers.conf sets database_backend to {wanted}"
    if version < _PREFERS_NEW_SQLITE:
        return Backend.BOLT, "{podman} uses BoltDB unless database_backend says otherwise"
    if sqlite and version >= _PREFERS_SQLITE:
        return Backend.SQLITE, "{podman} takes db.sql where there is one"
    if bolt:
        return Backend.BOLT, "{podman} goes on with a BoltDB database that is there"
    return Backend.SQLITE, "{podman} uses SQLite where there is no BoltDB database"


def version_of(text: str) -> tuple[int, ...]:
    """The numbers of ``5.8.1-rc1``; empty where it does not begin with one."""
    numbers = text.partition("-")[0].split(".")
    if not all(part.isascii() and part.isdigit() for part in numbers):
        return ()
    return tuple(int(part) for part in [*numbers, "0", "0"][:3])


def holds_something(status: Result[FileStatus, HostError]) -> bool:
    """Whether a file is there for Podman: an empty one becomes a new database.  What cannot be looked at is taken to be, and
    what is no file (a FIFO has no size either): it is in the way, and whoever opens it is told so.
    """
    if isinstance(status, Failure):
        return status.failure().errno not in (ENOENT, ENOTDIR)
    there = status.unwrap()
    return there.size > 0 or not there.is_file


def absent(path: str) -> Problem:
    """There is no database before Podman's first command."""
    return DatabaseUnreadable(f"there is no database yet: {path} is made by Podman's first command", path)
