"""What a TOML document has defined so far, as libpod's library keeps account of it, with what that lets pass."""

from __future__ import annotations

from typing import NoReturn, cast


class Stumbled(Exception):  # noqa: N818 - not an error: what the library says of a document
    """The library's words."""


class _Tables(list[dict[str, object]]):
    """An array of tables, which the library tells from an array of values."""


class Defined:
    """The tables and keys of a document.  ``context`` is the table that pairs belong to, ``key`` the last complete key."""

    def __init__(self) -> None:
        self.context: tuple[str, ...] = ()
        self.key = ""
        self._tables: dict[str, object] = {}
        self._implied: dict[str, bool] = {}
        self._arrays: dict[str, bool] = {}

    def last_key(self) -> str:
        """The last key that was complete, with its tables."""
        return ".".join((*self.context, self.key) if self.key else self.context)

    def imply(self, path: tuple[str, ...], *, array: bool = False) -> None:
        """A table that is there because something in it is, or because it is a value itself."""
        self._implied[".".join(path)] = True
        self.add_table(path, array=array)

    def name_table(self, path: tuple[str, ...], *, array: bool) -> None:
        """A table, or one more of an array of tables, that a header names."""
        self.add_table(path, array=array)
        self._arrays[".".join(self.context)] = False

    def begin_array(self) -> None:
        """The value of the last key is an array: from here on another one may take its place."""
        self._arrays[self.last_key()] = True

    def end_pair(self, *, array: bool) -> None:
        """The last key has its value."""
        self._set(self.key, object())
        self._arrays[self.last_key()] = array

    def add_table(self, path: tuple[str, ...], *, array: bool) -> None:
        """A table comes into being, and the tables above it where they are not there."""
        *above, name = path
        held = self._tables
        reached: tuple[str, ...] = ()
        for part in above:
            reached = (*reached, part)
            if part not in held:
                self._implied[".".join(reached)] = True
                held[part] = {}
            inner = _table_in(held[part])
            if inner is None:
                _stumble(f"Key '{'.'.join(reached)}' was already created as a hash.")
            held = inner
        self.context = reached
        if array:
            there = held.setdefault(name, _Tables())
            if not isinstance(there, _Tables):
                _stumble(f"Key '{'.'.join(reached)}' was already created and cannot be used as an array.")
            there.append({})
        else:
            self._set(name, {})
        self.context = path

    def _set(self, name: str, value: object) -> None:
        held = self._tables
        reached: tuple[str, ...] = ()
        for part in self.context:
            reached = (*reached, part)
            inner = _table_in(held[part])
            if inner is None:
                _stumble(f"Key '{'.'.join(reached)}' has already been defined.")
            held = inner
        place = ".".join((*self.context, name))
        if name not in held:
            held[name] = value
            return
        if self._arrays.get(place):
            held[name] = value
        elif not self._implied.get(place):
            _stumble(f"Key '{place}' has already been defined.")
        self._implied[place] = False


def _table_in(value: object) -> dict[str, object] | None:
    """The table that a key leads to: of an array of tables the last one."""
    if isinstance(value, _Tables):
        return value[-1]
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _stumble(words: str) -> NoReturn:
    raise Stumbled(words)
