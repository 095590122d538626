"""Laws of allocating locks, on a live segment and in the simulated kernel.

- Any sequence of allocations, of given and of any numbers, and of freeing answers what a set of numbers answers: the
  lowest free number, or EEXIST, ENOENT, EINVAL, ENOSPC; a segment whose groups are cut off answers EFAULT beyond them.
- Both machines answer the same, handle for handle and change for change, and leave the same bitmaps.
- A segment that is made live has the bytes that the simulated kernel gives it, but for the mutexes that were in use.
- Taking and giving back any locks in any order: what one thread holds it is refused (EDEADLK), all else is granted; a
  mapping is not undone while a lock is held that was taken through it (EBUSY); afterwards no mutex is held.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from pypod.effects.linux.held import LinuxLocksHeld
from pypod.effects.linux.locks import LinuxLocks
from pypod.pure.effect import Effect
from pypod.pure.facts import (
    ALL_CAPABILITIES,
    Change,
    Changed,
    Entry,
    FileType,
    Handle,
    HostFacts,
    Identity,
    LockSegment,
)
from pypod.pure.failure import HostError
from pypod.pure.locks.layout import layout_of, read_mutexes, read_segment
from pypod.pure.table import Table
from pypod.pure.vocabulary.locks import (
    AllocateLock,
    CreateLockSegment,
    FreeAllLocks,
    FreeLock,
    MapLockSegment,
    ReleaseLock,
    TakeLock,
    UnmapLockSegment,
)
from pypod.pure.world import Simulated, World
from pypod.pure.world.segment import Segment, fresh_segment
from pypod.pure.world.state import Mount, Node

ARCHITECTURE = os.uname().machine
LAYOUT = layout_of(ARCHITECTURE)
COUNTER = itertools.count()
HANDLE = Handle(1, "")
"""Stands for the mapping, which is always the first that is taken."""

NUMBERS = st.one_of(st.integers(-1, 70), st.sampled_from((31, 32, 63, 64, 95, 96)))
STEPS = st.lists(
    st.one_of(
        st.just(AllocateLock(HANDLE)),
        st.builds(AllocateLock, st.just(HANDLE), NUMBERS),
        st.builds(FreeLock, st.just(HANDLE), NUMBERS),
        st.just(FreeAllLocks(HANDLE)),
    ),
    max_size=25,
)


@contextmanager
def segment(locks: int) -> Generator[str]:
    """A segment of our own, by its name."""
    name = f"/pypod_test_{os.getpid()}_{next(COUNTER)}"
    machine = LinuxLocksHeld()
    assert isinstance(machine.create_lock_segment(name, locks), Success)
    try:
        yield name
    finally:
        Path(f"/dev/shm{name}").unlink()


def simulated(name: str, locks: int, size: int | None = None) -> Simulated:
    """A machine with the same segment; ``size``: cut to so many bytes."""
    nodes = Table({"/": Node(FileType.DIRECTORY, 0o755, names=frozenset({"dev"}))}).having(
        {
            "/dev": Node(FileType.DIRECTORY, 0o755, names=frozenset({"shm"})),
            "/dev/shm": Node(FileType.DIRECTORY, 0o1777),
        }
    )
    world = World(
        nodes=nodes,
        open=False,
        identity=Identity(capabilities=ALL_CAPABILITIES),
        facts=HostFacts(architecture=ARCHITECTURE),
        mounts=(Mount("/"), Mount("/dev/shm")),
    )
    host = Simulated(world)
    assert isinstance(host.answer(CreateLockSegment(name, locks)), Success)
    if size is None:
        return host
    path = f"/dev/shm{name}"
    node = host.world.nodes[path]
    content = fresh_segment(locks, ARCHITECTURE).to_bytes()[:size]
    cut = msgspec.structs.replace(node, content=content, size=size)
    return Simulated(msgspec.structs.replace(host.world, nodes=host.world.nodes.set(path, cut)))


def placed(effect: Effect[Any], name: str) -> Effect[Any]:
    """The effect on the segment of that name."""
    return msgspec.structs.replace(effect, handle=Handle(1, name))


def plain(answer: Result[Any, HostError]) -> object:
    """What an answer says: the errno, or the value; of entries only what a machine of another user says, too."""
    if isinstance(answer, Failure):
        error = answer.failure()
        return error.errno, error.call, error.subject
    value = answer.unwrap()
    if not isinstance(value, Changed):
        return value
    return [_plain_change(one) for one in value.changes], getattr(value, "number", None)


def _plain_change(change: Change) -> object:
    return change.path, _plain_entry(change.before), _plain_entry(change.after), change.detail


def _plain_entry(entry: Entry | None) -> object:
    return entry and (entry.type, entry.mode, entry.size)


def expected(taken: set[int], effect: Effect[Any], locks: int, there: int) -> int | tuple[int, set[int]]:
    """The model: an errno, or the number that is answered (-1: none) and the set afterwards."""
    match effect:
        case FreeAllLocks():
            return errno.EFAULT if there < locks else (-1, set())
        case AllocateLock(_, None):
            free = [one for one in range(there) if one not in taken]
            return (free[0], taken | {free[0]}) if free else errno.ENOSPC
        case AllocateLock(_, int() as number) | FreeLock(_, number):
            if not 0 <= number < locks:
                return errno.EINVAL
            if number >= there:
                return errno.EFAULT
            if isinstance(effect, AllocateLock):
                return errno.EEXIST if number in taken else (number, taken | {number})
            return (number, taken - {number}) if number in taken else errno.ENOENT
        case _:
            raise AssertionError(effect)


@given(st.integers(1, 100), st.integers(0, 1), STEPS)
def test_allocation_is_a_set_of_numbers(locks: int, cut: int, steps: list[Effect[Any]]) -> None:
    rounded = -(-locks // 32) * 32
    groups = max(rounded // 32 - cut, 0)
    with segment(locks) as name:
        path = f"/dev/shm{name}"
        os.truncate(path, LAYOUT.header + groups * LAYOUT.group)
        machine = LinuxLocksHeld()
        handle = machine.map_lock_segment(name, locks).unwrap()
        taken: set[int] = set()
        for step in steps:
            answer = placed(step, name).via(_whole(machine))
            model = expected(taken, step, rounded, groups * 32)
            if isinstance(model, int):
                assert answer.failure().errno == model
                continue
            number, taken = model
            assert not isinstance(step, AllocateLock) or answer.unwrap().number == number
        assert read(path).allocated == tuple(sorted(taken))
        assert isinstance(machine.unmap_lock_segment(handle), Success)


@given(st.integers(1, 70), st.integers(0, LAYOUT.size(70)), STEPS)
def test_both_machines_answer_the_same(locks: int, cut: int, steps: list[Effect[Any]]) -> None:
    with segment(locks) as name:
        size = LAYOUT.size(locks) - (cut if cut % 2 else 0)
        os.truncate(f"/dev/shm{name}", max(size, 0))
        machine, host = LinuxLocksHeld(), simulated(name, locks, max(size, 0))
        for step in (MapLockSegment(name, locks), *(placed(one, name) for one in steps)):
            assert plain(step.via(_whole(machine))) == plain(host.answer(step))
        node = host.world.nodes[f"/dev/shm{name}"]
        seen = node.content.seen() if isinstance(node.content, Segment) else read_segment(content_of(node), LAYOUT)
        assert read(f"/dev/shm{name}") == seen
        ended = UnmapLockSegment(Handle(1, name))
        assert plain(ended.via(_whole(machine))) == plain(host.answer(ended))


@given(st.integers(1, 200))
def test_a_fresh_segment_is_the_same_to_the_byte(locks: int) -> None:
    with segment(locks) as name:
        assert Path(f"/dev/shm{name}").read_bytes() == fresh_segment(locks, ARCHITECTURE).to_bytes()


@given(st.integers(1, 64), st.lists(st.tuples(st.booleans(), st.integers(-1, 70)), max_size=30))
def test_taking_and_giving_back(locks: int, steps: list[tuple[bool, int]]) -> None:
    with segment(locks) as name:
        machine, host = LinuxLocksHeld(), simulated(name, locks)
        mapped = machine.map_lock_segment(name, locks).unwrap()
        assert host.answer(MapLockSegment(name, locks)).unwrap() == mapped
        held: dict[int, Handle] = {}
        for takes, number in steps:
            effect: Effect[Any] = TakeLock(mapped, number)
            if not takes and held:
                effect = ReleaseLock(held.pop(sorted(held)[number % len(held)]))
            answer = effect.via(_whole(machine))
            assert plain(answer) == plain(host.answer(effect))
            if isinstance(effect, TakeLock):
                assert isinstance(answer, Success) == (0 <= number < -(-locks // 32) * 32 and number not in held)
                if isinstance(answer, Success):
                    held[number] = cast("Handle", answer.unwrap())
        assert {one.number for one in LinuxLocks().read_locks(name).unwrap().mutexes} == held.keys()
        unmap = UnmapLockSegment(mapped)
        if held:
            assert unmap.via(_whole(machine)).failure().errno == host.answer(unmap).failure().errno == errno.EBUSY
        for handle in held.values():
            assert plain(machine.release_lock(handle)) == plain(host.answer(ReleaseLock(handle)))
        assert plain(unmap.via(_whole(machine))) == plain(host.answer(unmap))
        assert read_mutexes(Path(f"/dev/shm{name}").read_bytes(), LAYOUT) == ()


def content_of(node: Node) -> bytes:
    assert isinstance(node.content, bytes)
    return node.content


def read(path: str) -> LockSegment:
    return read_segment(Path(path).read_bytes(), LAYOUT)


def _whole(machine: LinuxLocksHeld) -> Any:
    """An effect on locks needs no more of a machine."""
    return machine
