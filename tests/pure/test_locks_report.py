"""What ``pypod locks`` says of segments, lock files and databases."""

from __future__ import annotations

import errno

import msgspec
import pytest
from returns.result import Failure, Success

from pypod.pure.database.tree import tree_of
from pypod.pure.draft import Request
from pypod.pure.facts import DirectoryEntry, FileStatus, FileType, LockSegment, Mutex, SegmentLocks
from pypod.pure.failure import HostError
from pypod.pure.locks.decide import LockKind
from pypod.pure.locks.holders import Held, Hold, held_of, process_of, record_locks
from pypod.pure.locks.layout import MAGIC, layout_of
from pypod.pure.locks.looking import lock_numbers, of_file, of_segment
from pypod.pure.locks.report import Database, Place, Report, report_of
from pypod.pure.locks.text import render
from pypod.pure.program import drive
from pypod.pure.state.facts import Backend, StateFile
from pypod.pure.state.references import references_of
from pypod.pure.world.segment import fresh_segment
from pypod.runtime.locks import look
from pypod.runtime.state import Wanted
from tests.fixtures.state_databases import DATABASES
from tests.pure.small_host import small_host

LAYOUT = layout_of("x86_64")
ROBUST = 0x90
WAITERS, DIED, RUINED = 1 << 31, 1 << 30, 0x7FFFFFFE
OWNED = tuple(range(9, 16))
"""The locks of the sample database: two volumes, two pods, three containers."""

REFERENCES = references_of(
    tree_of(DATABASES["bolt-3.4.7-full"]).unwrap()[0], StateFile(Backend.BOLT, 131072, 4096, 28, 9)
)
DATABASE = Database("/srv/c/root/libpod/bolt_state.db", REFERENCES)


def segment(*allocated: int, held: tuple[Held, ...] = (), locks: int = 64) -> Place:
    return Place(
        LockKind.SHM, "/dev/shm/libpod_lock", size=2632, locks=locks, wanted=64, allocated=allocated, held=held
    )


def report(place: Place, database: Database = DATABASE, *, refresh: bool = False) -> Report:
    return report_of(place, database, refresh=refresh)


def rules(place: Place, database: Database = DATABASE, *, refresh: bool = False) -> list[str]:
    return [one.rule for one in report(place, database, refresh=refresh).conflicts]


# -- who holds a lock


@pytest.mark.parametrize(
    ("mutex", "held"),
    [
        (Mutex(3, 77, 77, ROBUST, 70, "podman"), Held(3, Hold.HELD, 77, 70, "podman")),
        (Mutex(3, 77 | WAITERS, 77, 0x290, 77, "x"), Held(3, Hold.HELD, 77, 77, "x", awaited=True)),
        (Mutex(-1, DIED, 77, ROBUST), Held(-1, Hold.ABANDONED, 77)),
        (Mutex(3, 0, RUINED, ROBUST), Held(3, Hold.RUINED)),
        (Mutex(3, 0, 0, 0), Held(3, Hold.UNMADE)),
        (Mutex(3, 0, 77, ROBUST), None),
        (Mutex(3, WAITERS, 0, ROBUST), None),
    ],
)
def test_a_mutex_tells_how_it_is_held(mutex: Mutex, held: Held | None) -> None:
    assert held_of([mutex]) == (() if held is None else (held,))


def test_the_process_of_a_thread() -> None:
    assert process_of(b"Name:\tconmon: \xff\nUmask:\t0022\nTgid:\t4711\nPid:\t4712\n") == (4711, "conmon: \ufffd")
    assert process_of(b"") == (0, "")


PROC_LOCKS = b"""1: FLOCK  ADVISORY  WRITE 100 00:1f:55 0 EOF
2: POSIX  ADVISORY  WRITE 101 00:1f:55 0 EOF
2: -> POSIX  ADVISORY  WRITE 102 00:1f:55 0 EOF
3: POSIX  ADVISORY  READ  103 fe:100:56 0 EOF
4: OFDLCK ADVISORY  READ  -1 00:1f:55 0 EOF
5: POSIX  ADVISORY  WRITE
6: LEASE  ACTIVE    READ 104 nonsense 0 EOF
"""


