"""A line on standard error for what takes more than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Final, Self

PATIENCE: Final = 1.0


class Progress:
    """Says after a second what is being done, on a terminal only, and takes the line away again."""

    def __init__(self, doing: str, patience: float = PATIENCE) -> None:
        self._said = False
        self._doing = doing
        self._timer = threading.Timer(patience, self._say)
        self._timer.daemon = True

    def _say(self) -> None:
        try:
            if sys.stderr and sys.stderr.isatty():
                sys.stderr.write(f"pypod: {self._doing} ...")
                sys.stderr.flush()
                self._said = True
        except (OSError, ValueError):
            return

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._said:
            try:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            except (OSError, ValueError):
                return
