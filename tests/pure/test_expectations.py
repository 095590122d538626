"""Expectations of a transaction and backups on the simulated kernel: closed, and open over a real file."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

import pytest

from pypod.effects.live import planning_host
from pypod.pure.database.expectations import unmet
from pypod.pure.database.facts import Expectation, ExpectTxid, ExpectValue, Put
from pypod.pure.database.tree import Tree
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.database import BackUpDatabase, CreateDatabase, ReadDatabase, UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile
from tests.fixtures.state_databases import DATABASES

FULL: Final = DATABASES["bolt-3.4.7-full"]
CONFIG: Final = ("runtime-config",)
PUT: Final = (Put(CONFIG, "os", b"plan9"),)


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = tmp_path / "bolt_state.db"
    found.write_bytes(FULL)
    return str(found)


def refused(path: str, expected: Expectation, *before: UpdateDatabase) -> HostError:
    host = planning_host()
    for effect in before:
        assert host.answer(effect).unwrap().changes
    return host.answer(UpdateDatabase(path, PUT, (expected,))).failure()


@pytest.mark.parametrize("holds", [ExpectTxid(19), ExpectValue(CONFIG, "os", b"linux"), ExpectValue((), "ctr", b"x")])
def test_over_a_real_file(path: str, holds: Expectation) -> None:
    host = planning_host()
    answer = host.answer(UpdateDatabase(path, PUT, (holds,)))
    if isinstance(holds, ExpectValue) and not holds.at:
        assert (answer.failure().errno, answer.failure().reason) == (errno.ESTALE, "ctr is a bucket")
    else:
        assert answer.unwrap().changes
    assert Path(path).read_bytes() == FULL


def test_after_what_was_laid_over_a_real_file(path: str) -> None:
    first = UpdateDatabase(path, PUT)
    assert refused(path, ExpectTxid(19), first).reason == "its transaction is 20, expected 19"
    assert refused(path, ExpectValue(CONFIG, "os", b"linux"), first).reason == "runtime-config/os has another value"
    host = planning_host()
    assert host.answer(first).unwrap().changes
    assert (
        host.answer(UpdateDatabase(path, PUT, (ExpectTxid(20), ExpectValue(CONFIG, "os", b"plan9")))).unwrap().changes
    )


def test_in_a_new_database(tmp_path: Path) -> None:
    path = str(tmp_path / "new.db")
    host = planning_host()
    assert host.answer(CreateDatabase(path)).unwrap().changes
    assert host.answer(UpdateDatabase(path, PUT, (ExpectTxid(2),))).failure().errno == errno.ESTALE
    assert host.answer(UpdateDatabase(path, (), (ExpectTxid(1), ExpectValue(CONFIG, "os", None)))).unwrap().changes
    assert host.answer(ReadDatabase(path)).unwrap().txid == 2
    assert not (tmp_path / "new.db").exists()


def test_a_backup(path: str) -> None:
    host = planning_host()
    assert host.answer(BackUpDatabase(path, f"{path}.copy")).unwrap().paths == (f"{path}.copy",)
    assert host.answer(ReadFile(f"{path}.copy")).unwrap() == FULL
    assert host.answer(BackUpDatabase(path, f"{path}.copy")).failure().errno == errno.EEXIST
    assert not Path(f"{path}.copy").exists()


def test_a_value_is_never_told() -> None:
    assert "secret" not in unmet((ExpectValue((), "key", b"secret"),), 1, Tree().holding("key", b"secret too"))
