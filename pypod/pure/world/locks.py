"""Record locks on files, and the lock segment, in the simulated kernel.

Record locks are per process, so within one process taking is never refused; other processes hold none.
"""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import (
    NOTHING_CHANGED,
    Allocated,
    Change,
    Changed,
    FileType,
    Handle,
    HostFacts,
    LockSegment,
    SegmentLocks,
)
from pypod.pure.failure import HostError
from pypod.pure.locks.layout import LOCKS_PER_BITMAP, MAGIC, lock_subject
from pypod.pure.vocabulary.host import DescribeHost
from pypod.pure.vocabulary.locks import ReadLocks, ReadLockSegment
from pypod.pure.world.files import Files
from pypod.pure.world.segment import Segment, fresh_segment, segment_of, segment_seen
from pypod.pure.world.state import Held, Node
from pypod.pure.world.tree import READ, errno_of, refusal, replaced

_SHM: Final = "/dev/shm"  # noqa: S108 - where glibc keeps shared memory
_RELEASED: Final[Result[None, HostError]] = Success(None)


def segment_path(name: str) -> str:
    """The file of a segment: glibc's ``shm_open``."""
    return f"{_SHM}/{name.lstrip('/')}"


class Locks(Files):
    """Handles are numbered from 1 in the order of taking."""

    def architecture(self) -> str:
        facts = self.world.facts
        return facts.architecture if facts is not None else self.asked(DescribeHost()).map(_machine).value_or("x86_64")

    def _hold(self, held: Held, subject: str) -> Handle:
        number = self.world.handles + 1
        self.world = replaced(self.world, handles=number, held=self.world.held.set(number, held))
        return Handle(number, subject)

    def _let_go(self, handle: Handle, call: str) -> Result[None, HostError]:
        if handle.number not in self.world.held:
            return refusal(errno.EBADF, call, handle.subject)
        self.world = replaced(self.world, held=self.world.held.without((handle.number,)))
        return _RELEASED

    # -- record locks

    def take_file_lock(self, path: str, exclusive: bool, /) -> Result[Handle, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "open", path)
        where, node = found
        if exclusive:
            refused = errno.EISDIR if node.type is FileType.DIRECTORY else self.writable(where, node)
            if refused:
                return refusal(refused, "open", path)
        if not (node.seen or self.permits(node, READ)):
            return refusal(errno.EACCES, "open", path)
        return Success(self._hold(Held(where), path))

    def release_file_lock(self, handle: Handle, /) -> Result[None, HostError]:
        return self._let_go(handle, "close")

    # -- the segment

    def _segment(self, path: str, node: Node) -> Segment | int:
        """The segment of a file."""
        if isinstance(node.content, Segment):
            return node.content
        content = self.bytes_of(path, node)
        return content if isinstance(content, int) else segment_of(content, self.architecture())

    def read_lock_segment(self, name: str, /) -> Result[LockSegment, HostError]:
        path = segment_path(name)
        found = self.found(path, follow=False)
        if isinstance(found, int):
            return refusal(found, "shm_open", name)
        where, node = found
        if node.type is FileType.LINK:
            return refusal(errno.ELOOP, "shm_open", name)
        if node.seen and node.content is None:
            return self.asked(ReadLockSegment(name))
        if not self.permits(node, READ):
            return refusal(errno.EACCES, "shm_open", name)
        segment = self._segment(where, node)
        if isinstance(segment, int):
            return refusal(segment, "shm_open", name)
        return Success(segment.seen())

    def read_locks(self, name: str, /) -> Result[SegmentLocks, HostError]:
        """Nobody else holds a lock here; a real host is asked."""
        path = segment_path(name)
        found = self.found(path, follow=False)
        if not isinstance(found, int) and found[1].seen:
            return self.asked(ReadLocks(name))
        return self.read_lock_segment(name).map(SegmentLocks)

    def create_lock_segment(self, name: str, locks: int, /) -> Result[Changed, HostError]:
        if locks <= 0:
            return refusal(errno.EINVAL, "shm_open", name)
        opened = self._opened(segment_path(name), 0o600, exclusive=True)
        if isinstance(opened, int):
            return refusal(opened, "shm_open", name)
        where, node, _ = opened
        segment = fresh_segment(locks, self.architecture())
        change = self.put(where, replaced(node, content=segment, size=segment.size))
        return Success(Changed((Change(where, None, change.after, f"{segment.locks} locks"),)))

    def map_lock_segment(self, name: str, locks: int, /) -> Result[Handle, HostError]:
        """ENOENT, ELOOP, EACCES, then EBADF (magic), then ERANGE (other number of locks)."""
        path = segment_path(name)
        found = errno.EINVAL if locks <= 0 else self.found(path, follow=False)
        if isinstance(found, int):
            return refusal(found, "shm_open", name)
        where, node = found
        refused = errno.ELOOP if node.type is FileType.LINK else self._writing(where, node)
        if refused:
            return refusal(refused, "shm_open", name)
        segment = self._learned(name, locks) if node.seen and node.content is None else self._segment(where, node)
        if isinstance(segment, int):
            return refusal(segment, "shm_open", name)
        if segment.magic != MAGIC:
            return refusal(errno.EBADF, "shm_open", name)
        if segment.locks != fresh_segment(locks, self.architecture()).locks:
            return refusal(errno.ERANGE, "shm_open", name)
        if node.content is not segment:
            nodes = self.world.nodes.set(where, replaced(node, content=segment))
            self.world = replaced(self.world, nodes=nodes)
        return Success(self._hold(Held(where, locks), name))

    def _learned(self, name: str, locks: int) -> Segment | int:
        """The segment of the real host.  One that only the assumed user may read is taken to be as it should be."""
        answer = self.asked(ReadLockSegment(name))
        if isinstance(answer, Failure):
            if self.world.assumed:
                return fresh_segment(locks, self.architecture())
            return errno_of(answer)
        return segment_seen(answer.unwrap(), self.architecture())

    def unmap_lock_segment(self, handle: Handle, /) -> Result[None, HostError]:
        if any(one.mapping == handle.number for one in self.world.held.values()):
            return refusal(errno.EBUSY, "munmap", handle.subject)
        return self._let_go(handle, "munmap")

    def _mapped(self, handle: Handle) -> tuple[str, Node, Segment] | int:
        held = self.world.held.get(handle.number)
        node = self.world.nodes.get(held.path) if held is not None else None
        if held is None or node is None or not isinstance(node.content, Segment):
            return errno.EBADF
        return held.path, node, node.content

    def allocate_lock(self, handle: Handle, number: int | None, /) -> Result[Allocated, HostError]:
        mapped = self._mapped(handle)
        if isinstance(mapped, int):
            return refusal(mapped, "allocate", handle.subject)
        where, node, segment = mapped
        free = ~segment.allocated & ((1 << segment.groups * LOCKS_PER_BITMAP) - 1)
        chosen = (free & -free).bit_length() - 1 if number is None else number
        refused = errno.ENOSPC if number is None and chosen < 0 else _beyond(segment, chosen)
        if refused:
            return refusal(refused, "allocate", handle.subject)
        if segment.allocated >> chosen & 1:
            return refusal(errno.EEXIST, "allocate", handle.subject)
        after = replaced(segment, allocated=segment.allocated | 1 << chosen)
        changed = self.altered(where, replaced(node, content=after, seen=False), f"lock {chosen}")
        return Success(Allocated(changed.changes, number=chosen))

    def free_lock(self, handle: Handle, number: int, /) -> Result[Changed, HostError]:
        mapped = self._mapped(handle)
        refused = mapped if isinstance(mapped, int) else _beyond(mapped[2], number)
        if isinstance(mapped, int) or refused:
            return refusal(refused, "free", handle.subject)
        where, node, segment = mapped
        if not segment.allocated >> number & 1:
            return refusal(errno.ENOENT, "free", handle.subject)
        after = replaced(segment, allocated=segment.allocated & ~(1 << number))
        return Success(self.altered(where, replaced(node, content=after, seen=False), f"lock {number}"))

    def free_all_locks(self, handle: Handle, /) -> Result[Changed, HostError]:
        mapped = self._mapped(handle)
        if isinstance(mapped, int):
            return refusal(mapped, "free", handle.subject)
        where, node, segment = mapped
        there = min(segment.groups, fresh_segment(self.world.held[handle.number].locks, self.architecture()).bitmaps)
        if segment.bitmaps > there:
            return refusal(errno.EFAULT, "free", handle.subject)
        if not segment.allocated:
            return Success(NOTHING_CHANGED)
        after = replaced(segment, allocated=0)
        return Success(self.altered(where, replaced(node, content=after, seen=False), "all locks freed"))

    # -- the locks in it

    def take_lock(self, handle: Handle, number: int, /) -> Result[Handle, HostError]:
        """No other process holds one, so the only one to wait for would be oneself."""
        mapped = self._mapped(handle)
        subject = lock_subject(handle.subject, number)
        refused = mapped if isinstance(mapped, int) else _beyond(mapped[2], number)
        if isinstance(mapped, int) or refused:
            return refusal(refused, "lock", subject)
        taken = Held(mapped[0], number=number, mapping=handle.number)
        if any(one.number == number and one.path == taken.path for one in self.world.held.values()):
            return refusal(errno.EDEADLK, "lock", subject)
        return Success(self._hold(taken, subject))

    def release_lock(self, handle: Handle, /) -> Result[None, HostError]:
        return self._let_go(handle, "unlock")


def _beyond(segment: Segment, number: int) -> int:
    """Why a segment has no such lock: by its header, or because its groups are not there."""
    if not 0 <= number < segment.locks:
        return errno.EINVAL
    return 0 if number < segment.groups * LOCKS_PER_BITMAP else errno.EFAULT


def _machine(facts: HostFacts) -> str:
    return facts.architecture
