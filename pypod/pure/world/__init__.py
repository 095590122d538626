"""The simulated kernel: the state of a machine as a value, and what each effect does to it."""

from __future__ import annotations

from pypod.pure.world.kernel import Simulated, learn, reexecuted, returned, step
from pypod.pure.world.state import Ask, World

__all__ = ["Ask", "Simulated", "World", "learn", "reexecuted", "returned", "step"]
