"""A driver's home: whose it is, and what is said where it cannot be made ready."""

from __future__ import annotations

from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError, Problem, Refused, StoreRefused
from pypod.pure.store.facts import Place


def is_foreign(status: FileStatus, place: Place) -> bool:
    """Whether a directory belongs to somebody else: drivers give their homes back to root."""
    return not {status.uid, status.gid} <= {0, place.owner}


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
