"""Lock files of containers/storage: made when a lock object is asked for, taken when it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from returns.result import Failure, Result

from pypod.pure.facts import Changed, Handle
from pypod.pure.failure import Problem
from pypod.pure.gotext import parent
from pypod.pure.program import Program, attempt, bracket
from pypod.pure.store.locks import (
    LOCK_MODE,
    LOCKER_DIRECTORY_MODE,
    lacks_directory,
    no_locker_directory,
    unopened,
)
from pypod.pure.vocabulary.changes import CreateFile, MakeDirectories
from pypod.pure.vocabulary.locks import ReleaseFileLock, TakeFileLock

T = TypeVar("T")


def make_lock_file(path: str, mode: int = LOCK_MODE) -> Program[Result[Changed, Problem]]:
    """Make a lock file where it is missing, and its directory too (``lockfile.GetLockfile``)."""
    made = yield from attempt(CreateFile(path, mode))
    if not (isinstance(made, Failure) and lacks_directory(made.failure())):
        return made.alt(unopened(path))
    directory = yield from attempt(MakeDirectories(parent(path), LOCKER_DIRECTORY_MODE))
    if isinstance(directory, Failure):
        return directory.alt(no_locker_directory(path))
    again = yield from attempt(CreateFile(path, mode))
    return again.alt(unopened(path))


def holding(path: str, use: Callable[[Handle], Program[T]], *, exclusive: bool = True) -> Program[T]:
    """Do something while the lock of a lock file is held; the file is there already."""
    return (yield from bracket(TakeFileLock(path, exclusive), ReleaseFileLock, use, unopened(path)))