def test_the_kernels_list_of_record_locks() -> None:
    locks = tuple(record_locks(PROC_LOCKS))
    assert [(one.kind, one.process, one.waits) for one in locks] == [
        ("FLOCK", 100, False),
        ("POSIX", 101, False),
        ("POSIX", 102, True),
        ("POSIX", 103, False),
        ("OFDLCK", 0, False),
    ]
    posix = tuple(one for one in locks if one.kind == "POSIX")
    here = Success(FileStatus(FileType.FILE, 0o644, device=0x1F, inode=55))
    assert list(of_file(7, here, posix)) == [Held(7, Hold.HELD, 101, 101, awaited=True)]
    # Minor 0x100 of device 0xfe: the upper bits of a minor number stand apart.
    there = Success(FileStatus(FileType.FILE, 0o644, device=0x10FE00, inode=56))
    assert [one.process for one in of_file(8, there, posix)] == [103]
    assert list(of_file(9, Failure(HostError(errno.ENOENT, "stat", "9")), posix)) == []


def test_only_numbers_are_lock_files() -> None:
    entries = tuple(DirectoryEntry(name, FileType.FILE) for name in ("10", "9", "x", "-1", "\u0661", ""))
    assert lock_numbers(entries) == (9, 10)


# -- what is wrong


def test_what_agrees_has_no_conflict() -> None:
    found = report(segment(*OWNED, held=(Held(9, Hold.HELD, 5, 5, "podman"), Held(10, Hold.ABANDONED, 6))))
    assert found.sound
    assert (found.used, found.free, found.held, found.unowned) == (7, 57, 1, ())
    assert [[owner.name for owner in one.owners] for one in found.locks] == [
        ["data1"], ["data2"], ["web"], ["spare"], ["base"], ["child"], ["inpod"]
    ]  # fmt: skip


def test_locks_of_another_root_are_no_conflict() -> None:
    found = report(segment(0, 1, 2, 5, *OWNED))
    assert found.sound
    assert found.unowned == (0, 1, 2, 5)
    assert "Allocated to no object of this database, perhaps to one of another root of this user: 0-2, 5" in render(
        found
    )


def test_what_does_not_agree_is_a_conflict() -> None:
    shared = msgspec.structs.replace(
        REFERENCES, volumes=tuple(msgspec.structs.replace(one, lock=13) for one in REFERENCES.volumes)
    )
    assert rules(segment(*OWNED), Database("", shared)) == ["shared"]
    assert rules(segment(*OWNED[1:])) == ["unallocated"]
    assert rules(segment(*OWNED[:-1], locks=15)) == ["beyond"]
    ruined = tuple(Held(number, hold) for number, hold in ((1, Hold.RUINED), (2, Hold.UNMADE), (-1, Hold.HELD)))
    assert rules(segment(*OWNED, held=ruined)) == ["ruined", "unmade", "held"]


def test_before_a_refresh_the_numbers_must_be_free() -> None:
    assert rules(segment(), refresh=True) == []
    assert rules(segment(9), refresh=True) == ["allocated"]


def test_without_a_segment_nothing_is_wrong() -> None:
    absent = Place(LockKind.SHM, "/dev/shm/libpod_lock", there=False, wanted=2048)
    found = report(absent, Database("/x"))
    assert found.sound
    assert render(found).splitlines() == [
        "No conflicts.",
        "Lock segment /dev/shm/libpod_lock: not there yet, Podman's next command makes it",
        "There is no database yet: Podman's first command makes it.",
    ]
    assert rules(absent) == []


def test_a_database_that_cannot_be_read_is_no_success() -> None:
    found = report(segment(4), Database("/x", unread="invalid database"))
    assert (found.sound, found.conflicts, found.unowned) == (False, (), (4,))
    assert render(found).splitlines()[0] == "It cannot be told whether there are conflicts."
    assert "The database cannot be read, so nobody is known to own a lock: invalid database" in render(found)


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (LockSegment(MAGIC, 0, 2, 64, 2632), ""),
        (LockSegment(0, 0, 0, 0, 0), "/dev/shm/libpod_lock is empty, and podman would die of SIGBUS"),
        (LockSegment(1, 0, 2, 64, 2632), "failed to open 64 locks in /libpod_lock: bad file descriptor"),
        (LockSegment(MAGIC, 0, 4, 128, 5208), "failed to open 64 locks in /libpod_lock: numerical result out of range"),
        (LockSegment(MAGIC, 0, 2, 64, 2631), "/dev/shm/libpod_lock is shorter than its 64 locks need"),
    ],
)
def test_a_segment_that_libpod_refuses(segment: LockSegment, words: str) -> None:
    damage = of_segment("/libpod_lock", 64, SegmentLocks(segment), LAYOUT).damage
    assert damage.startswith(words)
    assert bool(damage) == bool(words)
    assert rules(
        msgspec.structs.replace(of_segment("/libpod_lock", 64, SegmentLocks(segment), LAYOUT), allocated=OWNED)
    ) == (["segment"] if words else [])


