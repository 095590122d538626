"""The bytes of described files: a small bolt database, a tar archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from pypod.pure.bolt import freelist, leaf, meta
from pypod.pure.bolt.bucket import HEADER
from pypod.pure.bolt.meta import Meta
from pypod.pure.bolt.node import Leaf

PlainTree: TypeAlias = "Mapping[str, str | PlainTree]"

_PAGE_SIZE: Final = 4096
_PAGES: Final = 8
_FREELIST_PAGE: Final = 2
_ROOT_PAGE: Final = 3
_INLINE: Final = HEADER.pack(0, 0)
_BLOCK: Final = 512
_TAR_TIME: Final = 1_600_000_000


def bolt_file(tree: PlainTree) -> bytes | None:
    """A fresh database of eight pages with every bucket inline; ``None`` where the tree does not fit the last five."""
    root = _leaf(tree)
    count = -(-root.size() // _PAGE_SIZE)
    if _ROOT_PAGE + count > _PAGES:
        return None
    metas = [Meta(_PAGE_SIZE, _ROOT_PAGE, 0, _FREELIST_PAGE, _ROOT_PAGE + count, txid) for txid in (0, 1)]
    pages = [meta.encoded(one, number) for number, one in enumerate(metas)]
    pages += [freelist.encoded((), _FREELIST_PAGE, 0), leaf.encoded(root, _ROOT_PAGE, count - 1)]
    return b"".join(page.ljust(_PAGE_SIZE, b"\0") for page in pages).ljust(_PAGE_SIZE * _PAGES, b"\0")


def _leaf(tree: PlainTree) -> Leaf:
    held = sorted(((_encoded(name), value) for name, value in tree.items()), key=lambda entry: entry[0])
    values = [_encoded(value) if isinstance(value, str) else _INLINE + leaf.encoded(_leaf(value)) for _, value in held]
    flags = [0 if isinstance(value, str) else leaf.BUCKET_FLAG for _, value in held]
    return Leaf([key for key, _ in held], values, flags)


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
