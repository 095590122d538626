"""Variables in paths of storage.conf: ``$UID``, ``$NAME`` and ``${NAME}`` (Go's ``os.ExpandEnv``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_SPECIAL: Final = frozenset("*#$@!?-0123456789")
_NAME: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


def with_uid(path: str, uid: int) -> str:
    """Every ``$UID`` replaced, also at the beginning of a longer name; ``${UID}`` is left to the environment."""
    return path.replace("$UID", str(uid))


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables that a text refers to."""
    return tuple(name for _, name in _pieces(text) if name)


def expanded(text: str, values: Mapping[str, str | None]) -> str:
    """A text with its variables replaced; an absent one leaves nothing."""
    return "".join(plain + (values.get(name) or "" if name else "") for plain, name in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """A text as plain parts, each with the name of the variable behind it; the last has none."""
    start = position = 0
    while (dollar := text.find("$", position)) >= 0 and dollar + 1 < len(text):
        name, width = _name(text, dollar + 1)
        if name or width:
            yield text[start:dollar], name
            start = dollar + 1 + width
        position = dollar + 1 + width
    yield text[start:], ""


def _name(text: str, at: int) -> tuple[str, int]:
    """The name behind a dollar sign and how many characters it takes; bad syntax takes some and names nothing."""
    if text[at] == "{":
        if text[at + 1 : at + 2] in _SPECIAL and text[at + 2 : at + 3] == "}":
            return text[at + 1], 3
        close = text.find("}", at)
        if close < 0:
            return "", 1
        return text[at + 1 : close], close - at + 1
    if text[at] in _SPECIAL:
        return text[at], 1
    end = at
    while end < len(text) and text[end] in _NAME:
        end += 1
    return text[at:end], end - at