def test_the_text() -> None:
    held = (
        Held(-1, Hold.ABANDONED, 8),
        Held(9, Hold.HELD, 5, 5, "podman", awaited=True),
        Held(10, Hold.HELD, 6, 5, "podman"),
        Held(20, Hold.HELD, 7),
    )
    text = render(report(segment(*OWNED[:-1], held=held)))
    spare, web = (next(one.id for one in REFERENCES.pods if one.name == name) for name in ("spare", "web"))
    inpod = next(one.id for one in REFERENCES.containers if one.name == "inpod")
    first, second = (line for line in text.splitlines() if line.startswith("  lock "))
    assert text.splitlines() == [
        "Conflicts: 2.",
        "Lock segment /dev/shm/libpod_lock · 2,632 bytes · 64 locks: 6 used, 58 free, 3 held",
        "Database /srv/c/root/libpod/bolt_state.db",
        "",
        "LOCK        OWNER                   NAME        STATE",
        "9           volume data1            data1       held by process 5 (podman), others wait",
        "10          volume data2            data2       held by thread 6 of process 5 (podman)",
        f"11          pod {web[:12]}        web         -",
        f"12          pod {spare[:12]}        spare       -",
        "13          container 9758e3c5e794  base        -",
        "14          container 3c5727030bbc  child       -",
        "15          container ce831c36ba15  inpod       not allocated",
        "20          -                       -           not allocated, held by thread 7, which is not to be seen",
        "",
        "The mutex of the segment: its holder, thread 8, died: whoever takes it next takes it over",
        "",
        "Conflicts",
        first,
        second,
    ]
    assert first.startswith(f"  lock 15 of container {inpod} is not allocated: the next new object gets it too")
    assert second.startswith("  lock 20 is held by thread 7, of which nothing is to be seen")


# -- the program


def test_looking_at_a_described_host() -> None:
    content = msgspec.structs.replace(fresh_segment(2048, "x86_64"), allocated=sum(1 << one for one in (1, *OWNED)))
    host = small_host(
        {
            "/srv/c/root/libpod/bolt_state.db": DATABASES["bolt-3.4.7-full"],
            "/dev/shm/libpod_lock": content.to_bytes(),
            "/srv/c/tmp/alive": "",
        }
    )
    before = host.world
    found = drive(look(Wanted(Request(), "/srv/c/root/libpod/bolt_state.db")), host).unwrap()
    assert (found.refresh, found.sound, found.unowned, found.total) == (False, True, (1,), 2048)
    assert before.nodes.keys() >= host.world.nodes.keys() - {"/etc/containers"}
    assert host.world.held == before.held


def test_looking_at_lock_files() -> None:
    host = small_host(
        {
            "/etc/containers/containers.conf": '[engine]\nlock_type = "file"\n',
            "/srv/c/root/libpod/bolt_state.db": DATABASES["bolt-3.4.7-full"],
            **{f"/srv/c/tmp/locks/{number}": "" for number in OWNED[1:]},
            "/srv/c/tmp/alive": "",
            "/proc/locks": PROC_LOCKS,
        }
    )
    found = drive(look(Wanted(Request(), "/srv/c/root/libpod/bolt_state.db")), host).unwrap()
    assert (found.kind, found.path, found.free) == (LockKind.FILE, "/srv/c/tmp/locks", None)
    assert [one.rule for one in found.conflicts] == ["unallocated"]
    assert render(found).splitlines()[1] == "Lock files in /srv/c/tmp/locks · 6 used, 0 held"
