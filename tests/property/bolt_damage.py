"""Damaged databases by the thousand: what every one of them is asked, and what the answers cost.

    python -m tests.property.bolt_damage SEED COUNT

Runs without the instruments of the test run, in a process of its own; memory is measured from its imports on.
Prints one JSON object: how many files were damaged, how many of them still opened, and the most that one took in
seconds and in bytes for each byte of the file.  A file that makes anything raise ends it with the seed and the number.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import lru_cache, partial
from struct import pack_into
from typing import Final, TypeVar

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.bolt.bucket import Bucket
from pypod.pure.bolt.changes import BoltChange, Delete, DeleteBucket, MakeBucket, Put
from pypod.pure.bolt.check import check
from pypod.pure.bolt.commit import commit
from pypod.pure.bolt.create import new_database
from pypod.pure.bolt.meta import BODY, CHECKSUM_FIELD, META_SIZE, checksum
from pypod.pure.bolt.page import HEADER_SIZE
from pypod.pure.bolt.snapshot import Snapshot, free_pages, open_snapshot, view
from pypod.pure.bolt.writes import written
from pypod.pure.database.objects import objects_of_snapshot
from pypod.pure.database.runtime_config import facts_of_snapshot
from pypod.pure.database.tree import tree_of_snapshot
from pypod.pure.state.reading import containers_in, content_in, damage_in, listed_in, references_in
from tests.fixtures.state_databases import DATABASES

T = TypeVar("T")

SLOWEST: Final = 20
"""Seconds of the processor after which a file counts as one that is never answered."""

MEASURED: Final = 8
"""Of so many files the memory of one is measured, which takes most of the time."""

_PAGE: Final = 4096
_NUMBERS: Final = (0, 1, 2, 3, 4, 5, 8, 16, 17, 31, 64, 255, 4096, 0x7FFF, 0xFFFF, 0x10001, 0x7FFFFFFF, 0xFFFFFFFF)
_LARGE: Final = (1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


@lru_cache(maxsize=1)
def sources() -> tuple[bytes, ...]:
    """Sound databases of several shapes: of Podman's, of deep trees, of large pages, one of a megabyte."""
    own = [file for name, file in sorted(DATABASES.items()) if name.startswith(("bolt-", "synthetic-", "valid-"))]
    changes: list[BoltChange] = [MakeBucket((b"ctr",)), MakeBucket((b"all-ctrs",))]
    for number in range(70):
        key = b"%064x" % number
        changes += [MakeBucket((b"ctr", key)), Put((b"all-ctrs",), key, b"name%d" % number)]
        changes += [Put((b"ctr", key), b"config", b'{"name":"%d","labels":{}}' % number + b" " * 11000)]
        changes += [Put((b"ctr", key), b"state", b'{"state":3,"pid":7}'), MakeBucket((b"ctr", key, b"dependencies"))]
    empty = new_database(4096)
    return (*own, written(empty, commit(open_snapshot(empty).unwrap(), changes).unwrap().steps))


def damaged(chance: random.Random) -> bytes:
    """A database, and what a disk, a bug or malice made of it."""
    file = bytearray(chance.choice(sources()))
    size = int.from_bytes(file[24:28], "little")
    if chance.random() < 0.7:
        # Without checksums the damage of a meta page is reached; with them, a right one is put in later.
        file[72:80] = file[size + 72 : size + 80] = bytes(8)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        chance.choice(_WAYS)(file, size, chance)
    if chance.random() < 0.3:
        for start in (0, size):
            _checksummed(file, start)
    return bytes(file)


def _checksummed(file: bytearray, start: int) -> None:
    if start + META_SIZE <= len(file):
        body = start + HEADER_SIZE
        CHECKSUM_FIELD.pack_into(file, body + BODY.size, checksum(file[body : body + BODY.size]))


