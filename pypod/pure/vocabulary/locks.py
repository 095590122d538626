"""Record locks on files, the shared lock segment, and the locks in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Effect, Kind, Observation
from pypod.pure.facts import Allocated, Changed, Handle, LockSegment, SegmentLocks
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import Machine, Observing


class ReadLockSegment(Observation[LockSegment], frozen=True):
    """The header and bitmaps of a segment, without mapping or locking it.  ``name`` is the segment's: ``/libpod_lock``."""

    answer = LockSegment

    name: str

    def see(self, machine: Observing, /) -> Result[LockSegment, HostError]:
        return machine.read_lock_segment(self.name)

    def describe(self) -> str:
        return f"read the lock segment {self.name}"


class ReadLocks(Observation[SegmentLocks], frozen=True):
    """The header and bitmaps of a segment and the mutexes in it that are held or out of order, without taking any."""

    answer = SegmentLocks

    name: str

    def see(self, machine: Observing, /) -> Result[SegmentLocks, HostError]:
        return machine.read_locks(self.name)

    def describe(self) -> str:
        return f"look at the locks in {self.name}"


class TakeFileLock(Effect[Handle], frozen=True):
    """Take the record lock of a lock file, which exists (``F_SETLKW``, whole file); waits until it is free."""

    kind = Kind.HOLD
    answer = Handle

    path: str
    exclusive: bool = True

    def via(self, machine: Machine, /) -> Result[Handle, HostError]:
        return machine.take_file_lock(self.path, self.exclusive)

    def describe(self) -> str:
        return f"take the lock {self.path}"


class ReleaseFileLock(Effect[None], frozen=True):
    """Give back a record lock (its descriptor is closed; the file stays)."""

    kind = Kind.FREE
    answer = None

    handle: Handle

    def via(self, machine: Machine, /) -> Result[None, HostError]:
        return machine.release_file_lock(self.handle)

    def describe(self) -> str:
        return f"release the lock {self.handle.subject}"


class CreateLockSegment(Effect[Changed], frozen=True):
    """Create the segment in ``/dev/shm`` for ``locks`` locks, rounded up to 32 (``O_EXCL``, 0600).  The failure's reason is the
    errno that libpod prints.
    """

    kind = Kind.CHANGE
    answer = Changed

    name: str
    locks: int

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.create_lock_segment(self.name, self.locks)

    def describe(self) -> str:
        return f"create the lock segment {self.name} with {self.locks} locks"


class MapLockSegment(Effect[Handle], frozen=True):
    """Map an existing segment made for ``locks`` locks: ENOENT, EBADF (magic), ERANGE (another number of locks), EACCES."""

    kind = Kind.HOLD
    answer = Handle

    name: str
    locks: int

    def via(self, machine: Machine, /) -> Result[Handle, HostError]:
        return machine.map_lock_segment(self.name, self.locks)

    def describe(self) -> str:
        return f"map the lock segment {self.name}"


class UnmapLockSegment(Effect[None], frozen=True):
    """Unmap a segment; it stays.  EBUSY while a lock in it is held: who unmaps a mutex that he holds leaves it locked for ever."""

    kind = Kind.FREE
    answer = None

    handle: Handle

    def via(self, machine: Machine, /) -> Result[None, HostError]:
        return machine.unmap_lock_segment(self.handle)

    def describe(self) -> str:
        return f"unmap the lock segment {self.handle.subject}"


class AllocateLock(Effect[Allocated], frozen=True):
    """Set the bit of lock ``number`` (EEXIST where it is set), or of the lowest free one; ENOSPC where all are taken."""

    kind = Kind.CHANGE
    answer = Allocated

    handle: Handle
    number: int | None = None

    def via(self, machine: Machine, /) -> Result[Allocated, HostError]:
        return machine.allocate_lock(self.handle, self.number)

    def describe(self) -> str:
        return f"allocate lock {'any' if self.number is None else self.number} of {self.handle.subject}"


class FreeLock(Effect[Changed], frozen=True):
    """Clear the bit of one lock: ENOENT where it is clear, EINVAL where the segment has no such lock."""

    kind = Kind.CHANGE
    answer = Changed

    handle: Handle
    number: int

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.free_lock(self.handle, self.number)

    def describe(self) -> str:
        return f"free lock {self.number} of {self.handle.subject}"


class FreeAllLocks(Effect[Changed], frozen=True):
    """Clear every bit; mutexes that are held stay held."""

    kind = Kind.CHANGE
    answer = Changed

    handle: Handle

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.free_all_locks(self.handle)

    def describe(self) -> str:
        return f"free all locks of {self.handle.subject}"


class TakeLock(Effect[Handle], frozen=True):
    """Take one lock of a mapped segment, allocated or not; waits until it is free.

    A lock whose holder died is taken over.  EDEADLK where this thread holds it, ENOTRECOVERABLE where it was ruined,
    EINVAL where the segment has no such lock.
    """

    kind = Kind.HOLD
    answer = Handle

    handle: Handle
    number: int

    def via(self, machine: Machine, /) -> Result[Handle, HostError]:
        return machine.take_lock(self.handle, self.number)

    def describe(self) -> str:
        return f"take lock {self.number} of {self.handle.subject}"


class ReleaseLock(Effect[None], frozen=True):
    """Give back a lock of a segment, in the thread that took it."""

    kind = Kind.FREE
    answer = None

    handle: Handle

    def via(self, machine: Machine, /) -> Result[None, HostError]:
        return machine.release_lock(self.handle)

    def describe(self) -> str:
        return f"release {self.handle.subject}"
