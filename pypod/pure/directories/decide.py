"""The runtime's own directories: which, with what mode, and what libpod says when one cannot be made (``makeRuntime``)."""

from __future__ import annotations

import errno
from typing import Final

from msgspec import Struct

from pypod.pure.failure import HostError
from pypod.pure.gotext import parent


class OwnDirectory(Struct, frozen=True):
    """A directory that construction makes: its path, its mode before the umask, libpod's words for a failure."""

    path: str
    mode: int
    unmade: str


def static_directory(static_dir: str) -> OwnDirectory:
    """Where the database is."""
    return OwnDirectory(static_dir, 0o700, "error creating runtime static files directory")


def tmp_directory(tmp_dir: str) -> OwnDirectory:
    """What is emptied at boot; conmon's sockets in it are entered by others, hence the mode."""
    return OwnDirectory(tmp_dir, 0o751, "error creating tmpdir")


def events_directory(log: str) -> OwnDirectory:
    """Where the events log is; made for every backend, also where nothing is ever written."""
    return OwnDirectory(parent(log), 0o700, "error creating events dirs")


def boot_directory(tmp_dir: str) -> OwnDirectory:
    """The same as :func:`tmp_directory`, asked for once more: by then it is there, with the other mode."""
    return OwnDirectory(tmp_dir, 0o755, "error creating runtime temporary files directory")


_PRESENT: Final = frozenset({errno.EEXIST, errno.ENOTEMPTY})


def is_present(error: HostError) -> bool:
    """Go's ``os.IsExist``: libpod takes such a failure for a directory that is there."""
    return error.errno in _PRESENT
