"""Which numbers and moments of a TOML document libpod's library refuses, and in which words; empty where it takes one."""

from __future__ import annotations

import re
from typing import Final

from pypod.pure.gotext import quoted

HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")
_WORDS: Final = frozenset({"nan", "+nan", "-nan", "inf", "+inf", "-inf"})
_LIMIT: Final = 1 << 63
_SHORT_HOUR: Final = re.compile(r"(^|T)([0-9]:)")
"""Go takes an hour of one digit."""


def integer_refused(text: str) -> str:
    """Of an integer in any base."""
    if not _are_underscores_within(text):
        return f"Invalid integer {quoted(text)}: underscores must be surrounded by digits"
    if _has_leading_zero(text):
        return f"Invalid integer {quoted(text)}: cannot have leading zeroes"
    try:
        fits = -_LIMIT <= int(text, 0) < _LIMIT
    except ValueError:
        # Python converts no more than some thousand digits.
        fits = False
    return "" if fits else f"Integer '{text}' is out of the range of 64-bit signed integers."


def float_refused(text: str) -> str:
    """Of a number with a point or an exponent, or one in a word."""
    if text in _WORDS:
        return ""
    parts = [part for part in re.split("[.eE]", text) if part]
    if not all(map(_are_underscores_within, parts)):
        return f"Invalid float {quoted(text)}: underscores must be surrounded by digits"
    if parts and _has_leading_zero(parts[0]):
        return f"Invalid float {quoted(text)}: cannot have leading zeroes"
    if re.search(r"\.(?![0-9])", text):
        return f"Invalid float {quoted(text)}: '.' must be followed by one or more digits"
    try:
        infinite = float(text.replace("_", "")) in (float("inf"), float("-inf"))
    except ValueError:
        return f"Invalid float value: {quoted(text)}"
    return f"Float '{text}' is out of the range of 64-bit IEEE-754 floating-point numbers." if infinite else ""


def moment_refused(text: str) -> str:
    """Of a date, a time or both."""
    import tomllib

    plain = text.replace("z", "Z").replace("t", "T").replace(" ", "T")
    hour = _SHORT_HOUR.sub(r"\g<1>0\2", plain)
    try:
        tomllib.loads(f"at = {hour}")
    except ValueError:
        return f"Invalid TOML Datetime: {quoted(plain)}."
    return ""


def _has_leading_zero(text: str) -> bool:
    return (len(text) > 1 and text[0] == "0" and text[1].isdigit()) or (
        len(text) > 2 and text[0] in "+-" and text[1] == "0"
    )


def _are_underscores_within(text: str) -> bool:
    accepted = False
    for one in text:
        if one == "_" and not accepted:
            return False
        accepted = one in HEXADECIMAL
    return accepted
