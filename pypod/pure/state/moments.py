"""Times as libpod writes them, and how long ago they were, as Podman tells it."""

from __future__ import annotations

from typing import Final

ZERO: Final = -62_135_596_800
"""The Unix time of Go's zero time."""

_SECOND: Final = 1_000_000_000
_DAYS_TO_1970: Final = 719_468


def nanoseconds(moment: str) -> int | None:
    """The nanoseconds since the epoch of an RFC 3339 time with up to nine fractional digits; ``None`` where it is none."""
    date, divider, clock = moment.partition("T")
    if not divider or len(clock) < len("00:00:00Z"):
        return None
    zone = _zone(clock[8:])
    try:
        year, month, day = (int(part) for part in date.split("-"))
        hour, minute, second = (int(part) for part in clock[:8].split(":"))
    except ValueError:
        return None
    if zone is None or not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    fraction, offset = zone
    seconds = _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
    return seconds * _SECOND + fraction


def _zone(rest: str) -> tuple[int, int] | None:
    """The fraction in nanoseconds and the offset in seconds behind the seconds: ``.5Z``, ``+09:00``."""
    digits = ""
    if rest.startswith("."):
        digits = rest[1:].rstrip("Z").partition("+")[0].partition("-")[0]
        rest = rest[1 + len(digits) :]
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
            return None
    fraction = int(digits.ljust(9, "0"))
    if rest == "Z":
        return fraction, 0
    sign, hours, minutes = rest[:1], rest[1:3], rest[4:]
    if sign not in ("+", "-") or rest[3:4] != ":" or len(rest) != 6 or not (hours + minutes).isdigit():
        return None
    offset = int(hours) * 3600 + int(minutes) * 60
    return fraction, -offset if sign == "-" else offset


def _days(year: int, month: int, day: int) -> int:
    """The days from 1970-01-01 in the proleptic Gregorian calendar."""
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - _DAYS_TO_1970


def unix(moment: str) -> int:
    """The Unix time in seconds; that of Go's zero time where it is none."""
    found = nanoseconds(moment)
    return ZERO if found is None else found // _SECOND


def since(moment: str, now: int) -> str:
    """How long ago a time was, in words; ``now`` in nanoseconds since the epoch."""
    found = nanoseconds(moment)
    return duration(now - (ZERO * _SECOND if found is None else found))


LONGEST: Final = (1 << 63) - 1
"""Go's longest duration, in nanoseconds: what lies farther apart counts as this."""


def duration(elapsed: int) -> str:
    """A duration in nanoseconds as go-units' ``HumanDuration`` tells it: ``About an hour``, ``3 weeks``."""
    seconds = min(max(elapsed, -LONGEST), LONGEST) // _SECOND
    minutes, hours = seconds // 60, (seconds + 1800) // 3600
    for limit, words in (
        (seconds < 1, "Less than a second"),
        (seconds == 1, "1 second"),
        (seconds < 60, f"{seconds} seconds"),
        (minutes == 1, "About a minute"),
        (minutes < 60, f"{minutes} minutes"),
        (hours == 1, "About an hour"),
        (hours < 48, f"{hours} hours"),
        (hours < 24 * 7 * 2, f"{hours // 24} days"),
        (hours < 24 * 30 * 2, f"{hours // 24 // 7} weeks"),
        (hours < 24 * 365 * 2, f"{hours // 24 // 30} months"),
    ):
        if limit:
            return words
    return f"{seconds // 3600 // 24 // 365} years"
