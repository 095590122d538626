r"""Why libpod's library refuses a TOML document: near which line, after which key, and in its words.

Theory of operation.  ``tomllib`` decides whether a document is sound; only one that is not is read here, as
BurntSushi/toml 0.4 reads it, up to the first thing it stumbles over.  Its scanner is never further than its parser, so the
place that it tells is what the parser had taken by then: the line on which the last key, table name or comment began, and
the last key that was complete.  What the library lets pass, ``tomllib`` may still refuse: then there is no answer.

Rule 1: a NUL byte counts as the end of the file, wherever it stands.
Rule 2: positions are counted in bytes, lines by ``\n`` alone.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from pypod.pure.configuration.toml_numbers import HEXADECIMAL, float_refused, integer_refused, moment_refused
from pypod.pure.configuration.toml_tables import Defined, Stumbled
from pypod.pure.gotext import quoted

_END: Final = "\0"
_BLANK: Final = frozenset(" \t")
_LINE_END: Final = frozenset("\r\n")
_QUOTES: Final = frozenset("\"'")
_SPACE: Final = re.compile(r"[ \t]*")
_ANY_SPACE: Final = re.compile(r"[ \t\r\n]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]*")
_DIGITS: Final = re.compile(r"[0-9]*")
_DECIMAL: Final = re.compile(r"[0-9_]*")
_FLOAT: Final = re.compile(r"[0-9_.+\-eE]*")
_MOMENT: Final = re.compile(r"[0-9:Tt .Zz+\-]*")
_BASES: Final = {
    "0b": (re.compile(r"[01_]*"), frozenset("01"), "a binary"),
    "0o": (re.compile(r"[0-7_]*"), frozenset("01234567"), "an octal"),
    "0x": (re.compile(r"[0-9a-fA-F_]*"), HEXADECIMAL, "a hexidecimal"),
}
_ESCAPES: Final = frozenset('btnfr"\\ \t')
_FOLDED: Final = re.compile(r"\\[ \t\r]*(?:\n[ \t\r\n]*|\Z)")
_ESCAPED: Final = re.compile(r"\\(?:u(....)|U(........)|(.))", re.DOTALL)
_ESCAPES_ALLOWED: Final = r"\b, \t, \n, \f, \r, \", \\, \uXXXX, and \UXXXXXXXX"
_SURROGATES: Final = range(0xD800, 0xE000)
_LAST_CODE_POINT: Final = 0x10FFFF


def refusal(content: bytes) -> str:
    """``Near line 3 (last key parsed 'engine.a'): …``; empty where the library would take the document."""
    if b"\0" in content[:6]:
        return "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"
    reader = _Reader(content.decode("utf-8", "surrogateescape"))
    try:
        reader.document()
    except Stumbled as stumbled:
        return f"Near line {reader.near} (last key parsed '{reader.defined.last_key()}'): {stumbled}"
    return ""


class _Reader:
    """The library's scanner and parser, hand in hand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.near = 0
        """The line that is told."""
        self.defined = Defined()
        self._counted = (0, 1)

    # -- the scanner

    def _look(self, ahead: int = 0) -> str:
        at = self.at + ahead
        if at >= len(self.text):
            return _END
        found = self.text[at]
        if found == "\ufffd" or "\udc80" <= found <= "\udcff":
            before = len(self.text[:at].encode("utf-8", "surrogateescape"))
            byte = found.encode("utf-8", "surrogateescape")[0]
            self._refuse(f"invalid UTF-8 byte at position {before} (line {self._line(at)}): 0x{byte:02x}")
        return found

    def _take(self) -> str:
        found = self._look()
        self.at += 1
        return found

    def _accept(self, wanted: str) -> bool:
        found = self._look() == wanted
        self.at += found
        return found

    def _skip(self, what: re.Pattern[str]) -> str:
        """Go over all that a pattern takes."""
        found = what.match(self.text, self.at)
        taken = found.group() if found is not None else ""
        self.at += len(taken)
        # The scanner has seen what ends it, and may stumble over that.
        self._look()
        return taken

    def _line(self, at: int) -> int:
        before, line = self._counted
        self._counted = at, line + self.text.count("\n", before, at)
        return self._counted[1]

    def _refuse_if(self, words: str) -> None:
        if words:
            raise Stumbled(words)

    def _refuse(self, words: str) -> NoReturn:
        raise Stumbled(words)

    def document(self) -> None:
        while True:
            self._skip(_ANY_SPACE)
            found = self._look()
            if found == "#":
                self.near = self._line(self.at)
                self._comment()
            elif found == _END:
                if self.at < len(self.text):
                    self._refuse("unexpected EOF")
                return
            else:
                if found == "[":
                    self._header()
                else:
                    outer = self.defined.context
                    self._pair()
                    self.defined.context, self.defined.key = outer, ""
                if not self._end_of_item():
                    return

    def _end_of_item(self) -> bool:
        """Whether there is more behind a table's name or a pair."""
        self._skip(_SPACE)
        found = self._look()
        if found not in _LINE_END and found not in ("#", _END):
            self._refuse(
                f"expected a top-level item to end with a newline, comment, or EOF, but got {_rune(found)} instead"
            )
        return found != _END

    def _comment(self) -> None:
        while (found := self._look()) not in _LINE_END and found != _END:
            if _is_control(found):
                self._refuse(f"control characters are not allowed inside comments: '0x{ord(found):02x}'")
            self.at += 1

    def _header(self) -> None:
        self.at += 1
        array = self._accept("[")
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            found = self._look()
            if found in ("]", _END):
                self._refuse("unexpected end of table name (table names cannot be empty)")
            if found == ".":
                self._refuse("unexpected table separator (table names cannot be empty)")
            names.append(self._name(first=not names))
            self._skip(_SPACE)
            found = self._take()
            if found == "]":
                break
            if found != ".":
                self._refuse(f"expected '.' or ']' to end table name, but got {_rune(found)} instead")
        if array and (found := self._take()) != "]":
            self._refuse(f"expected end of table array name delimiter ']', but got {_rune(found)} instead")
        self.defined.name_table(tuple(names), array=array)

    def _name(self, *, first: bool) -> str:
        """A part of a key or of a table's name; the first one is what the line is told of."""
        if self._look() in _QUOTES:
            kind = self._take()
            start = self.at
            text = self._string(kind)
            if first:
                self.near = self._line(start)
            return self._unescaped(text) if kind == '"' else text
        name = self._skip(_BARE)
        if first:
            self.near = self._line(self.at)
        return name

    def _pair(self) -> None:
        """A key and its value; the key stays the last one."""
        self._skip(_SPACE)
        found = self._look()
        if found in ("=", _END):
            self._refuse("unexpected '=': key name appears blank")
        if found == ".":
            self._refuse("unexpected '.': keys cannot start with a '.'")
        defined = self.defined
        *parents, defined.key = self._names_of_key()
        for name in parents:
            defined.imply((*defined.context, name))
        defined.end_pair(array=self._value(within_array=False))

    def _names_of_key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            found = self._look()
            if found in ("=", _END):
                self._refuse("unexpected '='")
            if found == ".":
                self._refuse("unexpected '.'")
            names.append(self._name(first=not names))
            self._skip(_SPACE)
            found = self._take()
            if found == "=":
                return names
            if found == _END:
                self._refuse("unexpected EOF; expected key separator '='")
            if found != ".":
                self._refuse(f"expected '.' or '=', but got {_rune(found)} instead")

    def _value(self, *, within_array: bool) -> bool:
        """Read a value; whether it is an array."""
        self._skip(_SPACE)
        found = self._look()
        if found in "0123456789":
            self._number()
        elif found == "[":
            self.at += 1
            self._array()
            return True
        elif found == "{":
            self.at += 1
            self._inline_table(within_array=within_array)
        elif found in _QUOTES:
            self._text(found)
        elif found == ".":
            self._refuse("floats must start with a digit, not '.'")
        elif found in "+-":
            self._signed()
        else:
            self._word(found)
        return False

    def _word(self, found: str) -> None:
        start = self.at
        if found in "in":
            self.at += 1
            if (self._accept("n") and self._accept("f")) or (self._accept("a") and self._accept("n")):
                self._refuse_if(float_refused(self.text[start : self.at]))
                return
            # The library goes back by one character, however many it took.
            self.at -= 1
        if not found.isalpha():
            self._refuse(
                "unexpected EOF; expected value"
                if found == _END
                else f"expected value but found {_rune(found)} instead"
            )
        start = self.at
        while self._look().isalpha():
            self.at += 1
        word = self.text[start : self.at]
        if word not in ("true", "false"):
            self._refuse(f"expected value but found {quoted(word)} instead")

    def _array(self) -> None:
        self.defined.begin_array()
        while True:
            self._skip(_ANY_SPACE)
            found = self._look()
            if found == "#":
                self._comment()
                continue
            if found == ",":
                self._refuse("unexpected comma")
            if found == "]":
                self.at += 1
                return
            self._value(within_array=True)
            if not self._another(_ANY_SPACE, "]", "array terminator"):
                return

    def _another(self, space: re.Pattern[str], end: str, called: str) -> bool:
        """Whether there is one more element: go over the comma, or over the end."""
        while True:
            self._skip(space)
            found = self._look()
            if found == "#":
                self._comment()
                continue
            if space is _SPACE and found in _LINE_END:
                self._refuse("newlines not allowed within inline tables")
            if found not in (",", end):
                got = "end of file" if found == _END else f"'{found}'"
                self._refuse(f"expected a comma or {called} '{end}', but got {got} instead")
            self.at += 1
            return found == ","

    def _inline_table(self, *, within_array: bool) -> None:
        defined = self.defined
        outer = defined.context, defined.key
        here = (*defined.context, defined.key)
        defined.context, defined.key = here, ""
        defined.imply(here, array=within_array)
        while True:
            self._skip(_SPACE)
            found = self._look()
            if found in _LINE_END:
                self._refuse("newlines not allowed within inline tables")
            if found == ",":
                self._refuse("unexpected comma")
            if found == "}":
                self.at += 1
                break
            if found == "#":
                self._comment()
                continue
            self._pair()
            defined.context = here
            if not self._another(_SPACE, "}", "an inline table terminator"):
                break
            self._skip(_SPACE)
            if self._look() == "}":
                self._refuse("trailing comma not allowed in inline tables")
        defined.context, defined.key = outer

    # -- texts and numbers

    def _text(self, kind: str) -> None:
        if self._look(1) == kind:
            self._look(2)
        several = self.text.startswith(kind * 3, self.at)
        self.at += 3 if several else 1
        text = self._lines(kind) if several else self._string(kind)
        if kind == '"':
            self._unescaped(_FOLDED.sub("", text) if several else text)

    def _string(self, kind: str) -> str:
        """What is before the closing quote, escapes as they stand."""
        start = self.at
        while (found := self._look()) != kind:
            if found == _END:
                self._refuse(f"unexpected EOF; expected {_in_quotes(kind)}")
            if _is_control(found) or found == "\r":
                self._refuse_control(found)
            if found == "\n":
                self._refuse("strings cannot contain newlines")
            self.at += 1
            if found == "\\" and kind == '"':
                self._escape(start)
        self.at += 1
        return self.text[start : self.at - 1]

    def _lines(self, kind: str) -> str:
        start = self.at
        while True:
            found = self._look()
            if found == _END:
                self._refuse(f"unexpected EOF; expected {_in_quotes(kind * 3)}")
            if _is_control(found) or (found == "\r" and self._look(1) != "\n"):
                self._refuse_control(found)
            if found == kind and self.text.startswith(kind * 3, self.at):
                if self._look(3) != kind:
                    break
                if self.text[start : self.at + 3].endswith(kind * 5):
                    self._refuse(f"unexpected {_in_quotes(kind * 6)}")
            self.at += 1
            if found == "\\" and kind == '"':
                if self._look() in _LINE_END:
                    self.at += 1
                else:
                    self._escape(start)
        self.at += 3
        return self.text[start : self.at - 3]

    def _refuse_control(self, found: str) -> NoReturn:
        self._refuse(f"control characters are not allowed inside strings: '0x{ord(found):02x}'")

    def _escape(self, start: int) -> None:
        found = self._take()
        if found in "uU":
            count, called = (4, "four") if found == "u" else (8, "eight")
            for _ in range(count):
                if self._take() not in HEXADECIMAL:
                    so_far = quoted(self.text[start : self.at])
                    self._refuse(f"expected {called} hexadecimal digits after '\\{found}', but got {so_far} instead")
        elif found not in _ESCAPES:
            self._refuse(
                f"invalid escape character {_rune(found)}; only the following escape characters are allowed: "
                + _ESCAPES_ALLOWED
            )

    def _unescaped(self, text: str) -> str:
        """What the parser makes of a text that the scanner let pass."""
        return _ESCAPED.sub(self._replaced, text)

    def _replaced(self, escape: re.Match[str]) -> str:
        digits = escape.group(1) or escape.group(2)
        if digits:
            number = int(digits, 16)
            if number > _LAST_CODE_POINT or number in _SURROGATES:
                self._refuse(f"Escaped character '\\u{digits}' is not valid UTF-8.")
            return chr(number)
        if escape.group(3) in _BLANK:
            self._refuse(f"invalid escape: '\\{escape.group(3)}'")
        return {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}.get(escape.group(3), escape.group(3))

    def _number(self) -> None:
        start = self.at
        base = _BASES.get(self.text[start : start + 2])
        if base is not None:
            self.at += 2
            pattern, allowed, called = base
            if self._look() not in allowed:
                so_far = f"{self.text[start : self.at]}{self._look()}"
                self._refuse(f"not {called} number: '{so_far}'")
            self._skip(pattern)
            self._refuse_if(integer_refused(self.text[start : self.at]))
            return
        digits = self._skip(_DIGITS)
        if self._look() in "-:" and digits != "0":
            self._skip(_MOMENT)
            self._refuse_if(moment_refused(self.text[start : self.at].rstrip(" ")))
        else:
            self._decimal(start)

    def _signed(self) -> None:
        start = self.at
        self.at += 1
        found = self._take()
        if found in "in":
            rest = "nf" if found == "i" else "an"
            if not all(self._accept(one) for one in rest):
                self._refuse(f"invalid float: '{self.text[start : self.at]}'")
        elif found == "0" and self._look() in "box":
            so_far = f"{self.text[start : self.at]}{self._look()}"
            self._refuse(f"cannot use sign with non-decimal numbers: '{so_far}'")
        elif found == ".":
            self._refuse("floats must start with a digit, not '.'")
        elif found in "0123456789":
            self._decimal(start)
        else:
            self._refuse(f"expected a digit but got {_rune(found)}")

    def _decimal(self, start: int) -> None:
        self._skip(_DECIMAL)
        if self._look() in ".eE":
            self._skip(_FLOAT)
            self._refuse_if(float_refused(self.text[start : self.at]))
        else:
            self._refuse_if(integer_refused(self.text[start : self.at]))


def _rune(one: str) -> str:
    """Go's ``%q`` of a character."""
    if one == _END:
        return "'\\x00'"
    if one == "'":
        return r"'\''"
    return f"'{one}'" if one == '"' else f"'{quoted(one)[1:-1]}'"


def _in_quotes(quotes: str) -> str:
    return f"'{quotes}'" if quotes[0] == '"' else f'"{quotes}"'


def _is_control(one: str) -> bool:
    return (one < " " and one not in "\t\r\n") or one == "\x7f"
