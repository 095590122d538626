"""What ``plan`` and ``explain`` share: the plan that a command line asks for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Final

from returns.result import Failure, Result, Success

from pypod import hosts
from pypod.api import PlanHost, plan
from pypod.cli.commands import Words
from pypod.cli.podman import CONSTRUCTION, requested
from pypod.cli.progress import Progress
from pypod.pure.failure import Misused, Problem

if TYPE_CHECKING:
    from pypod.pure.plan.facts import Plan

AHEAD: Final = (
    "directories.stage", "database.stage", "store.stage", "events.stage", "image.stage", "network.stage",
    "locks.stage", "lifecycle.stage",
    "plan.facts", "plan.actions", "plan.values", "plan.summarize", "plan.layout", "plan.text",
)  # fmt: skip
"""What a plan comes to after the host's programs: loaded while one of them is waited for, in the order of its need."""


def _loading() -> Iterator[object]:
    return map(import_module, (f"pypod.pure.{name}" for name in AHEAD))


def planned(words: Words) -> Result[Plan, Problem]:
    """The plan, or why pypod cannot make one; a ``Misused`` is the fault of the command line."""
    request = requested(words.podman, words.own.get("for", CONSTRUCTION))
    if isinstance(request, Failure):
        return request
    host = _host(words)
    if isinstance(host, Failure):
        return host
    asked = request.unwrap()
    with Progress("planning"):
        return plan(host=host.unwrap(), command=asked.command, flags=asked.flags, arguments=asked.arguments)


def _host(words: Words) -> Result[PlanHost, Problem]:
    path, step = words.own.get("host"), words.own.get("step")
    as_root = "as" in words.own
    if path is None:
        needs = Misused("--step needs --host")
        return Failure(needs) if step is not None else Success(hosts.live(as_root=as_root, meanwhile=_loading()))
    if as_root:
        return Failure(Misused("--as is for this machine: a described host says who runs Podman there (uid)"))
    if step is not None and not (step.isascii() and step.isdigit() and len(step) < 6 and int(step)):
        return Failure(Misused(f"--step is a number from 1 on, not {step!r}"))
    return Success(hosts.described(path, int(step or 1)))
