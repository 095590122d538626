"""JSON as Go's ``encoding/json`` reads it, with Go's words for what is wrong.

A document is checked as a whole: the first byte that does not fit is reported with what was looked for there.  A value of the wrong type is reported with Go's names of both types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NoReturn, TypeAlias, cast

import msgspec
from returns.result import Failure, Result, Success

Json: TypeAlias = Any

_SPACE: Final = b" \t\r\n"
_DIGITS: Final = b"0123456789"
_HEXADECIMAL: Final = b"0123456789abcdefABCDEF"
_UNFINISHED: Final = "unexpected end of JSON input"
_MAXIMAL_DEPTH: Final = 400
"""Go refuses more than 10000 levels; Python's decoder gives up long before, and no configuration has that many."""


class _Unfit(Exception):  # noqa: N818 - not an error: control flow inside this module
    """The document does not fit, in Go's words."""


def go_type(value: Json) -> str:
    """``%T`` of a decoded value."""
    if value is None:
        return "<nil>"
    return _named(value, ("bool", "string", "[]interface {}", "map[string]interface {}", "float64"))


def kind_of(value: Json) -> str:
    """What ``json.UnmarshalTypeError`` calls a value."""
    return _named(value, ("bool", "string", "array", "object", "number"))


def _named(value: Json, names: tuple[str, str, str, str, str]) -> str:
    """The name of a value's type among those of a boolean, a text, a list, an object and a number."""
    for type_, name in zip((bool, str, list, dict), names, strict=False):
        if isinstance(value, type_):
            return name
    return names[-1]


def decoded(document: bytes) -> Result[Json, str]:
    """The value of a document; the failure is Go's text.  Bytes that are no UTF-8 are replaced, as Go does."""
    text = document.decode("utf-8", "replace")
    if document.count(b"[") + document.count(b"{") > _MAXIMAL_DEPTH:
        return _scanned(document, text)
    try:
        # What this takes, Go takes too; it is here already, where the standard library's would have to be loaded.
        return Success(_numbered(msgspec.json.decode(text)))
    except (ValueError, OverflowError, RecursionError):
        return _taken(document, text)


def _numbered(value: Json) -> Json:
    """A decoded value whose numbers are Go's float64."""
    if isinstance(value, dict):
        return {key: _numbered(one) for key, one in cast("dict[str, Json]", value).items()}
    if isinstance(value, list):
        return [_numbered(one) for one in cast("list[object]", value)]
    return float(value) if type(value) is int else value


def _taken(document: bytes, text: str) -> Result[Json, str]:
    """The value where it has what Go takes all the same: lone surrogates, and numbers beyond every float64."""
    import json

    try:
        return Success(json.loads(text, parse_int=float, parse_constant=_no_json))
    except (ValueError, RecursionError):
        return _scanned(document, text)


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _scanned(document: bytes, text: str) -> Result[Json, str]:
    """The value as Go finds it, character by character: slow, but it knows what is wrong in Go's words."""
    import json

    try:
        _Scanner(document).check()
        return Success(json.loads(text, parse_int=float))
    except _Unfit as unfit:
        return Failure(str(unfit))


def decoded_object(document: bytes, into: str) -> Result[dict[str, Json], str]:
    """The members of a document that is an object; ``into`` is Go's name of the type it is decoded to.

    ``null`` decodes to nothing at all.
    """
    value = decoded(document)
    if isinstance(value, Failure):
        return value
    whole = value.unwrap()
    if whole is not None and not isinstance(whole, dict):
        return Failure(f"json: cannot unmarshal {kind_of(whole)} into Go value of type {into}")
    return Success(cast("dict[str, Json]", whole or {}))


def as_list(value: Json) -> Sequence[Json] | None:
    """The elements of an array; ``None`` for anything else."""
    return cast("Sequence[Json]", value) if isinstance(value, list) else None


def as_object(value: Json) -> dict[str, Json] | None:
    """The members of an object; ``None`` for anything else."""
    return cast("dict[str, Json]", value) if isinstance(value, dict) else None


def text_field(members: dict[str, Json], name: str, owner: str) -> Result[str, str]:
    """A string field of a struct: its name in any case, the last one counts, ``null`` and absence are empty."""
    found = ""
    for key, value in members.items():
        if key.lower() != name.lower() or value is None:
            continue
        if not isinstance(value, str):
            return Failure(
                f"json: cannot unmarshal {kind_of(value)} into Go struct field {owner}.{name} of type string"
            )
        found = value
    return Success(found)


