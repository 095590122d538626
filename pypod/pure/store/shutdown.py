"""What is given back when a store is shut down (containers/storage ``store.go``, ``Shutdown``)."""

from __future__ import annotations

import errno
from typing import Final

from msgspec import Struct

from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import HostError, Problem, StoreRefused
from pypod.pure.gotext import joined
from pypod.pure.store.facts import Store

TOKEN_DIGITS: Final = 64
"""A last-writer token: so many hexadecimal digits."""

TABLE_MODE: Final = 0o600

_MOUNTING: Final = frozenset({"overlay", "aufs", "btrfs"})


class CleanUp(Struct, frozen=True):
    """What a driver gives back: directories to remove, mounts to detach."""

    remove: tuple[str, ...] = ()
    unmount: tuple[str, ...] = ()


def clean_up(store: Store) -> CleanUp:
    """The driver's clean-up; the home is unmounted whoever mounted it."""
    home = joined(store.graph_root, store.name)
    return CleanUp(
        remove=(joined(home, "staging"),) if store.driver == "overlay" else (),
        unmount=(home,) if store.driver in _MOUNTING else (),
    )


def mounted_at(store: Store, layer: str) -> str:
    """Where a layer is mounted, of the drivers that mount one; empty for vfs, which has nothing to give back."""
    return joined(store.graph_root, store.name, layer, "merged") if store.driver == "overlay" else ""


def unmount_refused(error: HostError, layer: str, path: str) -> Diagnostic:
    """What the driver says of a layer that it could not unmount, going on all the same."""
    return Diagnostic(Level.DEBUG, f"Failed to unmount {layer} overlay: {path} - {error.reason}")


def mount_point_kept(error: HostError, layer: str, path: str) -> tuple[Diagnostic, ...]:
    """What the driver says of a mount point that it could not remove."""
    if error.errno == errno.ENOENT:
        return ()
    return (Diagnostic(Level.DEBUG, f"Failed to remove mountpoint {layer} overlay: {path} - {error.reason}"),)


def not_unmounted(error: HostError) -> Problem:
    """A home that cannot be unmounted; the tokens are written all the same."""
    return StoreRefused(f"umount {error.subject}, flags: 0x2: {error.reason}", error.subject, cause=error)


def not_shut_down(problem: Problem) -> Problem:
    """The runtime's words for a store that could not be shut down."""
    return problem.wrapped("error shutting down container storage")
