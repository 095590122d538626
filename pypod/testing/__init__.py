"""For the tests of what is built on pypod: generated hosts, and laws as values.

Public names are loaded when they are touched: Hypothesis is imported with the first strategy, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pypod.testing.host import Ran, SimulatedHost
    from pypod.testing.laws import check_host_laws
    from pypod.testing.program_laws import check_plan_equals_run, check_program_laws
    from pypod.testing.strategies import hosts, requests, rich_hosts, rich_requests

_MODULES: Final = {
    "Ran": "host",
    "SimulatedHost": "host",
    "check_host_laws": "laws",
    "check_plan_equals_run": "program_laws",
    "check_program_laws": "program_laws",
    "hosts": "strategies",
    "requests": "strategies",
    "rich_hosts": "strategies",
    "rich_requests": "strategies",
}

__all__ = [
    "Ran",
    "SimulatedHost",
    "check_host_laws",
    "check_plan_equals_run",
    "check_program_laws",
    "hosts",
    "requests",
    "rich_hosts",
    "rich_requests",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
