"""Facts of an opened store."""

from __future__ import annotations

from msgspec import Struct


class Store(Struct, frozen=True):
    """An opened containers/storage store.

    ``name`` is the driver's name as opened (``overlay2`` for the second name of overlay), which names the driver's home
    in both roots; ``driver`` the driver's own name, which prefixes the other directories.  ``status`` are the pairs that
    ``info`` shows as graphStatus, in order.  ``mounted``: the driver's home was bind-mounted on itself, by this process
    or an earlier one.
    """

    graph_root: str
    run_root: str
    name: str
    driver: str
    options: tuple[str, ...] = ()
    status: tuple[tuple[str, str], ...] = ()
    mounted: bool = False
    assumed: tuple[str, ...] = ()
    """What was assumed of the kernel because only it can tell, as sentences."""
