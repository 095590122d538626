"""Plans a second in one process, over described hosts.  Aim: at least 300."""

from __future__ import annotations

import gc
import time

import pypod
from tests.golden.recordings import Recording, every_recording


def main(seconds: float = 3.0) -> None:
    """Plan for the first step of every recorded host, from its decoded description to the plan, round after round."""
    found = list(every_recording())
    for recording in found:
        _plan(recording)
    # The collector need not go through the recordings: they are what is measured with, not what is measured.
    gc.freeze()
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for recording in found:
            _plan(recording)
        done += len(found)
    print(f"plans over described hosts: {done / (time.perf_counter() - started):.0f} a second")
    print()


def _plan(recording: Recording) -> None:
    # The host is made anew each time: laying what is described into a world belongs to the plan.
    pypod.plan(host=pypod.hosts.described_value(recording))
