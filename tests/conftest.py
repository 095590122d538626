"""What every test run has: Hypothesis profiles, run-time types over the decisions, and proof that pure code is pure.

Profiles: ``fast`` (the default) and ``deep``, chosen by ``HYPOTHESIS_PROFILE``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from typeguard import TypeguardFinder, install_import_hook

settings.register_profile("fast", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", parent=settings.get_profile("fast"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


class DecisionFinder(TypeguardFinder):
    """Picks the decision modules: those in a subject's folder that hold no generators."""

    NO_SUBJECTS: Final = frozenset(("vocabulary", "world", "plan"))
    NO_DECISIONS: Final = frozenset(("stage", "program"))

    def should_instrument(self, module_name: str) -> bool:
        parts = module_name.split(".")
        in_subject = len(parts) == 4 and parts[:2] == ["pypod", "pure"] and parts[2] not in self.NO_SUBJECTS
        return in_subject and not any(word in parts[3] for word in self.NO_DECISIONS)


install_import_hook(["pypod.pure"], cls=DecisionFinder)


TOUCHES: Final = ("os.", "socket.", "subprocess.", "fcntl.", "mmap.", "ctypes.", "shutil.", "tempfile.", "glob.",
                  "time.", "signal.", "resource.", "syslog.", "pty.", "urllib.")  # fmt: skip
"""Audit events of touching the machine, by their beginnings; ``open`` is another."""


class Purity:
    """Refuses, while it is armed, that code of ``pypod.pure`` touches the machine, and remembers the attempt."""

    def __init__(self) -> None:
        self.armed = False
        self.seen: list[str] = []

    def hook(self, event: str, _arguments: tuple[object, ...]) -> None:
        if not self.armed or (event != "open" and not event.startswith(TOUCHES)):
            return
        module = self._responsible()
        if module.startswith("pypod.pure"):
            self.seen.append(f"{module}: {event}")
            raise RuntimeError(f"{module} is pure and caused the event {event}")

    @staticmethod
    def _responsible() -> str:
        """The innermost module that answers for the event: ours, a test, Hypothesis, or the import of a module."""
        frame: FrameType | None = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - the stack is the only witness
        while frame is not None:
            module = str(frame.f_globals.get("__name__", ""))
            if module.startswith(("pypod.", "hypothesis.", "test_", "importlib", "_frozen_importlib")):
                return module
            frame = frame.f_back
        return ""


PURITY: Final = Purity()
sys.addaudithook(PURITY.hook)


@pytest.fixture(autouse=True)
def pure_code_touches_nothing() -> Iterator[None]:
    """Fail a test during which code of ``pypod.pure`` opened, executed, connected or asked the system for anything."""
    PURITY.seen.clear()
    PURITY.armed = True
    try:
        yield
    finally:
        PURITY.armed = False
    assert not PURITY.seen, PURITY.seen
