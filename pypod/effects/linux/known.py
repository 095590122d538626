"""A database file that was read whole and is kept up to date, so that a run of transactions reads and checks it once.

Every transaction of anyone writes one of the two meta pages, with a transaction id that is new; so a file whose meta
pages are what they were is what it was.  That holds under the lock only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from pypod.effects.linux.steps import whole_content
from pypod.pure.bolt.writes import Resize, Step, Sync, Write


class KnownFile:
    """The content of a file as of the last time that its lock was held."""

    def __init__(self, device: int, inode: int, content: bytearray) -> None:
        self._file = device, inode
        self._room = 2 * os.sysconf("SC_PAGE_SIZE")
        self.content = content

    @classmethod
    def read(cls, descriptor: int) -> KnownFile:
        """The file as it is; raises OSError."""
        status = os.fstat(descriptor)
        return cls(status.st_dev, status.st_ino, whole_content(descriptor))

    def holds(self, descriptor: int) -> bool:
        """Whether the file is still as it was."""
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != self._file or status.st_size != len(self.content):
            return False
        try:
            first = os.pread(descriptor, self._room, 0)
        except OSError:
            return False
        return len(first) == min(self._room, len(self.content)) and self.content.startswith(first)

    def after(self, steps: Iterable[Step]) -> KnownFile:
        """After the steps of a transaction that was done."""
        for step in steps:
            match step:
                case Resize(size):
                    self._grow(size)
                case Write(offset, data):
                    self._grow(offset + len(data))
                    self.content[offset : offset + len(data)] = data
                case Sync():
                    pass
        return self

    def _grow(self, size: int) -> None:
        if size > len(self.content):
            # Not in place: a snapshot may still look at the bytes there are.
            self.content = self.content + bytes(size - len(self.content))
