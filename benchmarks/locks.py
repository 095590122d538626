"""What a lock costs: taken and given back, uncontended, and a look at a whole segment.  Aim: at most 2 µs for taking and 2 for giving back.

The C library's own calls, through ctypes and prepared, are what it is held against.
"""

from __future__ import annotations

import ctypes
import os
import timeit
from collections.abc import Callable
from pathlib import Path

from pypod.effects.linux.held import LinuxLocksHeld
from pypod.effects.linux.locks import LinuxLocks
from pypod.effects.real import library_machine
from pypod.pure.draft import Locks
from pypod.pure.effect import On
from pypod.pure.facts import Handle
from pypod.pure.locks.stage import under_lock
from pypod.pure.program import Program, drive
from pypod.pure.vocabulary.locks import ReleaseLock, TakeLock

NUMBER = 7
OFTEN = 20_000


def main() -> None:
    """Print the microseconds of each pair, the best of many rounds."""
    name = f"/pypod_benchmark_{os.getpid()}"
    machine = library_machine()
    machine.create_lock_segment(name, 2048).unwrap()
    try:
        mapped = machine.map_lock_segment(name, 2048).unwrap()
        for what, run, times in (
            ("pthread_mutex_lock and _unlock by ctypes, prepared", _bare(), OFTEN),
            ("taken and given back by the machine", _by_machine(machine, mapped), OFTEN),
            ("taken and given back by effects", _by_effects(On(machine), mapped), OFTEN),
            ("a program under a lock", _by_program(On(machine), name, mapped), OFTEN),
            ("a lock allocated and freed", _allocated(machine, mapped), OFTEN // 10),
            ("looking at all 2,048 locks", lambda: LinuxLocks().read_locks(name), OFTEN // 200),
        ):
            print(f"{what}: {min(timeit.repeat(run, number=times, repeat=9)) / times * 1e6:.2f} µs")
    finally:
        Path(f"/dev/shm{name}").unlink()
    print()


def _bare() -> Callable[[], object]:
    library = ctypes.CDLL(None)
    mutex = ctypes.byref(ctypes.create_string_buffer(64))
    lock, unlock = library.pthread_mutex_lock, library.pthread_mutex_unlock
    return lambda: (lock(mutex), unlock(mutex))


def _by_machine(machine: LinuxLocksHeld, mapped: Handle) -> Callable[[], object]:
    return lambda: machine.release_lock(machine.take_lock(mapped, NUMBER).unwrap())


def _by_effects(host: On, mapped: Handle) -> Callable[[], object]:
    return lambda: host.answer(ReleaseLock(host.answer(TakeLock(mapped, NUMBER)).unwrap()))


def _by_program(host: On, name: str, mapped: Handle) -> Callable[[], object]:
    def nothing(_lock: Handle) -> Program[None]:
        yield from ()

    locks = Locks("shm", name, mapped, 2048)
    return lambda: drive(under_lock(locks, NUMBER, nothing), host)


def _allocated(machine: LinuxLocksHeld, mapped: Handle) -> Callable[[], object]:
    return lambda: machine.free_lock(mapped, machine.allocate_lock(mapped, None).unwrap().number)


if __name__ == "__main__":
    main()
