"""``pypod locks``: the locks of a user, who owns and who holds each, and what is wrong with them.

A lock is *allocated* in the segment (or as a lock file), *owned* by the objects of a database whose configuration names
its number, and *held* by a thread.  The three are kept in three places, and libpod checks none against another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from pypod.pure.locks.decide import LockKind
from pypod.pure.locks.holders import Held, Hold
from pypod.pure.state.check import Finding, shared_locks
from pypod.pure.state.facts import References

SEGMENT_MUTEX: Final = -1


class Owner(Struct, frozen=True):
    """A container, pod or volume that uses a lock; ``id`` is a volume's name."""

    kind: str
    id: str
    name: str
    lock: int

    @property
    def called(self) -> str:
        """``container 4f6a…``, as the other commands call it."""
        return f"{self.kind} {self.id}"


class Place(Struct, frozen=True):
    """Where the locks are: the segment's file or the directory of lock files.

    ``size`` is the segment's in bytes.  ``locks`` is how many there are, 0 where there is no limit; ``wanted`` how many the
    configuration asks for.  ``damage`` is the text with which libpod refuses a segment.
    """

    kind: LockKind
    path: str
    there: bool = True
    size: int = 0
    locks: int = 0
    wanted: int = 0
    allocated: tuple[int, ...] = ()
    held: tuple[Held, ...] = ()
    damage: str = ""


class Line(Struct, frozen=True):
    """A lock that is allocated, owned or held."""

    number: int
    allocated: bool
    owners: tuple[Owner, ...] = ()
    held: Held | None = None


class Report(Struct, frozen=True):
    """Where the locks are and how many, as :class:`Place` has it; the locks that are allocated, owned or held, by number.

    ``free`` is ``None`` where there is no limit.  ``unowned`` are the numbers that are allocated to no object of this
    database.  ``segment_mutex`` is the mutex that guards the bitmaps, where it is not free.  ``database`` is empty where
    there is none yet, ``unread`` is why it could not be read.  ``refresh``: the runtime is not up, and its next start
    allocates the locks of all objects.
    """

    kind: LockKind
    path: str
    there: bool
    size: int
    total: int
    wanted: int
    used: int
    free: int | None
    held: int
    database: str
    refresh: bool
    locks: tuple[Line, ...]
    unowned: tuple[int, ...]
    segment_mutex: Held | None
    conflicts: tuple[Finding, ...]
    unread: str = ""

    @property
    def sound(self) -> bool:
        """Nothing is wrong, and everything could be looked at."""
        return not (self.conflicts or self.unread)


class Database(Struct, frozen=True):
    """The database whose objects own locks: its path, what it holds (``None``: there is none yet, or it cannot be read, as
    ``unread`` says).
    """

    path: str
    held: References | None = None
    unread: str = ""

    @property
    def there(self) -> bool:
        return self.held is not None or bool(self.unread)


def owners_of(held: References | None) -> tuple[Owner, ...]:
    """The objects that use a lock: containers, pods, volumes.  Of one whose configuration is damaged nothing is known."""
    if held is None:
        return ()
    return (
        *(Owner("container", one.id, one.name, one.lock) for one in held.containers if one.stored and not one.damage),
        *(Owner("pod", one.id, one.name, one.lock) for one in held.pods if one.stored and not one.damage),
        *(Owner("volume", one.name, one.name, one.lock) for one in held.volumes if one.stored and not one.damage),
    )


def report_of(place: Place, database: Database, *, refresh: bool) -> Report:
    """The report.  ``refresh``: there is no alive file."""
    owners = owners_of(database.held)
    allocated = frozenset(place.allocated)
    by_number: dict[int, list[Owner]] = {}
    for owner in owners:
        by_number.setdefault(owner.lock, []).append(owner)
    held = {one.number: one for one in place.held}
    numbers = sorted(allocated | by_number.keys() | held.keys() - {SEGMENT_MUTEX})
    lines = (Line(one, one in allocated, tuple(by_number.get(one, ())), held.get(one)) for one in numbers)
    return Report(
        kind=place.kind,
        path=place.path,
        there=place.there,
        size=place.size,
        total=place.locks,
        wanted=place.wanted,
        used=len(allocated),
        free=place.locks - len(allocated) if place.locks else None,
        held=sum(1 for one in place.held if one.hold is Hold.HELD and one.number != SEGMENT_MUTEX),
        database=database.path if database.there else "",
        refresh=refresh,
        locks=tuple(lines),
        unowned=tuple(one for one in place.allocated if one not in by_number),
        segment_mutex=held.get(SEGMENT_MUTEX),
        conflicts=tuple(_conflicts(place, database, owners, refresh=refresh)),
        unread=database.unread,
    )


def _conflicts(place: Place, database: Database, owners: tuple[Owner, ...], *, refresh: bool) -> Iterator[Finding]:
    if place.damage:
        yield Finding("segment", place.path, place.damage)
    if database.held is not None:
        yield from (Finding("shared", number, text) for number, text in shared_locks(database.held))
    if place.there and not place.damage:
        yield from _unlike(place, owners, refresh=refresh)
    yield from (Finding(one.hold.value, _named(one.number), _wrong(one)) for one in place.held if _wrong(one))


def _unlike(place: Place, owners: Iterable[Owner], *, refresh: bool) -> Iterator[Finding]:
    """Where the database and the locks do not agree.  Before a refresh the numbers must be free, after it allocated."""
    allocated = frozenset(place.allocated)
    for owner in owners:
        if place.locks and owner.lock >= place.locks:
            text = f"the lock of {owner.called} is {owner.lock}, beyond the {place.locks} that there are: it cannot be loaded"
            yield Finding("beyond", owner.id, text)
        elif refresh and owner.lock in allocated:
            text = (
                f"lock {owner.lock} of {owner.called} is allocated already, and Podman starts anew: it will say that the "
                "file exists, and leave the object as it was"
            )
            yield Finding("allocated", owner.id, text)
        elif not refresh and owner.lock not in allocated:
            text = (
                f"lock {owner.lock} of {owner.called} is not allocated: the next new object gets it too; "
                "`podman system renumber` gives each its own"
            )
            yield Finding("unallocated", owner.id, text)


def _named(number: int) -> str:
    return "segment" if number == SEGMENT_MUTEX else str(number)


def subject_of(one: Held) -> str:
    """What is held, in words."""
    return "the mutex of the segment" if one.number == SEGMENT_MUTEX else f"lock {one.number}"


def _wrong(one: Held) -> str:
    """What is wrong with a lock that is not free; empty where it is just held, or will be taken over."""
    what = subject_of(one)
    if one.hold is Hold.RUINED:
        return f"{what} is not recoverable: podman panics when it takes it; only a new segment helps"
    if one.hold is Hold.UNMADE:
        return f"{what} was never made: whoever made the segment did not come to its end"
    if one.hold is Hold.HELD and not one.process:
        return (
            f"{what} is held by thread {one.thread}, of which nothing is to be seen: it is of another PID namespace, or it "
            "went without giving it back, and then whoever wants it waits for ever"
        )
    return ""
