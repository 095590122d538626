"""What is given back when a store is shut down (containers/storage ``store.go``, ``Shutdown``)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from pypod.pure.failure import HostError, Problem, StoreRefused
from pypod.pure.gotext import joined
from pypod.pure.store.facts import Store

TOKEN_DIGITS: Final = 64
"""A last-writer token: so many hexadecimal digits."""

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


def not_unmounted(error: HostError) -> Problem:
    """A home that cannot be unmounted; the tokens are written all the same."""
    return StoreRefused(f"umount {error.subject}, flags: 0x2: {error.reason}", error.subject, cause=error)


def not_shut_down(problem: Problem) -> Problem:
    """The runtime's words for a store that could not be shut down."""
    return problem.wrapped("error shutting down container storage")
