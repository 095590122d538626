"""What podman's command does to its own process before anything else (``cmd/podman/early_init_linux.go``)."""

from __future__ import annotations

import os
import resource
from typing import Final

UMASK: Final = 0o022
OPEN_FILES: Final = 1_048_576


def set_up_as_podman() -> None:
    """The umask that all modes of libpod's count on, and as many open files as may be had."""
    os.umask(UMASK)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for limit in (OPEN_FILES, hard):
        if _limited(limit, limit):
            return


def _limited(soft: int, hard: int) -> bool:
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    except (OSError, ValueError):
        return False
    return True
