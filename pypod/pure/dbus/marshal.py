"""Values of D-Bus as bytes, and bytes as values (the specification's "Marshaling").

A value of a basic type is an ``int``, ``bool``, ``float`` or ``str``; an array, a structure and a pair are tuples; a value
with a signature of its own is a :class:`Variant`.  Each stands at a multiple of its alignment, counted from the beginning
of what is marshalled, which is a multiple of eight.
"""

from __future__ import annotations

import struct
from typing import Final, Literal, TypeAlias, cast

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.dbus.signature import types

Order: TypeAlias = Literal["<", ">"]
"""Little-endian or big-endian."""


class Variant(Struct, frozen=True):
    """A value of the one type that ``signature`` is."""

    signature: str
    value: object


Value: TypeAlias = int | float | str | tuple[object, ...] | Variant
"""A value; those in a tuple are values too."""


_NUMBERS: Final = {"y": "B", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "h": "I", "b": "I"}
_ALIGNMENT: Final = {
    "y": 1, "g": 1, "v": 1, "n": 2, "q": 2, "i": 4, "u": 4, "b": 4, "h": 4, "s": 4, "o": 4, "a": 4,
    "x": 8, "t": 8, "d": 8, "(": 8, "{": 8,
}  # fmt: skip
_LARGEST_ARRAY: Final = 1 << 26
_DEEPEST: Final = 64
_PATH: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class _MalformedError(Exception):
    """It cannot be marshalled, or it was not marshalled."""


def within(value: object) -> tuple[object, ...]:
    """The values of an array, a structure or a pair; none of anything else."""
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()


def is_object_path(text: str) -> bool:
    """Whether a text can be the path of an object: ``/``, or elements of letters, digits and underscores after slashes."""
    return text == "/" or (
        text[:1] == "/" and all(element and _PATH.issuperset(element) for element in text[1:].split("/"))
    )


def marshalled(signature: str, values: tuple[object, ...], order: Order = "<") -> Result[bytes, str]:
    """Values of the types of a signature as bytes; the failure is what cannot be marshalled."""
    out = bytearray()
    try:
        _put_all(out, signature, values, order, 0)
    except _MalformedError as wrong:
        return Failure(str(wrong))
    return Success(bytes(out))


def unmarshalled(signature: str, data: bytes, order: Order = "<", start: int = 0) -> Result[tuple[Value, ...], str]:
    """The values of which ``data`` consists from ``start`` on, whole; the failure is what is wrong with the bytes."""
    reader = _Reader(data, order, start)
    try:
        values = reader.take_all(signature, 0)
    except _MalformedError as wrong:
        return Failure(str(wrong))
    left = len(data) - reader.place
    return Failure(f"{left} bytes too many") if left else Success(values)


def _types(signature: str) -> tuple[str, ...]:
    found = types(signature)
    if isinstance(found, Failure):
        raise _MalformedError(found.failure())
    return found.unwrap()


# -- writing


def _put_all(out: bytearray, signature: str, values: tuple[object, ...], order: Order, depth: int) -> None:
    kinds = _types(signature)
    if len(kinds) != len(values):
        raise _MalformedError(f"{len(values)} values for {signature!r}")
    for kind, value in zip(kinds, values, strict=True):
        _put(out, kind, value, order, depth)


def _put(out: bytearray, kind: str, value: object, order: Order, depth: int) -> None:
    letter, parts = kind[0], within(value)
    out += bytes(-len(out) % _ALIGNMENT[letter])
    match letter, value:
        case (("s" | "o" | "g"), str()):
            _put_text(out, letter, value, order)
        case "a", tuple():
            _put_array(out, kind[1:], parts, order, depth)
        case (("(" | "{"), tuple()):
            _put_all(out, kind[1:-1], parts, order, depth + 1)
        case "v", Variant():
            _put_variant(out, value, order, depth)
        case _ if letter in _NUMBERS and isinstance(value, int | float):
            _put_number(out, letter, value, order)
        case _:
            raise _MalformedError(f"{value!r} is not of the type {kind!r}")


def _put_number(out: bytearray, letter: str, value: float, order: Order) -> None:
    if isinstance(value, bool) is not (letter == "b"):
        raise _MalformedError(f"{value!r} is not of the type {letter!r}")
    try:
        out += struct.pack(f"{order}{_NUMBERS[letter]}", value)
    except struct.error:
        raise _MalformedError(f"{value!r} is not of the type {letter!r}") from None


