"""A driver's home: whose it is, and what is said where it cannot be made ready."""

from __future__ import annotations

import errno
from typing import Final

import msgspec

from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError, Problem, Refused, StoreRefused
from pypod.pure.gotext import parent
from pypod.pure.store.facts import Place

_UNCHANGED: Final = (-1, -1)


def mapped_root(uids: tuple[str, ...], gids: tuple[str, ...]) -> tuple[int, int] | None:
    """The ids of root by the store's id maps (``idtools.GetRootUIDGID``); ``None`` where a map does not hold id 0."""
    uid, gid = _host_of_root(uids), _host_of_root(gids)
    return None if uid is None or gid is None else (uid, gid)


def _host_of_root(ranges: tuple[str, ...]) -> int | None:
    """The id outside that id 0 stands for; a map of a single id is taken for that of root, whatever it says."""
    if not ranges:
        return 0
    numbers = [tuple(map(int, one.split(":"))) for one in ranges]
    if len(numbers) == 1 and numbers[0][2] == 1:
        return numbers[0][1]
    return next((outside for inside, outside, length in numbers if inside == 0 and length), None)


def leaving_owners(place: Place) -> Place:
    """For vfs, which does not ask whether root is mapped: then its home stays whose it is."""
    return place if place.root is not None else msgspec.structs.replace(place, root=_UNCHANGED)


def unmapped_root(place: Place) -> Problem:
    """Id maps without root."""
    return StoreRefused("Container ID 0 cannot be mapped to a host ID", place.home)


def is_foreign(status: FileStatus, place: Place) -> bool:
    """Whether a directory belongs to somebody else: drivers give their homes back to root."""
    if place.root != (0, 0):
        return place.root not in (_UNCHANGED, (status.uid, status.gid))
    return not {status.uid, status.gid} <= {0, place.owner}


def is_remapped(root: tuple[int, int]) -> bool:
    """Whether directories that root makes are to be given away."""
    return root not in ((0, 0), _UNCHANGED)


def above(path: str) -> tuple[str, ...]:
    """The directories above a path, from below, without the root directory."""
    found: list[str] = []
    while (path := parent(path)) not in ("/", "."):
        found.append(path)
    return tuple(found)


def ungiven(error: HostError, root: tuple[int, int]) -> Problem:
    """A directory that cannot be given to root (``idtools.SafeChown``)."""
    if error.errno != errno.EINVAL:
        return Refused(error.message, error.subject, cause=error)
    asked = f"(requested {root[0]}:{root[1]} for {error.subject})"
    text = (
        f"potentially insufficient UIDs or GIDs available in user namespace {asked}: Check /etc/subuid and /etc/subgid"
    )
    return Refused(f"{text}: {error.message}", error.subject, cause=error)


def unreadable_filesystem(error: HostError) -> Problem:
    """The filesystem below a home cannot be told: libpod returns the bare errno."""
    return Refused(error.reason, error.subject, cause=error)


def unbound(error: HostError) -> Problem:
    """A home that cannot be mounted on itself (``mount.MakePrivate``, first half)."""
    home = error.subject
    return StoreRefused(f"mount {home}:{home}, flags: 0x1000: {error.reason}", home, cause=error)


def unprivate(error: HostError) -> Problem:
    """A home whose mount cannot be made private."""
    return StoreRefused(f"remount {error.subject}, flags: 0x40000: {error.reason}", error.subject, cause=error)
