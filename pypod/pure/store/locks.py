"""The texts and rules of containers/storage's lock files (``pkg/lockfile``)."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.gotext import quoted

LOCK_MODE: Final = 0o644
READ_ONLY_LOCK_MODE: Final = 0o000
"""A lock of a read-only store is opened ``O_RDONLY|O_CREAT`` without permission bits."""
LOCKER_DIRECTORY_MODE: Final = 0o700


def lacks_directory(error: HostError) -> bool:
    """Whether the lock file could not be made because its directory is missing: then that is made first."""
    return error.errno == errno.ENOENT


def unopened(path: str) -> Callable[[HostError], Problem]:
    """A lock file that cannot be opened: ``error opening "/x/storage.lock": is a directory``."""

    def problem(error: HostError) -> Problem:
        return Refused(f"error opening {quoted(path)}: {error.reason}", path, cause=error)

    return problem


def no_locker_directory(path: str) -> Callable[[HostError], Problem]:
    """The directory of a lock file that cannot be made."""

    def problem(error: HostError) -> Problem:
        text = f"error opening {quoted(path)}: creating locker directory: {error.message}"
        return Refused(text, path, cause=error)

    return problem
