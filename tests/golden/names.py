"""The recordings' placeholders: ids, times and numbers that differ from run to run.

A recording says ``<id3>`` where libpod drew an id.  Replaying needs real ids: those of the recording where it saved a
database (``ids``), else ids of our own that keep the placeholders' order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.golden.plain import is_list, is_object

TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d(?: [A-Z]{3,4})?(?: m=\S+)?)?"
)  # fmt: skip
A_TIME = "2021-12-09T12:00:00.000000001Z"
A_PID = "4242"

_PLACEHOLDER = re.compile(r"<id(\d+)(:12)?>")
_ID64 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_ID12 = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")
_REST = (
    (re.compile(r"podman-\d+\.scope"), "podman-<pid>.scope"),
    (re.compile(r"((?:compat|[a-z]-check|fsutils-dummy|opaque-bug|naive-diff)[a-z-]*)\d+"), r"\1<rand>"),
    (re.compile(r"(?<=[A-Za-z_=/-])\d{8,}"), "<rand>"),
    (re.compile(r"unixgram @\w+->"), "unixgram @<rand>->"),
    (re.compile(r"/proc/(?!1/)\d+/"), "/proc/<pid>/"),
    (re.compile(r"\b(pid|PID|process)([ =:]+)\d+"), r"\1\2<pid>"),
)


class Names:
    """Placeholders and real ids, both ways."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._real = dict(ids)
        self._named = {real: placeholder for placeholder, real in ids.items()}

    def real(self, text: str) -> str:
        """A recorded text with ids, times, numbers and process ids put in."""
        text = _PLACEHOLDER.sub(self._put_in, text)
        return text.replace("<time>", A_TIME).replace("<pid>", A_PID).replace("<n>", "0")

    def real_tree(self, value: Any) -> Any:
        """The same for every text and key of a JSON value."""
        return _mapped(value, self.real)

    def named(self, text: str) -> str:
        """A text of ours with placeholders put in."""
        if _ID64.fullmatch(text) and text not in self._named:
            return text  # a token
        text = TIME.sub("<time>", text)
        text = _ID64.sub(lambda match: self._named.get(match.group(), match.group()), text)
        text = _ID12.sub(self._short, text)
        for pattern, replacement in _REST:
            text = pattern.sub(replacement, text)
        return text

    def named_tree(self, value: Any) -> Any:
        """The same for every text and key of a JSON value."""
        return _mapped(value, self.named)

    def _put_in(self, match: re.Match[str]) -> str:
        placeholder = f"<id{match.group(1)}>"
        if placeholder not in self._real:
            digest = hashlib.sha256(placeholder.encode()).hexdigest()
            self._real[placeholder] = f"{int(match.group(1)):04x}a{digest[:59]}"
            self._named[self._real[placeholder]] = placeholder
        real = self._real[placeholder]
        return real[:12] if match.group(2) else real

    def _short(self, match: re.Match[str]) -> str:
        short = match.group()
        return next((named[:-1] + ":12>" for real, named in self._named.items() if real.startswith(short)), short)


def _mapped(value: Any, text: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return text(value)
    if is_list(value):
        return [_mapped(item, text) for item in value]
    if is_object(value):
        return type(value)((text(key), _mapped(item, text)) for key, item in value.items())
    return value
