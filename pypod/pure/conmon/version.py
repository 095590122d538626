r"""Versions of conmon, as libpod reads and compares them (``probeConmon`` in ``libpod/runtime.go``).

libpod matches the start of the output against ``^conmon version (\d+).(\d+).(\d+)``: digits are ASCII, a separator is
*any one character* but a newline, and what follows is ignored.  The groups are greedy and give digits back, so that
``20001`` reads as 2, 0, 1.  A byte that is no UTF-8 counts as one character.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.gotext import quoted

MINIMUM: Final = (2, 0, 24)
"""The oldest conmon that libpod 3.4 takes."""

_LARGEST: Final = 9223372036854775807


class ConmonVersion(Struct, frozen=True):
    """The three groups of digits as they were printed; they become numbers only when they are compared."""

    major: str
    minor: str
    patch: str


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(r"conmon version ([0-9]+)[^\n]([0-9]+)[^\n]([0-9]+)")


def parse_version(output: bytes) -> ConmonVersion | None:
    """The version at the very start of what ``conmon --version`` printed; ``None`` where there is none."""
    found = _pattern().match(output.decode("utf-8", "surrogateescape"))
    return ConmonVersion(*found.groups()) if found else None


def _number(digits: str) -> Result[int, str]:
    """``strconv.Atoi`` of digits; the failure is its text."""
    significant = digits.lstrip("0")
    # The length first: Python refuses to convert very long texts.
    if len(significant) > len(str(_LARGEST)) or int(significant or "0") > _LARGEST:
        return Failure(f"strconv.Atoi: parsing {quoted(digits)}: value out of range")
    return Success(int(significant or "0"))


def is_new_enough(version: ConmonVersion) -> Result[bool, str]:
    """Whether libpod takes that version; a failure is the text of a number that does not fit 64 bits.

    From left to right, and a group is converted only when the ones before it are equal to the minimum's.
    """
    for digits, least in zip((version.major, version.minor, version.patch), MINIMUM, strict=True):
        number = _number(digits)
        if isinstance(number, Failure):
            return number
        if number.unwrap() != least:
            return Success(number.unwrap() > least)
    return Success(True)
