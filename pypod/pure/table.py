"""Immutable tables of a few hundred entries: the paths of a world, the settings of a runtime.

They are changed some fifty times in a run and looked at thousands of times.  At that size copying a dictionary at each
change costs less than a persistent trie does, and looking costs what a dictionary costs.  Whoever makes a table may fill it
in place until somebody else has seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Table(dict[K, V]):
    """A dictionary that cannot be changed; ``set``, ``without`` and ``having`` answer other ones."""

    __slots__ = ()

    def set(self, key: K, value: V) -> Table[K, V]:
        """With one entry more, or another value for it."""
        return self.having({key: value})

    def having(self, entries: Mapping[K, V]) -> Table[K, V]:
        """With several entries."""
        # One copy, filled before anybody sees it.
        after = Table(self)
        super(Table, after).update(entries)
        return after

    if TYPE_CHECKING:

        def fill(self, key: K, value: V, /) -> None:
            """Set an entry in place: for whoever made this table, until anybody else has seen it."""

    else:
        fill = dict.__setitem__

    def discard(self, key: K) -> Table[K, V]:
        """Without an entry, if it is there."""
        return self.without((key,)) if key in self else self

    def without(self, keys: Iterable[K]) -> Table[K, V]:
        """Without some entries."""
        gone = frozenset(keys)
        return Table({key: value for key, value in self.items() if key not in gone})

    def __hash__(self) -> int:  # type: ignore[override]  # unlike a dictionary it cannot change
        return hash(frozenset(self.items()))

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a table cannot be changed")

    __setitem__ = __delitem__ = __ior__ = update = pop = popitem = clear = setdefault = _refuse  # pyright: ignore[reportAssignmentType] - what it refuses
