"""Removing files and trees: Go's ``os.Remove`` and ``os.RemoveAll``, call by call."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from typing import Final, TypeAlias

from returns.result import Failure, Result, Success

from pypod.effects.linux import calls
from pypod.effects.linux.entries import entry_at, entry_of, place_of
from pypod.effects.linux.refusal import asked
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed
from pypod.pure.failure import HostError

_Drop: TypeAlias = Callable[[str, int | None], None]
_MAY_BE_DIRECTORY: Final = (errno.EISDIR, errno.EPERM, errno.EACCES)


def removed(path: str) -> Changed:
    """``unlink``, then ``rmdir``; raises the OSError that tells why neither worked."""
    before = entry_at(path, follow=False)
    try:
        calls.unlink(path)
    except FileNotFoundError:
        # As rmdir would say: most of what a refresh removes is not there.
        raise
    except OSError as refused:
        try:
            calls.remove_directory(path)
        except OSError as again:
            raise (refused if again.errno == errno.ENOTDIR else again) from None
    # What is above it is still there.
    return Changed((Change(place_of(path, follow=False), before, None),))


def tree_removed(path: str) -> Result[Changed, HostError]:
    """A path and all below it; a missing one is no failure."""
    if not path:
        return Success(NOTHING_CHANGED)
    if path == "." or path.endswith("/."):
        return Failure(HostError(errno.EINVAL, "RemoveAll", path))
    simply = asked("remove", path, lambda: removed(path))
    if not isinstance(simply, Failure):
        return simply
    if simply.failure().errno == errno.ENOENT:
        return Success(NOTHING_CHANGED)
    above, name = _split(path)
    opened = asked("open", above, lambda: calls.open_file(above, os.O_RDONLY))
    if isinstance(opened, Failure):
        error = opened.failure()
        return Success(NOTHING_CHANGED) if error.errno == errno.ENOENT else Failure(error)
    descriptor = opened.unwrap()
    try:
        tree = _Tree(above, os.path.realpath(above))
        failed = tree.remove(descriptor, name)
    finally:
        _close(descriptor)
    return Success(Changed(tuple(tree.gone))) if failed is None else Failure(failed)


def _split(path: str) -> tuple[str, str]:
    """The directory and the name of a path; ``.`` for a name alone."""
    plain = path.rstrip("/") or "/"
    directory, _, name = plain.rpartition("/")
    return directory or ("/" if plain.startswith("/") else "."), name


def _close(descriptor: int) -> None:
    """Close a directory: nothing was written through it, so that a failure tells nothing."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


class _Level:
    """A directory that is being emptied: the names that are left, and the first failure among those before them.

    ``path`` is where it is below the top, with a slash at its end.
    """

    def __init__(self, descriptor: int, path: str, names: list[str]) -> None:
        self.descriptor = descriptor
        self.path = path
        self.names = sorted(names, reverse=True)
        self.first: HostError | None = None


class _Tree:
    """A tree that is being removed: ``above`` is the directory it is in, as it was named and where it is.

    Not by recursion: a tree can be deeper than the interpreter's stack.
    """

    def __init__(self, above: str, place: str) -> None:
        self._above = above
        self._place = place.rstrip("/")
        self.gone: list[Change] = []

    def remove(self, directory: int, name: str) -> HostError | None:
        """A name in a directory and all below it: goes on after a failure, answers the first."""
        levels = [_Level(directory, "", [name])]
        try:
            while levels[-1].names or len(levels) > 1:
                if levels[-1].names:
                    levels.extend(self._begun(levels[-1], levels[-1].names.pop()))
                else:
                    level = levels.pop()
                    _close(level.descriptor)
                    self._ended(levels[-1], level)
        finally:
            for level in levels[1:]:
                _close(level.descriptor)
        return levels[0].first

    def _begun(self, level: _Level, name: str) -> tuple[_Level, ...]:
        """Drop a name; what has to be emptied before is entered."""
        refused = self._dropped(level, name, is_directory=False)
        if refused not in _MAY_BE_DIRECTORY:
            self._failed(level, name, "unlinkat", refused)
            return ()
        found = asked("fstatat", name, lambda: os.stat(name, dir_fd=level.descriptor, follow_symlinks=False))
        if isinstance(found, Failure):
            self._failed(level, name, "fstatat", found.failure().errno)
            return ()
        if not stat.S_ISDIR(found.unwrap().st_mode):
            self._failed(level, name, "unlinkat", refused)
            return ()
        return self._entered(level, name)

    def _entered(self, level: _Level, name: str) -> tuple[_Level, ...]:
        opened = asked("openfdat", name, lambda: calls.open_directory(name, level.descriptor))
        if isinstance(opened, Failure):
            refused = opened.failure().errno
            # One that cannot be listed can still be empty.
            if refused != errno.ENOENT and self._dropped(level, name, is_directory=True):
                self._failed(level, name, "openfdat", refused)
            return ()
        descriptor = opened.unwrap()
        kept = False
        try:
            names = asked("readdirnames", name, lambda: os.listdir(descriptor))  # noqa: PTH208 - by descriptor
            if isinstance(names, Failure):
                self._failed(level, name, "readdirnames", names.failure().errno)
                return ()
            kept = True
            return (_Level(descriptor, f"{level.path}{name}/", names.unwrap()),)
        finally:
            if not kept:
                _close(descriptor)

    def _ended(self, above: _Level, level: _Level) -> None:
        """Drop the directory that was emptied as far as it could be."""
        name = level.path.rstrip("/").rpartition("/")[2]
        refused = self._dropped(above, name, is_directory=True)
        if refused and level.first is not None:
            above.first = above.first or level.first
        else:
            self._failed(above, name, "unlinkat", refused)

    def _dropped(self, level: _Level, name: str, *, is_directory: bool) -> int:
        """0, or the errno with which a name is not dropped."""
        drop: _Drop = calls.remove_directory if is_directory else calls.unlink
        before = asked("fstatat", name, lambda: entry_of(os.stat(name, dir_fd=level.descriptor, follow_symlinks=False)))
        answer = asked("unlinkat", name, lambda: drop(name, level.descriptor))
        if isinstance(answer, Failure):
            refused: int = answer.failure().errno
            return refused
        self.gone.append(Change(f"{self._place}/{level.path}{name}", before.value_or(None), None))
        return 0

    def _failed(self, level: _Level, name: str, call: str, refused: int) -> None:
        """Keep the first refusal, named from where it all began; what is not there any more was to be removed."""
        if refused not in (0, errno.ENOENT) and level.first is None:
            level.first = HostError(refused, call, f"{self._above}/{level.path}{name}")
