"""The only room that touches the machine: the Linux machine by subject, hosts that wrap hosts, the planning host.

Public names are loaded when they are touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pypod.effects.facade import observe, perform, rehearse
    from pypod.effects.faults import FaultAt, FaultWhere
    from pypod.effects.linux.observer import LinuxObserver
    from pypod.effects.live import planning_host
    from pypod.effects.planning import Denied, Planning
    from pypod.effects.recording import Recording
    from pypod.effects.replaying import Replaying
    from pypod.effects.tracing import Tracing

_MODULES: Final = {
    "Denied": "planning",
    "FaultAt": "faults",
    "FaultWhere": "faults",
    "LinuxObserver": "linux.observer",
    "Planning": "planning",
    "Recording": "recording",
    "Replaying": "replaying",
    "Tracing": "tracing",
    "observe": "facade",
    "perform": "facade",
    "planning_host": "live",
    "rehearse": "facade",
}

__all__ = [
    "Denied",
    "FaultAt",
    "FaultWhere",
    "LinuxObserver",
    "Planning",
    "Recording",
    "Replaying",
    "Tracing",
    "observe",
    "perform",
    "planning_host",
    "rehearse",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
