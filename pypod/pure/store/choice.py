"""Which graph driver opens a store (containers/storage ``drivers/driver.go``, ``New``).

A named driver opens or fails.  Otherwise what is there from earlier decides; otherwise drivers are tried in order, and
only three kinds of failure go on to the next: not in the kernel or build, prerequisites missing, wrong filesystem.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import DriverIncompatible, DriverPrerequisites, DriverUnsupported, Problem, StoreRefused
from pypod.pure.gotext import quoted

PRIORITY: Final = ("overlay", "aufs", "btrfs", "zfs", "vfs")
"""The order in which drivers are preferred; what the build lacks is passed over with an error line."""

_OWN_NAMES: Final = {"overlay2": "overlay"}


def own_name(name: str) -> str:
    """The name that a driver gives itself: ``overlay2`` is a second name of overlay."""
    return _OWN_NAMES.get(name, name)


def trying(name: str) -> Diagnostic:
    """The line before a named driver is initialised."""
    return Diagnostic(Level.DEBUG, f"[graphdriver] trying provided driver {quoted(name)}")


def unknown_driver(name: str, graph_root: str) -> tuple[Diagnostic, Problem]:
    """A named driver that the build does not have; the case of the name matters."""
    problem = DriverUnsupported.saying(f"failed to GetDriver graph {name} {graph_root}", name)
    return Diagnostic(Level.ERROR, f"Failed to GetDriver graph {name} {graph_root}"), problem


def lacking_driver(name: str, graph_root: str) -> tuple[Diagnostic, Problem]:
    """A driver of the automatic order that the build does not have."""
    problem = DriverUnsupported.saying(f"failed to built-in GetDriver graph {name} {graph_root}", name)
    return Diagnostic(Level.ERROR, f"Failed to built-in GetDriver graph {name} {graph_root}"), problem


def prior_candidates(build: Iterable[str]) -> tuple[str, ...]:
    """The drivers whose homes are looked for: all of the build but vfs."""
    return tuple(name for name in build if name != "vfs")


def prior_driver(present: Iterable[str]) -> str:
    """The driver whose home is there and that is preferred; empty where there is none (``overlay2`` is never taken)."""
    there = frozenset(present)
    return next((name for name in PRIORITY if name in there), "")


def prior_failed(name: str, problem: Problem) -> Diagnostic:
    """The line of a prior driver that could not be initialised; there is no other then."""
    return Diagnostic(Level.ERROR, f"[graphdriver] prior storage driver {name} failed: {problem.message}")


def several_drivers(graph_root: str, present: Iterable[str]) -> Problem | None:
    """More than one driver left a home.  libpod lists them in random order, here they are sorted."""
    names = sorted(present)
    if len(names) < 2:
        return None
    text = (
        f"{graph_root} contains several valid graphdrivers: {', '.join(names)}; "
        "Please cleanup or explicitly choose storage driver (-s <DRIVER>)"
    )
    return StoreRefused(text, graph_root)


def using_prior(name: str) -> Diagnostic:
    """The line of a prior driver, after its own lines."""
    return Diagnostic(Level.INFO, f"[graphdriver] using prior storage driver: {name}")


def is_passed_over(problem: Problem) -> bool:
    """Whether automatic choice goes on to the next driver; every other failure, a bad option too, is returned."""
    return isinstance(problem, DriverUnsupported | DriverPrerequisites | DriverIncompatible)


def no_driver() -> Problem:
    """Every driver was passed over."""
    return StoreRefused("No supported storage backend found")