def _put_text(out: bytearray, letter: str, value: str, order: Order) -> None:
    octets = _octets(letter, value)
    out += bytes((len(octets),)) if letter == "g" else struct.pack(f"{order}I", len(octets))
    out += octets + b"\0"


def _octets(letter: str, value: str) -> bytes:
    try:
        octets = value.encode()
    except UnicodeEncodeError:
        raise _MalformedError(f"{value!r} is no text") from None
    _check_text(letter, value)
    return octets


def _check_text(letter: str, value: str) -> None:
    if "\0" in value:
        raise _MalformedError(f"there is a zero byte in {value!r}")
    if letter == "o" and not is_object_path(value):
        raise _MalformedError(f"{value!r} is no object path")
    if letter == "g":
        _types(value)


def _put_array(out: bytearray, kind: str, values: tuple[object, ...], order: Order, depth: int) -> None:
    at = len(out)
    out += bytes(4)
    out += bytes(-len(out) % _ALIGNMENT[kind[0]])
    begin = len(out)
    for value in values:
        _put(out, kind, value, order, depth)
    if len(out) - begin > _LARGEST_ARRAY:
        raise _MalformedError("the array is too large")
    struct.pack_into(f"{order}I", out, at, len(out) - begin)


def _put_variant(out: bytearray, value: Variant, order: Order, depth: int) -> None:
    if depth >= _DEEPEST:
        raise _MalformedError("values are nested too deep")
    if len(_types(value.signature)) != 1:
        raise _MalformedError(f"{value.signature!r} is not one type")
    _put_text(out, "g", value.signature, order)
    _put(out, value.signature, value.value, order, depth + 1)


# -- reading


class _Reader:
    """Takes values from bytes; ``place`` is how far it is."""

    def __init__(self, data: bytes, order: Order, place: int) -> None:
        self.data, self.order, self.place = data, order, place

    def take_all(self, signature: str, depth: int) -> tuple[Value, ...]:
        return tuple(self.take(kind, depth) for kind in _types(signature))

    def take(self, kind: str, depth: int) -> Value:
        letter = kind[0]
        self.align(_ALIGNMENT[letter])
        if letter in _NUMBERS:
            return self.number(letter)
        if letter in "sog":
            return self.text(letter)
        if letter == "a":
            return self.array(kind[1:], depth)
        if letter == "v":
            return self.variant(depth)
        return self.take_all(kind[1:-1], depth + 1)

    def octets(self, count: int) -> bytes:
        found = self.data[self.place : self.place + count]
        if len(found) != count:
            raise _MalformedError("the bytes end too early")
        self.place += count
        return found

    def align(self, alignment: int) -> None:
        if any(self.octets(-self.place % alignment)):
            raise _MalformedError("what fills the space before a value is not zero")

    def number(self, letter: str) -> int | float:
        form = f"{self.order}{_NUMBERS[letter]}"
        value: int | float
        (value,) = struct.unpack(form, self.octets(struct.calcsize(form)))
        if letter != "b":
            return value
        if value not in (0, 1):
            raise _MalformedError(f"{value} is neither true nor false")
        return bool(value)

    def length(self) -> int:
        return int(self.number("u"))

    def text(self, letter: str) -> str:
        length = self.octets(1)[0] if letter == "g" else self.length()
        octets = self.octets(length)
        if self.octets(1) != b"\0":
            raise _MalformedError("a text does not end with a zero byte")
        try:
            value = octets.decode()
        except UnicodeDecodeError:
            raise _MalformedError(f"{octets!r} is no text") from None
        _check_text(letter, value)
        return value

    def array(self, kind: str, depth: int) -> tuple[Value, ...]:
        length = self.length()
        self.align(_ALIGNMENT[kind[0]])
        end = self.place + length
        if length > _LARGEST_ARRAY or end > len(self.data):
            raise _MalformedError("an array is longer than what is there")
        values: list[Value] = []
        while self.place < end:
            values.append(self.take(kind, depth))
        if self.place != end:
            raise _MalformedError("an array ends within a value")
        return tuple(values)

    def variant(self, depth: int) -> Variant:
        if depth >= _DEEPEST:
            raise _MalformedError("values are nested too deep")
        signature = self.text("g")
        if len(_types(signature)) != 1:
            raise _MalformedError(f"{signature!r} is not one type")
        return Variant(signature, self.take(signature, depth + 1))
