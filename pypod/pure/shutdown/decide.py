"""What is said when the shutdown handler cannot be registered."""

from __future__ import annotations

import errno

from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import HostError

HANDLER = "libpod"
"""The name under which libpod registers its own handler, which ends the process with status 1."""


def handler_refusal(error: HostError) -> tuple[Diagnostic, ...]:
    """Nothing where the handler is registered already (``shutdown.ErrHandlerExists``), else libpod's error line."""
    if error.errno == errno.EEXIST:
        return ()
    return (Diagnostic(Level.ERROR, f"Error registering shutdown handler for libpod: {error.reason}"),)
