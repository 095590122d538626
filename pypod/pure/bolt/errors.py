"""What is wrong with a file."""

from __future__ import annotations

from msgspec import Struct


class BoltError(Struct, frozen=True):
    """Why a file cannot be read: bbolt's words where bbolt has an error, else ours with page and byte offset.

    ``page`` and ``offset`` are -1 where the whole file is meant.  ``fatal`` says that bbolt itself does not answer with
    an error here: it panics or faults.
    """

    text: str
    page: int = -1
    offset: int = -1
    fatal: bool = False

    @property
    def message(self) -> str:
        """The text, and for damage inside the file where it is."""
        return f"{self.text} (page {self.page}, byte {self.offset})" if self.offset >= 0 else self.text


INVALID = BoltError("invalid database")
VERSION_MISMATCH = BoltError("version mismatch")
CHECKSUM = BoltError("checksum error")
TOO_SMALL = BoltError("file size too small")


class DamagedError(Exception):
    """Damage met while a snapshot is being read.  Only :func:`pypod.pure.bolt.snapshot.view` catches it."""

    def __init__(self, text: str, page: int, offset: int) -> None:
        super().__init__(text)
        self.error = BoltError(text, page, offset, fatal=True)
