"""How Go reads the values of driver options: sizes, booleans, numbers, ``key=value``.

Failures are StoreRefused with the words of ``strconv`` or ``go-units``.
"""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.failure import Problem, StoreRefused
from pypod.pure.gotext import quoted

_BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
_UNITS: Final = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_SPACE: Final = "\t\n\v\f\r \x85\xa0"


def key_and_value(entry: str) -> Result[tuple[str, str], Problem]:
    """An option split at its first ``=``, both sides trimmed (``parsers.ParseKeyValueOpt``)."""
    key, equals, value = entry.partition("=")
    if not equals:
        return Failure(StoreRefused(f"Unable to parse key/value option: {entry}", entry))
    return Success((key.strip(_SPACE), value.strip(_SPACE)))


def _unparsed(function: str, text: str, why: str = "invalid syntax") -> Result[int, Problem]:
    return Failure(StoreRefused(f"strconv.{function}: parsing {quoted(text)}: {why}", text))


def boolean(text: str) -> Result[bool, Problem]:
    """``strconv.ParseBool``."""
    if text in _BOOLEANS:
        return Success(_BOOLEANS[text])
    return Failure(StoreRefused(f"strconv.ParseBool: parsing {quoted(text)}: invalid syntax", text))


def _is_number(text: str, digits: str) -> bool:
    return bool(text) and not text.strip(digits)


def unsigned(text: str) -> Result[int, Problem]:
    """``strconv.ParseUint(text, 10, 64)``."""
    if not _is_number(text, "0123456789"):
        return _unparsed("ParseUint", text)
    number = int(text)
    return Success(number) if number < 1 << 64 else _unparsed("ParseUint", text, "value out of range")


def octal(text: str) -> Result[int, Problem]:
    """``strconv.ParseInt(text, 8, 32)``."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not _is_number(digits, "01234567"):
        return _unparsed("ParseInt", text)
    number = int(text, 8)
    return Success(number) if -(1 << 31) <= number < 1 << 31 else _unparsed("ParseInt", text, "value out of range")


def size(text: str) -> Result[int, Problem]:
    """``units.RAMInBytes``: a decimal number, an optional blank, a unit of 1024s, ``i``, ``b``; bytes."""
    amount = text[:-1] if text[-1:] in ("b", "B") else text
    amount = amount[:-1] if amount[-1:] in ("i", "I") else amount
    unit = _UNITS.get(amount[-1:].lower(), 1)
    amount = amount[:-1] if unit > 1 else amount
    amount = amount[:-1] if amount[-1:] == " " else amount
    parts = amount.split(".")
    if not all(_is_number(part, "0123456789") for part in parts):
        return Failure(StoreRefused(f"invalid size: '{text}'", text))
    if len(parts) > 2:
        return _unparsed("ParseFloat", amount)
    return Success(_bytes(amount, unit))


def _bytes(amount: str, unit: int) -> int:
    """Go's conversion of the product to ``int64``: what is too large becomes the least number."""
    product = float(amount) * unit
    return int(product) if product < 1 << 63 else -(1 << 63)
