"""The values of flags, as pflag takes them, and what it says of those that it does not take."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.gotext import quoted
from pypod.pure.options.commands import FlagKind

_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_BASES: Final = {"0x": 16, "0b": 2, "0o": 8}
_DIGITS: Final = "0123456789abcdef"


def is_true(text: str) -> bool:
    """Whether a boolean flag's value means yes."""
    return text in _TRUE


def refusal(kind: FlagKind, text: str) -> str:
    """What the library says of a value that a flag of this form does not take; nothing of a good one."""
    if kind is FlagKind.BOOLEAN and text not in _TRUE | _FALSE:
        return f"strconv.ParseBool: parsing {quoted(text)}: invalid syntax"
    if kind is FlagKind.INTEGER:
        return _number_refusal("ParseInt", text, -(1 << 63), (1 << 63) - 1)
    if kind is FlagKind.UNSIGNED:
        return _number_refusal("ParseUint", text, 0, (1 << 64) - 1)
    if kind is FlagKind.SLICE:
        fields = comma_list(text)
        return fields.failure() if isinstance(fields, Failure) else ""
    return ""


def whole_number(text: str) -> int | None:
    """Go's ``strconv.ParseInt`` with base 0: a sign, a base prefix (a leading 0 is octal), underscores between digits."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    digits = text[len(sign) :].lower()
    base = _BASES.get(digits[:2], 8 if len(digits) > 1 and digits.startswith("0") else 10)
    plain = digits[2:] if digits[:2] in _BASES else digits
    plain = plain.replace("_", "") if _well_separated(digits) else plain
    if not plain or len(plain) > 80 or not set(plain) <= set(_DIGITS[:base]):
        return None
    return int(plain, base) * (-1 if sign == "-" else 1)


def comma_list(text: str) -> Result[tuple[str, ...], str]:
    """A comma separated list with CSV's quotes; the empty text is no element at all."""
    if not text:
        return Success(())
    fields: list[str] = []
    line = text.partition("\n")[0]
    at = 0
    while True:
        if line[at : at + 1] == '"':
            field, at = _quoted_field(line, at + 1)
            if at < 0:
                return Failure(f'parse error on line 1, column {-at}: extraneous or missing " in quoted-field')
        else:
            end = line.find(",", at)
            end = len(line) if end < 0 else end
            field = line[at:end]
            if '"' in field:
                return Failure(
                    f'parse error on line 1, column {at + field.index(chr(34)) + 1}: bare " in non-quoted-field'
                )
            at = end
        fields.append(field)
        if at >= len(line):
            return Success(tuple(fields))
        at += 1


def _quoted_field(line: str, start: int) -> tuple[str, int]:
    """A field behind its opening quote, and the position behind its closing one; a negative position is an error's."""
    parts: list[str] = []
    at = start
    while True:
        end = line.find('"', at)
        if end < 0:
            return "", -(len(line) + 1)
        parts.append(line[at:end])
        following = line[end + 1 : end + 2]
        if following == '"':
            parts.append('"')
            at = end + 2
        elif following in ("", ","):
            return "".join(parts), end + 1
        else:
            return "", -(end + 1)


def _number_refusal(function: str, text: str, least: int, most: int) -> str:
    number = whole_number(text)
    if number is None or (least == 0 and text[:1] in ("+", "-")):
        return f"strconv.{function}: parsing {quoted(text)}: invalid syntax"
    if not least <= number <= most:
        return f"strconv.{function}: parsing {quoted(text)}: value out of range"
    return ""


def _well_separated(digits: str) -> bool:
    """Whether underscores stand between digits only, which Go allows where the base is in front."""
    return digits.startswith("0") and "__" not in digits and not digits.endswith("_")
