"""Lines of at most eighty columns: wrapping, two ends of a line, colour, and text made safe for a terminal."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec

from pypod.pure.plan.facts import Plan

WIDTH: Final = 80

_CODES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


class Page:
    """Lines that are being written; colour only where it is wanted."""

    def __init__(self, *, colour: bool, width: int = WIDTH) -> None:
        self.lines: list[str] = []
        self.colour = colour
        self.width = width

    def add(self, line: str = "") -> None:
        self.lines.append(line.rstrip())

    def section(self, title: str) -> None:
        """A heading, with an empty line before it."""
        self.add()
        self.add(self.paint("bold", title))

    def paint(self, how: str, text: str) -> str:
        """The text in a colour, or as it is."""
        return f"\x1b[{_CODES[how]}m{text}\x1b[0m" if self.colour and text else text

    def ends(self, left: str, right: str, how: str = "bold") -> None:
        """Two texts at the two ends of a line; on two lines where they do not fit."""
        room = self.width - len(left) - len(right)
        if not right:
            self.add(self.paint(how, left))
        elif room >= 2:
            self.add(self.paint(how, left) + " " * room + self.paint("dim", right))
        else:
            for line in wrapped(left, self.width):
                self.add(self.paint(how, line))
            self.add("  " + self.paint("dim", right))

    def hanging(self, label: str, text: str, indent: int = 0, how: str = "") -> None:
        """A label and a wrapped text whose further lines stand under its first."""
        column = len(label)
        for index, line in enumerate(wrapped(text, max(self.width - column, 20)) or [""]):
            head = label if index == 0 else " " * max(column, indent)
            self.add(head + (self.paint(how, line) if how else line))

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns, broken at blanks; a longer word stays whole, so that paths can be copied."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


def many(number: int, one: str) -> str:
    """``1 change``, ``2,048 locks``."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def tamed(plan: Plan) -> Plan:
    """The plan with control characters shown instead of sent to the terminal; new lines stay in messages only."""
    if _is_tame(plan):
        return plan
    return msgspec.convert(_tame(msgspec.to_builtins(plan), ""), Plan)


def _is_tame(plan: Plan) -> bool:
    """Whether a plan, as nearly every one, has no such character.  JSON writes some as they stand, the others escaped."""
    try:
        written = msgspec.json.encode(plan).decode()
    except UnicodeEncodeError:
        return False
    return written.isprintable() and "\\" not in written.replace("\\\\", "").replace('\\"', "")


def _tame(value: Any, under: str) -> Any:
    if isinstance(value, str):
        if value.isprintable():
            return value
        return "".join(
            one if one.isprintable() or (one == "\n" and under == "message") else _shown(one) for one in value
        )
    if isinstance(value, dict):
        return {_tame(key, ""): _tame(one, key) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_tame(one, "") for one in cast("list[Any]", value)]
    return value


def _shown(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
