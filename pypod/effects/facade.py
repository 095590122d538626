"""The façade for callers who keep track of input and output in types: everything answers an ``IOResult``."""

from __future__ import annotations

from typing import TypeVar

from returns.io import IOResult

from pypod.effects.linux.observer import LinuxObserver
from pypod.effects.live import planning_host
from pypod.effects.planning import Planning
from pypod.pure.effect import Host, Observation
from pypod.pure.failure import Ending, HostError
from pypod.pure.machine import Observing
from pypod.pure.program import Program, drive

T = TypeVar("T")


def observe(effect: Observation[T], machine: Observing | None = None) -> IOResult[T, HostError]:
    """Look once on the real machine (or on the given one): the answer, or what it refused."""
    return IOResult.from_result(effect.see(LinuxObserver() if machine is None else machine))


def perform(program: Program[T], host: Host) -> IOResult[T, Ending]:
    """Run a program on a host to its end: its value, or how it ended early."""
    return IOResult.from_result(drive(program, host))


def rehearse(program: Program[T], host: Planning | None = None) -> IOResult[T, Ending]:
    """Run a program to its end without changing the machine."""
    return perform(program, planning_host() if host is None else host)
