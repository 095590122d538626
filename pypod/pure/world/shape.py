"""Reading decoded JSON by its place: every wrong shape is named as ``$.files["/x"].mode: expected …``."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, cast

from msgspec import Struct


class Misshapen(Struct, frozen=True):
    """What is wrong in a host description, and where."""

    place: str
    expected: str

    @property
    def message(self) -> str:
        """One line."""
        return f"{self.place}: expected {self.expected}"


class MisshapenError(Exception):
    """Leaves the reading of a description; only ``described`` and ``next_step`` catch it."""

    def __init__(self, place: str, expected: str) -> None:
        super().__init__(place, expected)
        self.wrong = Misshapen(place, expected)


class Part(Struct, frozen=True):
    """A value of a description and its place."""

    value: object
    place: str = "$"

    def wrong(self, expected: str) -> NoReturn:
        raise MisshapenError(self.place, expected)

    def fields(self) -> Mapping[str, object]:
        """An object's fields."""
        held = self.value
        if not isinstance(held, dict):
            self.wrong("an object")
        fields = cast("dict[object, object]", held)
        for name in fields:
            if not isinstance(name, str):
                self.wrong("an object with text for names")
        return cast("dict[str, object]", fields)

    def get(self, name: str) -> Part | None:
        """A field, ``None`` where it is absent."""
        held = self.value
        if not isinstance(held, dict):
            self.wrong("an object")
        fields = cast("dict[object, object]", held)
        return Part(fields[name], f"{self.place}.{name}") if name in fields else None

    def each(self, name: str) -> Iterator[tuple[str, Part]]:
        """The fields of an object under a name, whose own names are paths or variables."""
        part = self.get(name)
        if part is None:
            return
        for key, value in part.fields().items():
            if "\0" in key:
                part.wrong("names without NUL")
            yield key, Part(value, f'{part.place}["{key}"]')

    def elements(self) -> tuple[Part, ...]:
        """The elements of a list."""
        held = self.value
        if not isinstance(held, list):
            self.wrong("a list")
        values = cast("list[object]", held)
        return tuple(Part(value, f"{self.place}[{index}]") for index, value in enumerate(values))

    def items(self, name: str) -> tuple[Part, ...]:
        """The elements of a list under a name; none where it is absent."""
        part = self.get(name)
        return () if part is None else part.elements()

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.wrong("text")
        return self.value

    def path(self) -> str:
        """An absolute path."""
        text = self.text()
        if not text.startswith("/") or "\0" in text:
            self.wrong("an absolute path")
        return text

    def number(self, least: int = 0, most: int = 1 << 32) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            self.wrong(f"a whole number from {least} to {most}")
        return self.value

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            self.wrong("true or false")
        return self.value

    def mode(self) -> int:
        """Permission bits in octal text."""
        text = self.text()
        if not text or len(text) > 6 or any(digit not in "01234567" for digit in text):
            self.wrong('permission bits in octal text, such as "0755"')
        return int(text, 8) & 0o7777

    def encoded(self) -> bytes:
        """Base64."""
        try:
            return base64.b64decode(self.text(), validate=False)
        except (binascii.Error, ValueError):
            self.wrong("base64")

    def compressed(self) -> bytes:
        """Base64 of zlib."""
        try:
            return zlib.decompress(self.encoded())
        except zlib.error:
            self.wrong("base64 of zlib")

    def hexadecimal(self) -> bytes:
        """Bytes in hexadecimal text."""
        try:
            return bytes.fromhex(self.text())
        except ValueError:
            self.wrong("hexadecimal digits")


def number_in(part: Part, name: str, otherwise: int, most: int = 1 << 32) -> int:
    """A number under a name."""
    found = part.get(name)
    return otherwise if found is None else found.number(0, most)


def text_in(part: Part, name: str, otherwise: str) -> str:
    """A text under a name."""
    found = part.get(name)
    return otherwise if found is None else found.text()


def truth_in(part: Part, name: str, otherwise: bool) -> bool:
    """A boolean under a name."""
    found = part.get(name)
    return otherwise if found is None else found.truth()


def plain_tree(part: Part, depth: int = 0) -> Any:
    """Nested objects whose leaves are text: the buckets of a database."""
    if isinstance(part.value, str):
        return part.value
    if depth > 16:
        part.wrong("at most sixteen nested buckets")
    fields = part.fields()
    return {name: plain_tree(Part(value, f'{part.place}["{name}"]'), depth + 1) for name, value in fields.items()}
