"""Facts of an opened store."""

from __future__ import annotations

from msgspec import Struct

from pypod.pure.gotext import joined


class OpenedDriver(Struct, frozen=True):
    """A graph driver that was initialised; the fields are those of :class:`Store`."""

    name: str
    driver: str
    status: tuple[tuple[str, str], ...] = ()
    mounted: bool = False
    image_stores: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """Where a driver is initialised, for whom and with what options.

    ``name`` names its home in both roots.  ``rootless`` is containers/storage's word for a process in, or in need of, a
    user namespace; ``euid`` the effective uid, ``owner`` the uid outside that stands for root inside; ``root`` the ids
    that the store's id maps (``remap-uids``, ``remap-gids``) give to root, ``None`` where they give none.
    """

    graph_root: str
    run_root: str
    name: str
    options: tuple[str, ...] = ()
    rootless: bool = False
    euid: int = 0
    owner: int = 0
    root: tuple[int, int] | None = (0, 0)

    @property
    def home(self) -> str:
        return joined(self.graph_root, self.name)

    @property
    def run_home(self) -> str:
        return joined(self.run_root, self.name)


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
    image_stores: tuple[str, ...] = ()
    """The additional image stores, which are only read."""
    assumed: tuple[str, ...] = ()
    """What was assumed of the kernel because only it can tell, as sentences."""
