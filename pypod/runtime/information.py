"""What a constructed runtime shows of itself and its host (``Runtime.Info``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pypod.pure.draft import Draft
from pypod.pure.info.stage import INFO
from pypod.pure.program import Program
from pypod.runtime.accessors import valid


def info(draft: Draft) -> Program[Mapping[str, Any]]:
    """All of ``podman info``."""
    return (yield from INFO((yield from valid(draft)))).info
