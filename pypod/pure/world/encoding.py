"""The bytes of described files: a small bolt database, a tar archive."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, TypeAlias

PlainTree: TypeAlias = "Mapping[str, str | PlainTree]"

_PAGE_SIZE: Final = 4096
_PAGES: Final = 8
_MAGIC: Final = 0xED0CDAED
_VERSION: Final = 2
_HEADER: Final = struct.Struct("<QHHI")
_META: Final = struct.Struct("<IIIIQQQQQ")
_ELEMENT: Final = struct.Struct("<IIII")
_BUCKET: Final = struct.Struct("<QQ")
_META_FLAG, _FREELIST_FLAG, _LEAF_FLAG = 4, 16, 2
_ROOT_PAGE: Final = 3
_OVERFLOW_OFFSET: Final = 12
_BLOCK: Final = 512
_TAR_TIME: Final = 1_600_000_000


def bolt_file(tree: PlainTree) -> bytes | None:
    """A fresh database of eight pages with every bucket inline; ``None`` where the tree does not fit the last five."""
    root = _leaf(_ROOT_PAGE, tree)
    overflow = (len(root) - 1) // _PAGE_SIZE
    if _ROOT_PAGE + overflow >= _PAGES:
        return None
    root = root[:_OVERFLOW_OFFSET] + overflow.to_bytes(4, "little") + root[_HEADER.size :]
    pages = [_meta_page(0, overflow), _meta_page(1, overflow), _HEADER.pack(2, _FREELIST_FLAG, 0, 0), root]
    return b"".join(page.ljust(_PAGE_SIZE, b"\0") for page in pages).ljust(_PAGE_SIZE * _PAGES, b"\0")


def _meta_page(number: int, overflow: int) -> bytes:
    body = _META.pack(_MAGIC, _VERSION, _PAGE_SIZE, 0, _ROOT_PAGE, 0, 2, _ROOT_PAGE + overflow + 1, number)
    checksum = 0xCBF29CE484222325
    for byte in body:
        checksum = (checksum ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return _HEADER.pack(number, _META_FLAG, 0, 0) + body + struct.pack("<Q", checksum)


def _leaf(number: int, tree: PlainTree) -> bytes:
    head, heap = b"", b""
    names = sorted(tree, key=_encoded)
    for index, name in enumerate(names):
        held = tree[name]
        key = _encoded(name)
        value = _encoded(held) if isinstance(held, str) else _BUCKET.pack(0, 0) + _leaf(0, held)
        start = (len(names) - index) * _ELEMENT.size + len(heap)
        head += _ELEMENT.pack(not isinstance(held, str), start, len(key), len(value))
        heap += key + value
    return _HEADER.pack(number, _LEAF_FLAG, len(names), 0) + head + heap


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def tar_file(members: Mapping[str, str]) -> bytes:
    """An archive of texts; a name with a slash at its end is a directory."""
    out = b""
    for name in sorted(members):
        directory = name.endswith("/")
        data = b"" if directory else _encoded(members[name])
        out += _tar_header(_encoded(name), len(data), b"5" if directory else b"0")
        out += data.ljust(-(-len(data) // _BLOCK) * _BLOCK, b"\0")
    size = len(out) + 2 * _BLOCK
    return out.ljust(-(-size // (20 * _BLOCK)) * 20 * _BLOCK, b"\0")


def _tar_header(name: bytes, size: int, kind: bytes) -> bytes:
    fields = [name[:100].ljust(100, b"\0"), b"0000755\0", b"0000000\0", b"0000000\0"]
    fields += [b"%011o\0" % size, b"%011o\0" % _TAR_TIME, b" " * 8, kind, b"\0" * 100, b"ustar\x0000"]
    header = b"".join(fields).ljust(_BLOCK, b"\0")
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]
