"""Applying options: a fold, from the left, that the first failure ends."""

from __future__ import annotations

from collections.abc import Iterable

from returns.result import Failure, Result, Success

from pypod.pure.configured import Configured
from pypod.pure.failure import Problem
from pypod.pure.options.option import RuntimeOption


def apply_all(options: Iterable[RuntimeOption], configured: Configured) -> Result[Configured, Problem]:
    """The configuration with all options, or the first failure: ``error configuring runtime: ...``."""
    for option in options:
        applied = option.apply(configured)
        if isinstance(applied, Failure):
            return Failure(applied.failure().wrapped("error configuring runtime"))
        configured = applied.unwrap()
    return Success(configured)
