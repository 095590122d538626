"""What the drivers do alike with their homes: the filesystem below, the directories, the mount on itself."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.facts import FilesystemStatus
from pypod.pure.failure import Problem
from pypod.pure.gotext import parent
from pypod.pure.program import Program, attempt, refused
from pypod.pure.store.facts import Place
from pypod.pure.store.home import (
    above,
    is_foreign,
    is_remapped,
    unbound,
    ungiven,
    unmapped_root,
    unprivate,
    unreadable_filesystem,
)
from pypod.pure.store.layout import DIRECTORY_MODE
from pypod.pure.vocabulary.changes import ChangeOwner, MakeDirectories
from pypod.pure.vocabulary.files import IsMountPoint, Stat, StatFilesystem


def _nothing(_value: object) -> None:
    return None


def backing_filesystem(path: str) -> Program[Result[FilesystemStatus, Problem]]:
    """The filesystem that a driver's home is on: that of the directory above (``graphdriver.GetFSMagic``)."""
    found = yield from attempt(StatFilesystem(parent(path)))
    return found.alt(unreadable_filesystem)


def make_home(place: Place, path: str) -> Program[Result[None, Problem]]:
    """Make a directory of a driver, root's; one that is there is given to root if it is not (``idtools.MkdirAllAs``)."""
    root = place.root
    if root is None:
        return Failure(unmapped_root(place))
    status = yield from attempt(Stat(path))
    if isinstance(status, Success):
        return (yield from _given(root, path)) if is_foreign(status.unwrap(), place) else Success(None)
    missing = (yield from _missing(path)) if is_remapped(root) else ()
    made = yield from attempt(MakeDirectories(path, DIRECTORY_MODE))
    if isinstance(made, Failure):
        return made.alt(refused("")).map(_nothing)
    for directory in missing:
        given = yield from _given(root, directory)
        if isinstance(given, Failure):
            return given
    return Success(None)


def _missing(path: str) -> Program[tuple[str, ...]]:
    """A path and the directories above it that are not there either."""
    found: tuple[str, ...] = ()
    for directory in (path, *above(path)):
        if isinstance((yield from attempt(Stat(directory))), Failure):
            found = (*found, directory)
    return found


def _given(root: tuple[int, int], path: str) -> Program[Result[None, Problem]]:
    given = yield from attempt(ChangeOwner(path, *root))
    return given.alt(lambda error: ungiven(error, root)).map(_nothing)


def make_homes(place: Place, *paths: str) -> Program[Result[None, Problem]]:
    """Several directories of a driver, up to the first that cannot be made."""
    for path in paths:
        made = yield from make_home(place, path)
        if isinstance(made, Failure):
            return made
    return Success(None)


def mount_home(home: str) -> Program[Result[None, Problem]]:
    """Mount a home on itself unless it is a mount point already, and keep what is mounted below it to this namespace."""
    from pypod.pure.vocabulary.mounts import BindOnItself, MakePrivate

    mounted = yield from attempt(IsMountPoint(home))
    if not mounted.value_or(False):
        bound = yield from attempt(BindOnItself(home))
        if isinstance(bound, Failure):
            return bound.alt(unbound).map(_nothing)
    private = yield from attempt(MakePrivate(home))
    return private.alt(unprivate).map(_nothing)
