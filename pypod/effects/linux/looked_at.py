"""A file as content whose pages are read when they are looked at, or all at once.

Nothing is mapped: a file that is cut while it is read gives fewer bytes, not a signal.
"""

from __future__ import annotations

import os


class FileContent:
    """An open file, as long as it was when this was made: what is added later is of a later transaction.

    Raises OSError where a read does.
    """

    __slots__ = ("_descriptor", "_size")

    def __init__(self, descriptor: int, size: int | None = None) -> None:
        """``size`` where it is known."""
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size if size is None else size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, where: slice, /) -> bytes:
        start, stop, _ = where.indices(self._size)
        if start >= stop:
            return b""
        content = os.pread(self._descriptor, stop - start, start)
        while content and len(content) < stop - start:
            more = os.pread(self._descriptor, stop - start - len(content), start + len(content))
            if not more:
                break
            content += more
        return content


def whole_content(descriptor: int) -> bytearray:
    """Everything in a file, by ``preadv``; as far as it goes, where it was cut meanwhile or is added to."""
    content = bytearray(os.fstat(descriptor).st_size)
    done = 0
    with memoryview(content) as room:
        while done < len(content) and (count := os.preadv(descriptor, [room[done:]], done)):
            done += count
    del content[done:]
    return content
