"""What is looked at before anything is changed, and is pypod's own: libpod has no such guards."""

from __future__ import annotations

from returns.result import Failure, Result

from pypod.pure.failure import Problem
from pypod.pure.installed.decide import another_line
from pypod.pure.installed.stage import installed_podman
from pypod.pure.program import Program, settle


def may_change(*, any_podman: bool) -> Program[None]:
    """Ends with a problem where the installed Podman follows other rules than those that the host would be changed by."""
    installed = yield from installed_podman()
    other = another_line(installed, any_podman=any_podman)
    if other is not None:
        stop: Result[None, Problem] = Failure(other)
        settle(stop)
