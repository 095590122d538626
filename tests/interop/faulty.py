"""Constructions of which one effect is refused, or at which the process is killed.  Run inside of a mount namespace by
``test_construction_faults.py``:

    python -m tests.interop.faulty refused|killed PLACE

Prints one JSON object: how many were tried, how many ended badly.  Whatever is left behind is an assertion that fails.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from returns.result import Failure, Result

from pypod.effects.faults import FaultAt
from pypod.effects.linux.machine import LinuxLibrary
from pypod.effects.recording import Recording
from pypod.pipeline import CONSTRUCTION
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Effect, Host, Kind, On
from pypod.pure.failure import Ending, HostError, Problem
from pypod.pure.program import drive
from pypod.runtime.shutdown import shutdown

STRIDE: Final = int(os.environ.get("PYPOD_FAULT_STRIDE", "5"))
"""Every how many effects one is refused; 1: each."""
ERRNOS: Final = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.EINTR)
SEGMENT: Final = Path("/dev/shm/libpod_lock")
CHANGING: Final = (Kind.CHANGE, Kind.HOLD)


class Place:
    """A scratch root that is new for each construction."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def request(self) -> Request:
        named = {"root": "root", "runroot": "run", "tmpdir": "tmp"}
        flags = tuple((flag, f"{self.path}/host/{name}") for flag, name in named.items())
        return Request(flags=(*flags, ("storage-driver", "vfs"), ("events-backend", "file")))

    def clear(self) -> None:
        shutil.rmtree(self.path / "host", ignore_errors=True)
        SEGMENT.unlink(missing_ok=True)

    def construct(self, host: Host) -> Result[Draft, Ending]:
        return drive(CONSTRUCTION(Draft(self.request())), host)


def given_up(draft: Draft, machine: LinuxLibrary) -> None:
    """Shut a runtime down, so that nothing of it is left."""
    done = drive(shutdown(draft), On(machine))
    assert not isinstance(done, Failure), done


def left_behind() -> tuple[int, list[str]]:
    """Descriptors of this process, and record locks that it holds."""
    mine = f" {os.getpid()} "
    locks = [line for line in Path("/proc/locks").read_text(encoding="utf-8").splitlines() if mine in line]
    return len(list(Path("/proc/self/fd").iterdir())), locks


def refused(place: Place, effects: list[Effect[Any]]) -> dict[str, int]:
    """Each effect refused in turn: a failure with that cause or a construction that libpod would have gone on with.

    Giving back is left out: the kernel closes what it is asked to close, whatever it answers.
    """
    errnos = itertools.cycle(ERRNOS)
    ended = tried = 0
    for index in [index for index, effect in enumerate(effects) if effect.kind is not Kind.FREE][::STRIDE]:
        place.clear()
        machine = LinuxLibrary()
        before = left_behind()
        fault = FaultAt(On(machine), index, HostError(next(errnos), "injected", "injected"))
        built = place.construct(fault)
        assert fault.refused == 1, index
        if isinstance(built, Failure):
            ended += 1
            ending = built.failure()
            assert isinstance(ending, Problem), ending
            assert ending.message, index
        else:
            given_up(built.unwrap(), machine)
        assert left_behind() == before, (index, effects[index].describe(), left_behind())
        _works_again(place, index)
        tried += 1
    return {"tried": tried, "ended": ended}


def killed(place: Place, effects: list[Effect[Any]]) -> dict[str, int]:
    """The process killed before and after each effect that changes or holds something."""
    chosen = [index for index, effect in enumerate(effects) if effect.kind in CHANGING]
    tried = 0
    for turn, index in enumerate(chosen[::STRIDE]):
        place.clear()
        child = os.fork()
        if child == 0:
            place.construct(_Killing(On(LinuxLibrary()), index, after=bool(turn % 2)))
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, index
        _works_again(place, index)
        tried += 1
    return {"tried": tried}


class _Killing:
    """Kills the process at an effect: before it is done, or after."""

    def __init__(self, host: Host, index: int, *, after: bool) -> None:
        self._host, self._left, self._after = host, index, after

    def answer(self, effect: Effect[Any], /) -> Any:
        if effect.kind is Kind.TELL:
            return self._host.answer(effect)
        at_it = self._left == 0
        self._left -= 1
        if at_it and self._after:
            self._host.answer(effect)
        if at_it:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._host.answer(effect)


def _works_again(place: Place, index: int) -> None:
    machine = LinuxLibrary()
    again = place.construct(On(machine))
    assert not isinstance(again, Failure), (index, again)
    given_up(again.unwrap(), machine)


PLAYS: Final[dict[str, Callable[[Place, list[Effect[Any]]], dict[str, int]]]] = {"refused": refused, "killed": killed}


def main() -> None:
    what, path = sys.argv[1:]
    place = Place(Path(path))
    place.clear()
    machine = LinuxLibrary()
    recording = Recording(On(machine))
    given_up(place.construct(recording).unwrap(), machine)
    effects = [effect for effect, _ in recording.tape if effect.kind is not Kind.TELL]
    json.dump(PLAYS[what](place, effects), sys.stdout)


if __name__ == "__main__":
    main()
