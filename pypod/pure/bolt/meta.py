"""Meta pages: which snapshot of the file is the newest valid one.

The body, from byte 16 of pages 0 and 1: ``u32 magic, version, page size, flags``, ``u64 root page, root sequence,
freelist page, high-water mark, txid`` and the FNV-1a-64 checksum of all that.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.bolt.errors import CHECKSUM, INVALID, TOO_SMALL, VERSION_MISMATCH, BoltError
from pypod.pure.bolt.page import HEADER, HEADER_SIZE, META, Buffer, Content

MAGIC: Final = 0xED0CDAED
VERSION: Final = 2
NO_FREELIST: Final = 0xFFFFFFFFFFFFFFFF
"""The freelist page of a file that stores none."""

BODY: Final = struct.Struct("<IIIIQQQQQ")
CHECKSUM_FIELD: Final = struct.Struct("<Q")
META_SIZE: Final = HEADER_SIZE + BODY.size + CHECKSUM_FIELD.size
_FNV_BASIS: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_FNV_MASK: Final = 0xFFFFFFFFFFFFFFFF
_FNV_POWERS: Final = tuple(pow(_FNV_PRIME, zeros, _FNV_MASK + 1) for zeros in range(BODY.size + 1))
FIRST_READ: Final = 4096
"""bbolt looks for the page size in this many bytes, and a file must have them."""
SMALLEST_PAGE: Final = 512
LARGEST_PAGE: Final = 1 << 20


class Meta(Struct, frozen=True):
    """A valid meta page.  ``page_size`` is in bytes; pages are counted from the beginning of the file."""

    page_size: int
    root: int
    sequence: int
    freelist: int
    high_water: int
    txid: int


def checksum(body: Buffer) -> int:
    """FNV-1a, 64 bits."""
    value, zeros = _FNV_BASIS, 0
    for byte in body:
        if not byte:
            zeros += 1
            continue
        if zeros:
            # A zero only multiplies, and most of a meta page is zeros.
            value = value * _FNV_POWERS[zeros] & _FNV_MASK
            zeros = 0
        value = (value ^ byte) * _FNV_PRIME & _FNV_MASK
    return value * _FNV_POWERS[zeros] & _FNV_MASK


def meta_at(content: Content, start: int) -> Result[Meta, BoltError]:
    """The meta page that begins at a byte, checked in bbolt's order: magic, version, checksum (0 is not compared)."""
    page = content[start : start + META_SIZE]
    if len(page) < META_SIZE:
        return Failure(INVALID)
    body = page[HEADER_SIZE : HEADER_SIZE + BODY.size]
    magic, version, page_size, _, root, sequence, freelist, high_water, txid = BODY.unpack(body)
    if magic != MAGIC:
        return Failure(INVALID)
    if version != VERSION:
        return Failure(VERSION_MISMATCH)
    (stored,) = CHECKSUM_FIELD.unpack_from(page, HEADER_SIZE + BODY.size)
    if stored and stored != checksum(body):
        return Failure(CHECKSUM)
    return Success(Meta(page_size, root, sequence, freelist, high_water, txid))


def current_meta(content: Content, page_size: int) -> Result[Meta, BoltError]:
    """The valid meta page with the larger txid, the first one on a tie; ``bolt.Open``'s choice.

    ``page_size`` is the operating system's: it counts where page 0 is not valid.  The answer carries the page size in
    use.  Where neither is valid, the error is page 0's.
    """
    if len(content) < FIRST_READ:
        return Failure(INVALID)
    first = meta_at(content, 0)
    size = first.map(lambda meta: meta.page_size).value_or(page_size)
    if not SMALLEST_PAGE <= size <= LARGEST_PAGE or size & (size - 1):
        return Failure(BoltError(f"page size {size} is not one", 0, HEADER_SIZE + 8, fatal=True))
    if len(content) < 2 * size:
        return Failure(TOO_SMALL)
    second = meta_at(content, size)
    valid = [found.unwrap() for found in (first, second) if not isinstance(found, Failure)]
    if not valid:
        return first
    return Success(msgspec.structs.replace(max(valid, key=lambda meta: meta.txid), page_size=size))


def encoded(meta: Meta, number: int) -> bytes:
    """A meta page, zeroes to its end included."""
    fields = (meta.root, meta.sequence, meta.freelist, meta.high_water, meta.txid)
    body = BODY.pack(MAGIC, VERSION, meta.page_size, 0, *fields)
    page = HEADER.pack(number, META, 0, 0) + body + CHECKSUM_FIELD.pack(checksum(body))
    return page.ljust(meta.page_size, b"\0")
