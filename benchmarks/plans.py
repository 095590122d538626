"""Plans a second in one process, over described hosts.  Aim: at least 300."""

from __future__ import annotations

import time

import pypod
from tests.golden.recordings import every_recording


def main(seconds: float = 3.0) -> None:
    """Plan for the first step of every recorded host, round after round."""
    described = [host for recording in every_recording() for host in [pypod.hosts.described_value(recording)]]
    for host in described:
        pypod.plan(host=host)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for host in described:
            pypod.plan(host=host)
        done += len(described)
    print(f"plans over described hosts: {done / (time.perf_counter() - started):.0f} a second")
    print()
