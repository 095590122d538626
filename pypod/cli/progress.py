"""A line on standard error for what takes more than a second."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    import threading
    from types import TracebackType

PATIENCE: Final = 1.0


class Progress:
    """Says after a second what is being done, on a terminal only, and takes the line away again."""

    def __init__(self, doing: str, patience: float = PATIENCE) -> None:
        self._said = False
        self._doing = doing
        self._patience = patience
        self._timer: threading.Timer | None = None

    def _say(self) -> None:
        try:
            sys.stderr.write(f"pypod: {self._doing} ...")
            sys.stderr.flush()
            self._said = True
        except (OSError, ValueError):
            return

    def __enter__(self) -> Self:
        if _on_a_terminal():
            # Only then: threads cost more than most of a plan's modules.
            import threading

            self._timer = threading.Timer(self._patience, self._say)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._said:
            try:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            except (OSError, ValueError):
                return


def _on_a_terminal() -> bool:
    try:
        return bool(sys.stderr) and sys.stderr.isatty()
    except ValueError:
        return False
