"""What a constructed runtime shows of itself and its host (``Runtime.Info``)."""

from __future__ import annotations

from pypod.pure.draft import Draft
from pypod.pure.info.host import Shown
from pypod.pure.info.stage import INFO
from pypod.pure.program import Program
from pypod.runtime.accessors import valid


def info(draft: Draft) -> Program[Shown]:
    """All of ``podman info``."""
    return (yield from INFO((yield from valid(draft)))).info
