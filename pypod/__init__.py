"""pypod: the libpod runtime as a functional pipeline.

It tells what Podman will do on a host, and why, without touching anything::

    import pypod
    from pypod import options

    plan = pypod.plan([options.with_tmp_dir("/run/x")], host=pypod.hosts.described("host.json"))
    plan.map(lambda p: [action.describe for action in p.actions])    # Result[list[str], Problem]

Importing the package loads nothing: each name is loaded when it is touched.
"""

from __future__ import annotations

import importlib

from pypod.version import VERSION

TYPE_CHECKING = False
"""What checkers take for true.  The module that has it takes longer to load than the interpreter takes to start."""
if TYPE_CHECKING:
    from typing import Final

    from pypod import hosts, options, state
    from pypod.api import plan, rehearse
    from pypod.applying import apply
    from pypod.opening import Runtime, leave_for, open_runtime, open_runtime_or_raise

__version__ = VERSION

_HOME: Final = {
    "Runtime": "pypod.opening",
    "apply": "pypod.applying",
    "leave_for": "pypod.opening",
    "open_runtime": "pypod.opening",
    "open_runtime_or_raise": "pypod.opening",
    "plan": "pypod.api",
    "rehearse": "pypod.api",
}
_MODULES: Final = ("hosts", "options", "state")

__all__ = [
    "Runtime", "__version__", "apply", "hosts", "leave_for", "open_runtime", "open_runtime_or_raise", "options", "plan",
    "rehearse", "state",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Load a public name when it is first touched."""
    if name in _HOME:
        value: object = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"pypod.{name}")
    else:
        raise AttributeError(f"module 'pypod' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
