"""New files (``DB.init``)."""

from __future__ import annotations

from pypod.pure.bolt import freelist, leaf, meta
from pypod.pure.bolt.meta import Meta
from pypod.pure.bolt.node import Leaf

_FREELIST, _ROOT, _HIGH_WATER = 2, 3, 4


def new_database(page_size: int) -> bytes:
    """An empty database: two meta pages, an empty freelist, an empty root.  ``page_size`` is the system's, in bytes."""
    first, second = (Meta(page_size, _ROOT, 0, _FREELIST, _HIGH_WATER, txid) for txid in (0, 1))
    lists = (freelist.encoded((), _FREELIST, 0), leaf.encoded(Leaf([], [], []), _ROOT))
    pages = (meta.encoded(first, 0), meta.encoded(second, 1), *(page.ljust(page_size, b"\0") for page in lists))
    return b"".join(pages)