def text_of(read: Result[dict[str, Json], str], name: str, owner: str) -> Result[str, str]:
    """A string field of a document that may not have decoded."""
    if isinstance(read, Failure):
        return Failure(read.failure())
    return text_field(read.unwrap(), name, owner)


def _shown(byte: int) -> str:
    """A byte as Go's scanner quotes it: as if it were a character."""
    character = chr(byte)
    if character == "'":
        return r"'\''"
    if character == '"':
        return "'\"'"
    short = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}
    if byte in short:
        return f"'{short[byte]}'"
    return f"'{character}'" if character.isprintable() else f"'\\x{byte:02x}'" if byte < 0x80 else f"'\\u{byte:04x}'"


class _Scanner:
    """Walks over a document once; knows where it stands by the brackets that are open."""

    def __init__(self, document: bytes) -> None:
        self.document = document
        self.at = 0

    def check(self) -> None:
        open_: list[int] = []
        self._value(open_)
        while open_:
            self._after_member(open_)
        self._skip()
        if self.at < len(self.document):
            raise self._unfit("after top-level value")

    def _unfit(self, where: str) -> _Unfit:
        if self.at >= len(self.document):
            return _Unfit(_UNFINISHED)
        return _Unfit(f"invalid character {_shown(self.document[self.at])} {where}")

    def _peek(self, where: str) -> int:
        if self.at >= len(self.document):
            raise self._unfit(where)
        return self.document[self.at]

    def _skip(self) -> None:
        while self.at < len(self.document) and self.document[self.at] in _SPACE:
            self.at += 1

    def _take(self, wanted: bytes, where: str) -> int:
        found = self._peek(where)
        if found not in wanted:
            raise self._unfit(where)
        self.at += 1
        return found

    def _value(self, open_: list[int]) -> None:
        """A value; of an array or object only the bracket and the way to its first element."""
        while True:
            self._skip()
            byte = self._peek("looking for beginning of value")
            if byte not in b"[{":
                return self._scalar(byte)
            self.at += 1
            self._skip()
            if self._peek("looking for beginning of value") == byte + 2:
                self.at += 1
                return None
            open_.append(byte)
            if len(open_) > _MAXIMAL_DEPTH:
                raise _Unfit("exceeded max depth")
            if byte == ord("{"):
                self._key()

    def _key(self) -> None:
        self._skip()
        self._take(b'"', "looking for beginning of object key string")
        self._string()
        self._skip()
        self._take(b":", "after object key")

    def _after_member(self, open_: list[int]) -> None:
        """What follows an element: the next one or the closing bracket."""
        self._skip()
        inside = open_[-1]
        where = "after object key:value pair" if inside == ord("{") else "after array element"
        if self._take(bytes((ord(","), inside + 2)), where) != ord(","):
            open_.pop()
            return
        if inside == ord("{"):
            self._key()
        self._value(open_)

    def _scalar(self, byte: int) -> None:
        words = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
        if byte == ord('"'):
            self.at += 1
            self._string()
        elif byte in words:
            self._word(words[byte])
        elif byte in b"-0123456789":
            self._number()
        else:
            raise self._unfit("looking for beginning of value")

    def _word(self, word: bytes) -> None:
        for letter in word:
            self._take(bytes((letter,)), f"in literal {word.decode()} (expecting {_shown(letter)})")

    def _digits(self) -> None:
        while self.at < len(self.document) and self.document[self.at] in _DIGITS:
            self.at += 1

    def _number(self) -> None:
        if self.document[self.at] == ord("-"):
            self.at += 1
        if self._take(_DIGITS, "in numeric literal") != ord("0"):
            self._digits()
        if self.document[self.at : self.at + 1] == b".":
            self.at += 1
            self._take(_DIGITS, "after decimal point in numeric literal")
            self._digits()
        if self.document[self.at : self.at + 1] in {b"e", b"E"}:
            self.at += 1
            if self.document[self.at : self.at + 1] in {b"+", b"-"}:
                self.at += 1
            self._take(_DIGITS, "in exponent of numeric literal")
            self._digits()

    def _string(self) -> None:
        while True:
            byte = self._peek("in string literal")
            if byte < 0x20:
                raise self._unfit("in string literal")
            self.at += 1
            if byte == ord('"'):
                return
            if byte == ord("\\") and self._take(b'bfnrt\\/"u', "in string escape code") == ord("u"):
                for _ in range(4):
                    self._take(_HEXADECIMAL, "in \\u hexadecimal character escape")
