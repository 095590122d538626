"""What the JSON library of libpod 3.4 (json-iterator) says of a document, where that is simple to tell: a document that is
no object, and one with something behind it.  Anything else keeps the words of our own reader.
"""

from __future__ import annotations

from typing import Final

_SPACE: Final = b" \t\r\n"
_NEAR: Final = 10
_FAR: Final = 50
_TRAILING: Final = "JSON is malformed: trailing characters (byte "


def is_null(raw: bytes) -> bool:
    """Whether a document is ``null``, which leaves a structure as it was."""
    return raw.strip(_SPACE) == b"null"


def complaint(raw: bytes, why: str) -> str:
    """The library's text about a document; ``why`` is what our reader says of it."""
    start = len(raw) - len(raw.lstrip(_SPACE))
    first = raw[start : start + 1]
    if first == b"n":
        return _no_null(raw, start) or why
    if first != b"{":
        found = _text(first or b"\0")
        return _said("readObjectStart", f"expect {{ or n, but found {found}", raw, start + len(first))
    if why.startswith(_TRAILING):
        after = int(why.removeprefix(_TRAILING).rstrip(")"))
        return _said("Unmarshal", "there are bytes left after unmarshal", raw, after + 1)
    return why


def _no_null(raw: bytes, start: int) -> str:
    """A word that begins as ``null`` does and is another."""
    for offset, wanted in enumerate(b"ull", start + 1):
        if raw[offset : offset + 1] != bytes((wanted,)):
            return _said("skipThreeBytes", "expect ull", raw, min(offset + 1, len(raw)))
    after = start + 4
    rest = raw[after:].lstrip(_SPACE)
    return _said("Unmarshal", "there are bytes left after unmarshal", raw, len(raw) - len(rest) + 1) if rest else ""


def _said(operation: str, message: str, raw: bytes, head: int) -> str:
    """With what stands around: ``head`` is how many bytes were read."""
    near, far = max(head - _NEAR, 0), max(head - _FAR, 0)
    where = f"error found in #{head - near} byte of ...|{_text(raw[near : head + _NEAR])}|..."
    return f"{operation}: {message}, {where}, bigger context ...|{_text(raw[far : head + _FAR])}|..."


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
