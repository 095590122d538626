"""A database file that was found sound, so that a run of transactions checks it once.

Every transaction of anyone writes one of the two meta pages, with a transaction id that is new; so a file whose meta
pages are what they were is what it was.  That holds under the lock only.
"""

from __future__ import annotations

import os
from typing import Final

from pypod.pure.bolt.snapshot import Snapshot
from pypod.pure.bolt.working import Nodes
from pypod.pure.bolt.writes import PageWrites, Write

KEPT: Final = 64
"""So many pages are kept as nodes."""


class KnownFile:
    """A file as of the last time that its lock was held: which file it is, its meta pages, and the newest of them; and the
    pages that transactions went through, as nodes.
    """

    __slots__ = ("_file", "meta", "nodes", "pages")

    def __init__(self, descriptor: int, snapshot: Snapshot) -> None:
        """The file as it is; raises OSError."""
        status = os.fstat(descriptor)
        self._file = status.st_dev, status.st_ino, status.st_size
        self.meta = snapshot.meta
        self.nodes = Nodes()
        self.pages = bytes(snapshot.content[: 2 * snapshot.page_size])

    def holds(self, descriptor: int) -> bool:
        """Whether the file is still as it was."""
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino, status.st_size) != self._file:
            return False
        try:
            return os.pread(descriptor, len(self.pages), 0) == self.pages
        except OSError:
            return False

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self._file[2]

    def meta_page(self, number: int) -> Write:
        """The write that puts one of the meta pages back."""
        size = self.meta.page_size
        return Write(number * size, self.pages[number * size : (number + 1) * size])

    def after(self, writes: PageWrites) -> KnownFile:
        """After a transaction that was done; its last write is the meta page."""
        last = [step for step in writes.steps if isinstance(step, Write)][-1]
        self.pages = self.pages[: last.offset] + last.data + self.pages[last.offset + len(last.data) :]
        self.meta = writes.meta
        self._file = (*self._file[:2], writes.size)
        self.nodes.forget(most=KEPT)
        return self