def _bytes(file: bytearray, _: int, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 24)):
        file[chance.randrange(len(file))] = chance.choice((0, 1, 2, 16, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def _structure(file: bytearray, size: int, chance: random.Random) -> None:
    """A number of a page's header or of its first elements."""
    start = chance.randrange(-(-len(file) // size)) * size
    kind, where = chance.choice((("<H", 8), ("<H", 10), ("<I", 12), ("<Q", 0), ("<I", 16), ("<I", 20), ("<I", 24)))
    if chance.random() < 0.5:
        kind, where = "<I", 16 + 4 * chance.randrange(64)
    _put(file, start + where, kind, chance.choice((*_NUMBERS, chance.randrange(1 << 16))))


def _meta(file: bytearray, size: int, chance: random.Random) -> None:
    """A field of a meta page: root, sequence, freelist, high-water mark, transaction, page size."""
    start = chance.choice((0, size)) + HEADER_SIZE
    kind, where = chance.choice((("<Q", 16), ("<Q", 24), ("<Q", 32), ("<Q", 40), ("<Q", 48), ("<I", 8)))
    numbers = (*_NUMBERS, *(_LARGE if kind == "<Q" else ()), chance.randrange(2, 40))
    _put(file, start + where, kind, chance.choice(numbers))


def _put(file: bytearray, where: int, kind: str, number: int) -> None:
    bits = {"<H": 16, "<I": 32, "<Q": 64}[kind]
    if where + bits // 8 <= len(file):
        pack_into(kind, file, where, number & ((1 << bits) - 1))


def _pages(file: bytearray, size: int, chance: random.Random) -> None:
    """A page where another one was."""
    count = len(file) // size
    if count > 3:
        here, there = chance.randrange(2, count) * size, chance.randrange(count) * size
        file[here : here + size] = file[there : there + size]


def _foreign(file: bytearray, size: int, chance: random.Random) -> None:
    """Pages of another database."""
    other = chance.choice(sources())
    start = chance.randrange(-(-len(file) // size)) * size
    length = size * chance.randrange(1, 6)
    file[start : start + length] = other[start : start + length]


def _cut(file: bytearray, _: int, chance: random.Random) -> None:
    del file[chance.choice((chance.randrange(len(file)), len(file) - chance.randrange(min(5000, len(file))))) :]
    file.extend(bytes(64))


def _repeated(file: bytearray, size: int, chance: random.Random) -> None:
    """Elements that are all the same one, or all as large as can be."""
    start = chance.randrange(2, max(-(-len(file) // size), 3)) * size
    element = bytes(file[start + 16 : start + 32])
    if chance.random() < 0.5 and len(element) == HEADER_SIZE:
        element = element[:8] + chance.choice(_NUMBERS).to_bytes(4, "little") + element[12:]
    count = chance.randrange(2, 200)
    _put(file, start + 10, "<H", count)
    room = len(file[start + 16 : start + 16 + 16 * count])
    file[start + 16 : start + 16 + room] = (element * count)[:room]


_WAYS: Final = (_bytes, _structure, _structure, _structure, _meta, _pages, _foreign, _cut, _repeated)

_WANTED: Final[tuple[tuple[BoltChange, ...], ...]] = (
    (MakeBucket((b"new",)), Put((b"new",), b"a", b"b" * 3000), Delete((b"runtime-config",), b"os")),
    (DeleteBucket((b"ctr",)),),
    (DeleteBucket((b"runtime-config",)), DeleteBucket((b"allVolumes",))),
)

_READINGS: Final[tuple[Callable[[Snapshot], Result[object, object]], ...]] = (
    tree_of_snapshot, facts_of_snapshot, objects_of_snapshot, listed_in, containers_in, references_in, content_in,
    damage_in, free_pages, lambda snapshot: view(snapshot, _every_name),
)  # fmt: skip


def _every_name(bucket: Bucket) -> int:
    """How many keys there are, each looked for."""
    found = 0
    for key, is_bucket in bucket.names():
        held = bucket.bucket(key) if is_bucket else bucket.get(key)
        found += 1 + (_every_name(held) if isinstance(held, Bucket) else 0)
    return found


class Cost(Struct):
    """What many damaged files took: how many opened, how many were sound all the same, and of the worst the seconds, and
    the bytes that one answer took for each of the file's, its own included.
    """

    files: int = 0
    opened: int = 0
    sound: int = 0
    seconds: float = 0.0
    memory: float = 0.0

    def measured(self, file: bytes, ask: Callable[[], T]) -> T:
        """What an answer is, and what it took."""
        if not tracemalloc.is_tracing():
            return ask()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        answer = ask()
        _, peak = tracemalloc.get_traced_memory()
        # Of what is left of a file that is cut to a few bytes, the answer's own objects are a multiple.
        size = max(len(file), _PAGE)
        self.memory = max(self.memory, (size + peak - before) / size)
        return answer


def asked(file: bytes, cost: Cost) -> None:
    """Everything that reads, checks or writes a database gives an answer; a sound file stays one, whatever is written."""
    opened = cost.measured(file, lambda: open_snapshot(file))
    if isinstance(opened, Failure):
        assert opened.failure().text
        return
    snapshot = opened.unwrap()
    for reading in _READINGS:
        _answered(cost.measured(file, partial(reading, snapshot)))
    wrong = cost.measured(file, lambda: check(snapshot))
    assert all(error.text for error in wrong)
    for changes in _WANTED:
        writes = cost.measured(file, partial(commit, snapshot, changes))
        if isinstance(writes, Failure):
            assert writes.failure().text
        elif not wrong:
            assert check(open_snapshot(written(file, writes.unwrap().steps)).unwrap()) == ()
    cost.opened += 1
    cost.sound += not wrong


def _answered(answer: Result[object, object]) -> None:
    assert not isinstance(answer, Failure) or answer.failure()


def _late(*_: object) -> None:
    raise TimeoutError


def costs(seed: int, count: int) -> Cost:
    """Ask so many files; raises where one is not answered, naming it."""
    cost = Cost()
    signal.signal(signal.SIGPROF, _late)
    # What is made once is no file's.
    asked(sources()[0], Cost())
    for number in range(count):
        if number % MEASURED == 0:
            tracemalloc.start()
        file = damaged(random.Random(f"{seed}/{number}"))
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SLOWEST)
        try:
            asked(file, cost)
        except BaseException as error:
            raise AssertionError(f"damaged file {seed}/{number} of {len(file)} bytes") from error
        signal.setitimer(signal.ITIMER_PROF, 0)
        tracemalloc.stop()
        cost.files += 1
        cost.seconds = max(cost.seconds, time.process_time() - started)
    return cost


if __name__ == "__main__":
    found = costs(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps({name: getattr(found, name) for name in found.__struct_fields__}) + "\n")
