"""Where the keys of a TOML document stand: a scanner that knows just enough of the syntax.

It reads documents that parse, and the beginning of those that do not: it never fails, it only stops early.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_COMMENT: Final = re.compile(r"^[ \t]*#[^\x00-\x08\x0a-\x1f\x7f]*$", re.MULTILINE)
"""A line that is a comment and nothing else, as TOML allows them."""
_BARE_END: Final = frozenset(" \t\r\n.=]#[\"'{},")


class Scan(Struct, frozen=True):
    """The keys of a document: their lines (1 is the first), their order, and which are arrays of tables."""

    lines: dict[str, int]
    order: tuple[str, ...]
    arrays: frozenset[str]


def without_comments(text: str) -> str:
    """The document with the lines emptied that hold a comment alone; none where text of several lines could look like one."""
    return text if '"""' in text or "'''" in text else _COMMENT.sub("", text)


def scanned(text: str) -> Scan:
    r"""The keys of a document whose lines end with ``\n``."""
    scanner = _Scanner(text)
    scanner.document()
    return Scan(scanner.lines, tuple(scanner.order), frozenset(scanner.arrays))


class _Scanner:
    """A position in a text, and what was found before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[str, int] = {}
        self.order: list[str] = []
        self.arrays: set[str] = set()

    def document(self) -> None:
        header: tuple[str, ...] = ()
        while self.skip_blank():
            before = self.at
            if self.text[self.at] == "[":
                header = self.header()
            else:
                self.pair(header)
            if self.at == before:
                return

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def move(self, to: int) -> None:
        """Go to a later position, counting lines."""
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def skip_blank(self) -> bool:
        """Go to the next character that counts; whether there is one."""
        # Distributions ship files that are comments nearly throughout: character by character that takes longer than all else.
        blank = _BLANK.match(self.text, self.at)
        if blank is not None:
            self.move(blank.end())
        return self.at < len(self.text)

    def header(self) -> tuple[str, ...]:
        line = self.line
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        key = self.key()
        self.at += 2 if array else 1
        self.found(key, line)
        if array:
            self.arrays.add(".".join(key))
        return key

    def pair(self, prefix: tuple[str, ...]) -> None:
        """``key = value``: the key is listed after the keys inside its value."""
        line = self.line
        key = (*prefix, *self.key())
        if self.peek() != "=":
            self.at = len(self.text)
            return
        self.at += 1
        self.skip_blank()
        self.value(key)
        self.found(key, line)

    def found(self, key: tuple[str, ...], line: int) -> None:
        name = ".".join(key)
        self.lines.setdefault(name, line)
        self.order.append(name)

    def key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self.skip_spaces()
            parts.append(self.key_part())
            self.skip_spaces()
            if self.peek() != ".":
                return tuple(parts)
            self.at += 1

    def skip_spaces(self) -> None:
        while self.peek() in (" ", "\t"):
            self.at += 1

    def key_part(self) -> str:
        start = self.at
        if self.peek() in ('"', "'"):
            self.string()
            return _unquoted(self.text[start : self.at])
        while self.at < len(self.text) and self.text[self.at] not in _BARE_END:
            self.at += 1
        return self.text[start : self.at]

    def string(self) -> None:
        """Go behind a string of any of the four forms."""
        mark = self.text[self.at]
        if self.text.startswith(mark * 3, self.at):
            self.move(self.closing(mark * 3, self.at + 3))
            # Up to two quotation marks may stand just before the closing three.
            while self.peek() == mark:
                self.at += 1
        else:
            self.move(self.closing(mark, self.at + 1))

    def closing(self, mark: str, start: int) -> int:
        """The position behind the closing mark."""
        position = start
        while True:
            end = self.text.find(mark, position)
            if end < 0:
                return len(self.text)
            escape = self.text.find("\\", position, end) if mark[0] == '"' else -1
            if escape < 0:
                return end + len(mark)
            position = escape + 2

    def value(self, key: tuple[str, ...]) -> None:
        character = self.peek()
        if character in ('"', "'"):
            self.string()
        elif character == "[":
            self.array(key)
        elif character == "{":
            self.inline_table(key)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def array(self, key: tuple[str, ...]) -> None:
        self.at += 1
        while self.skip_blank() and self.peek() != "]":
            if self.peek() == ",":
                self.at += 1
                continue
            before = self.at
            self.value(key)
            if self.at == before:
                self.at += 1
        self.at += 1

    def inline_table(self, key: tuple[str, ...]) -> None:
        self.at += 1
        while self.skip_blank() and self.peek() != "}":
            if self.peek() == ",":
                self.at += 1
                continue
            before = self.at
            self.pair(key)
            if self.at == before:
                self.at += 1
        self.at += 1


def _unquoted(written: str) -> str:
    """A quoted key part as the name it spells."""
    if "\\" not in written or written[0] == "'":
        return written[1:-1]
    import tomllib

    try:
        return str(tomllib.loads(f"k = {written}")["k"])
    except tomllib.TOMLDecodeError:
        return written
