"""Looking at a database through sights of it: a decision asks for what it needs, and is asked again when that was seen.

Theory of operation.  A decision is a pure function of :class:`Buckets`.  Over a :class:`View` it runs as far as what was
seen leads; :func:`considered` then answers the places that it wants to see next.  Whoever asks looks at all places anew,
so that they are of one transaction, and considers again.  What was seen in the end is what the decision rests on: the
transaction expects it to be still so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from msgspec import Struct
from returns.result import Result

from pypod.pure.database.buckets import Buckets
from pypod.pure.database.facts import At, Entries, Look, Sight
from pypod.pure.failure import Problem

T = TypeVar("T")


class _Unseen(Exception):  # noqa: N818 - not an error: control flow between a view and considered
    """Places that have to be seen first."""

    def __init__(self, looks: tuple[Look, ...]) -> None:
        super().__init__(looks)
        self.looks = looks


class Wanting(Struct, frozen=True):
    """A decision that cannot be taken before these places were seen."""

    looks: tuple[Look, ...]


def considered(
    question: Callable[[Buckets], Result[T, Problem]], sights: Iterable[Sight]
) -> Result[T, Problem] | Wanting:
    """What a decision answers by what was seen, or what it wants to see next."""
    try:
        return question(View({one.at: one for one in sights}))
    except _Unseen as unseen:
        return Wanting(unseen.looks)


class View:
    """A bucket, the root or one below it, as far as it was seen."""

    __slots__ = ("_at", "_seen")

    def __init__(self, seen: dict[At, Sight], at: At = ()) -> None:
        self._seen = seen
        self._at = at

    def get(self, name: str, /) -> bytes | None:
        return self._sight(name).value

    def bucket(self, name: str, /) -> View | None:
        return View(self._seen, (*self._at, name)) if self._sight(name).is_bucket else None

    def names(self) -> Iterator[tuple[str, bool]]:
        for name, value in self._entries():
            yield name, value is None

    def plain(self) -> Iterator[tuple[str, bytes]]:
        for name, value in self._entries():
            if value is not None:
                yield name, value

    def foresee(self, looks: Iterable[Look]) -> None:
        """Places below this bucket that will be looked at: they are seen at once, not one after the other."""
        unseen = tuple(
            Look((*self._at, *look.at), look.entries) for look in looks if not self._knows((*self._at, *look.at), look)
        )
        if unseen:
            raise _Unseen(unseen)

    def _knows(self, at: At, look: Look) -> bool:
        seen = self._seen.get(at)
        return seen is not None and not (look.entries and seen.is_bucket and seen.entries is None)

    def _sight(self, name: str) -> Sight:
        at = (*self._at, name)
        if at not in self._seen:
            raise _Unseen((Look(at),))
        return self._seen[at]

    def _entries(self) -> Entries:
        here = self._seen.get(self._at)
        if here is None or here.entries is None:
            raise _Unseen((Look(self._at, entries=True),))
        return here.entries


def foresee(state: Buckets, looks: Iterable[Look]) -> None:
    """Tell which places a decision will look at, so that they can be seen together.  It is right without, but slower."""
    if isinstance(state, View):
        state.foresee(looks)


def sight(root: Buckets, look: Look) -> Sight:
    """What is at a place."""
    parent: Buckets | None = root
    for name in look.at[:-1]:
        parent = parent.bucket(name) if parent is not None else None
    if parent is None:
        return Sight(look.at)
    found = parent.bucket(look.at[-1]) if look.at else root
    if found is None:
        return Sight(look.at, parent.get(look.at[-1]))
    return Sight(look.at, None, is_bucket=True, entries=_entries(found) if look.entries else None)


def _entries(bucket: Buckets) -> Entries:
    plain = dict(bucket.plain())
    return tuple((name, None if is_bucket else plain[name]) for name, is_bucket in bucket.names())


def sights(root: Buckets, looks: Iterable[Look]) -> tuple[Sight, ...]:
    """What is at these places."""
    return tuple(sight(root, look) for look in looks)


def together(looks: Iterable[Look], more: Iterable[Look]) -> tuple[Look, ...]:
    """Looks at all these places, each once."""
    wanted: dict[At, Look] = {}
    for look in (*looks, *more):
        held = wanted.get(look.at)
        wanted[look.at] = Look(look.at, look.entries or (held is not None and held.entries))
    return tuple(wanted.values())
