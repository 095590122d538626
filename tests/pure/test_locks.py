"""Locks as they were observed with podman 3.4.7."""

from __future__ import annotations

import errno

import pytest
from returns.result import Failure, Success

from pypod.pure.draft import Locks
from pypod.pure.facts import NOTHING_CHANGED, Handle, LockSegment
from pypod.pure.failure import HostError, Problem
from pypod.pure.locks.decide import Opening, lock_kind, mapped_beyond_end, unopened
from pypod.pure.locks.layout import layout_of
from pypod.pure.locks.stage import free, under_lock
from pypod.pure.plan.summarize import summarize
from pypod.pure.program import Program, drive
from pypod.pure.settings import Settings
from pypod.pure.vocabulary.changes import CreateFile, RemoveFile
from pypod.pure.vocabulary.locks import FreeLock, ReleaseFileLock, ReleaseLock, TakeFileLock, TakeLock
from tests.pure.conversation import Conversation


@pytest.mark.parametrize(
    ("locks", "size"), [(32, 1344), (64, 2632), (128, 5208), (1024, 41272), (2048, 82488), (4096, 164920)]
)
def test_sizes(locks: int, size: int) -> None:
    assert layout_of("x86_64").size(locks) == size


def test_other_machines() -> None:
    assert (layout_of("aarch64").size(2048), layout_of("i686").size(2048)) == (98880, 49444)


@pytest.mark.parametrize(
    ("number", "tail"),
    [
        (errno.ELOOP, "too many levels of symbolic links"),
        (errno.EBADF, "bad file descriptor"),
        (errno.ERANGE, "numerical result out of range"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_refusals(number: int, tail: str) -> None:
    decided = unopened("/libpod_lock", 100, HostError(number, "shm_open", "/libpod_lock"), renumber=False)
    assert decided.failure().message == f"failed to open 100 locks in /libpod_lock: {tail}"


def test_missing_and_renumbered() -> None:
    missing = HostError(errno.ENOENT, "shm_open", "/libpod_lock")
    other = HostError(errno.ERANGE, "shm_open", "/libpod_lock")
    assert unopened("/libpod_lock", 64, missing, renumber=False) == Success(Opening.CREATE)
    assert unopened("/libpod_lock", 64, other, renumber=True) == Success(Opening.REPLACE)


def test_an_empty_segment_kills_podman() -> None:
    problem = mapped_beyond_end("/libpod_lock", 64, LockSegment(0, 0, 0, 0, 0))
    assert problem is not None
    assert (problem.diagnosis, problem.exit_status) == ("LK-07", 2)
    assert mapped_beyond_end("/libpod_lock", 64, LockSegment(0, 0, 0, 0, 10)) is None


def test_unknown_type() -> None:
    refused = lock_kind("SHM")
    assert isinstance(refused, Failure)
    assert refused.failure().message == "unknown lock type SHM: invalid argument"


SEGMENT = Locks("shm", "/libpod_lock", Handle(2, "/libpod_lock"), 64)
FILES = Locks("file", "/run/libpod/locks")
LOCK = Handle(3, "lock 7 of /libpod_lock")
FILE = "/run/libpod/locks/7"


def _nothing(_lock: Handle) -> Program[str]:
    yield from ()
    return "done"


def _ended(locks: Locks, number: int, conversation: Conversation) -> str | Problem:
    ending = drive(under_lock(locks, number, _nothing), conversation)
    conversation.check_finished()
    if isinstance(ending, Failure):
        problem = ending.failure()
        assert isinstance(problem, Problem)
        return problem
    return ending.unwrap()


def test_under_the_lock_of_an_object() -> None:
    taken = (TakeLock(SEGMENT.handle or LOCK, 7), Success(LOCK)), (ReleaseLock(LOCK), Success(None))
    assert _ended(SEGMENT, 7, Conversation(taken)) == "done"
    file = Handle(3, FILE)
    taken_file = (
        (CreateFile(FILE, 0o644), Success(NOTHING_CHANGED)),
        (TakeFileLock(FILE), Success(file)),
        (ReleaseFileLock(file), Success(None)),
    )
    assert _ended(FILES, 7, Conversation(taken_file)) == "done"


def test_a_plan_names_each_lock_that_a_command_waits_for() -> None:
    tape = ((TakeLock(SEGMENT.handle or LOCK, 7), Success(LOCK)), (TakeFileLock(FILE), Success(Handle(4, FILE))))
    assert [one.lock for one in summarize(tape, None, Settings()).holds] == ["lock 7 of /libpod_lock", FILE]


def test_a_lock_that_cannot_be_taken_is_gos_panic() -> None:
    effect = TakeLock(SEGMENT.handle or LOCK, 7)
    refused = HostError(errno.ENOTRECOVERABLE, "lock", LOCK.subject)
    problem = _ended(SEGMENT, 7, Conversation([(effect, Failure(refused))]))
    assert isinstance(problem, Problem)
    assert (problem.message, problem.exit_status, problem.cause) == ("state not recoverable", 2, refused)
    beyond = _ended(SEGMENT, 65, Conversation([]))
    assert isinstance(beyond, Problem)
    assert beyond.message == "given semaphore 65 is higher than maximum locks count 64: invalid argument"
    assert beyond.exit_status == 2
    opened = HostError(errno.EISDIR, "open", FILE)
    made = (CreateFile(FILE, 0o644), Success(NOTHING_CHANGED))
    unopened_file = _ended(FILES, 7, Conversation([made, (TakeFileLock(FILE), Failure(opened))]))
    assert isinstance(unopened_file, Problem)
    assert unopened_file.message == f'error acquiring lock: error opening "{FILE}": is a directory'
    assert unopened_file.exit_status == 2


@pytest.mark.parametrize(
    ("locks", "number", "effect", "answer", "text"),
    [
        (SEGMENT, 7, FreeLock(SEGMENT.handle or LOCK, 7), Success(NOTHING_CHANGED), ""),
        (SEGMENT, 7, FreeLock(SEGMENT.handle or LOCK, 7), errno.ENOENT, "no such file or directory"),
        (SEGMENT, 64, FreeLock(SEGMENT.handle or LOCK, 64), errno.EINVAL, "invalid argument"),
        (SEGMENT, 65, None, 0, "given semaphore 65 is higher than maximum locks count 64: invalid argument"),
        (FILES, 7, RemoveFile(FILE), Success(NOTHING_CHANGED), ""),
        (FILES, 7, RemoveFile(FILE), errno.ENOENT, f"deallocating lock 7: remove {FILE}: no such file or directory"),
    ],
)
def test_freeing_one_lock(
    locks: Locks, number: int, effect: FreeLock | RemoveFile | None, answer: object, text: str
) -> None:
    call = "remove" if locks is FILES else "free"
    given = Failure(HostError(answer, call, FILE)) if isinstance(answer, int) else Success(NOTHING_CHANGED)
    conversation = Conversation([] if effect is None else [(effect, given)])
    freed = drive(free(locks, number), conversation).unwrap()
    conversation.check_finished()
    assert (freed.failure() if isinstance(freed, Failure) else "") == text
