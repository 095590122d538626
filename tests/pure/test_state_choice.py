"""Which database is in use: by Podman's version, the files that are there, and what containers.conf says."""

from __future__ import annotations

import pytest
from returns.result import Failure, Success

from pypod.pure.draft import Request
from pypod.pure.facts import FileStatus, FileType
from pypod.pure.program import drive
from pypod.pure.state.choice import Places, chosen, holds_something, version_of
from pypod.pure.state.facts import Backend
from pypod.runtime.state import Wanted, check, find, list_containers, list_ids, show
from tests.fixtures.state_databases import DATABASES, SQLITE
from tests.pure.small_host import SmallHost, small_host

BOLT, SQL = Backend.BOLT, Backend.SQLITE
PLACE = "/var/lib/containers/storage/libpod/bolt_state.db"
SQL_PLACE = "/var/lib/containers/storage/db.sql"
CONF = "/etc/containers/containers.conf"
FULL = DATABASES["bolt-3.4.7-full"]


@pytest.mark.parametrize(
    ("installed", "wanted", "there", "backend", "because"),
    [
        ("3.4.4", "", (True, True), BOLT, "podman 3.4.4 knows no other"),
        ("4.4.1", "sqlite", (True, True), BOLT, "podman 4.4.1 knows no other"),
        ("4.5.0", "", (True, True), BOLT, "podman 4.5.0 uses BoltDB unless database_backend says otherwise"),
        ("4.5.0", "sqlite", (True, True), SQL, "containers.conf sets database_backend to sqlite"),
        ("4.8.0", "", (True, True), BOLT, "podman 4.8.0 goes on with a BoltDB database that is there"),
        ("4.8.0", "", (False, True), SQL, "podman 4.8.0 uses SQLite where there is no BoltDB database"),
        ("5.8.0", "", (True, True), BOLT, "podman 5.8.0 goes on with a BoltDB database that is there"),
        ("5.8.1", "", (True, True), SQL, "podman 5.8.1 takes db.sql where there is one"),
        ("5.8.1", "boltdb", (True, True), BOLT, "containers.conf sets database_backend to boltdb"),
        ("6.0.0-dev", "", (True, False), BOLT, "podman 6.0.0-dev goes on with a BoltDB database that is there"),
        ("", "", (True, True), BOLT, "no podman is installed here, and libpod 3.4 knows no other"),
        ("", "", (False, True), SQL, "it is the only database here"),
    ],
)
def test_choices(installed: str, wanted: str, there: tuple[bool, bool], backend: Backend, because: str) -> None:
    bolt, sqlite = there
    choice = chosen(Places("/b", "/s", wanted), installed, bolt=bolt, sqlite=sqlite)
    ours, theirs, other = ("/b", "/s", sqlite) if backend is BOLT else ("/s", "/b", bolt)
    assert (choice.backend, choice.because) == (backend, because)
    assert (choice.path, choice.other) == (ours, theirs if other else "")


@pytest.mark.parametrize(
    ("text", "numbers"), [("4.3.1", (4, 3, 1)), ("5.8", (5, 8, 0)), ("4.9.0-rc1", (4, 9, 0)), ("x", ()), ("", ())]
)
def test_versions(text: str, numbers: tuple[int, ...]) -> None:
    assert version_of(text) == numbers


def found(host: SmallHost, *flags: tuple[str, str]) -> tuple[str, bool]:
    where = drive(find(Wanted(Request(flags=flags))), host).unwrap()
    return where.path, where.is_there


def test_where_it_is() -> None:
    assert found(small_host()) == (PLACE, False)
    assert found(small_host({PLACE: b""})) == (PLACE, False), "an empty file becomes a new database"
    assert found(small_host({PLACE: FULL})) == (PLACE, True)
    assert found(small_host(), ("root", "/srv")) == ("/srv/libpod/bolt_state.db", False)
    assert found(small_host({CONF: '[engine]\nstatic_dir = "/srv/s"\n'})) == ("/srv/s/bolt_state.db", False)
    assert found(small_host({SQL_PLACE: SQLITE["sqlite-5.0.3-full"]})) == (SQL_PLACE, True)
    conf = '[engine]\nstatic_dir = "/srv/s"\n'
    assert found(small_host({CONF: conf, "/srv/s/db.sql": b"SQLite"})) == ("/srv/s/db.sql", True)


@pytest.mark.parametrize("kind", [FileType.FIFO, FileType.DIRECTORY, FileType.SOCKET, FileType.CHARACTER])
def test_what_is_no_file_is_not_taken_for_an_empty_one(kind: FileType) -> None:
    assert holds_something(Success(FileStatus(kind, 0o600)))


def test_a_user_has_a_state_of_their_own() -> None:
    own = "/home/user1000/.local/share/containers/storage/libpod/bolt_state.db"
    assert found(small_host(uid=1000)) == (own, False)
    assert found(small_host({own: FULL}, {"/home/user1000/.local": (0o755, 1000)}, uid=1000)) == (own, True)


def test_nothing_is_changed_but_what_loading_the_configuration_changes() -> None:
    host = small_host({PLACE: FULL})
    assert len(drive(list_containers(Wanted()), host).unwrap().containers.containers) == 3
    assert host.changed == []


def test_a_host_without_a_database() -> None:
    assert drive(list_ids(Wanted()), small_host()).unwrap() == ()
    assert drive(list_containers(Wanted()), small_host()).unwrap().containers.containers == ()
    for answer in (drive(show(Wanted()), small_host()), drive(check(Wanted()), small_host())):
        assert isinstance(answer, Failure)
        assert "there is no database yet" in str(answer.failure())


def test_both_databases() -> None:
    host = small_host({PLACE: FULL, SQL_PLACE: DATABASES["bolt-4.3.1-full"]})
    summary = drive(show(Wanted()), host).unwrap()
    assert (summary.path, summary.other) == (PLACE, SQL_PLACE)
    seen, unseen = (f"the 3 containers, 2 pods, 2 volumes of {path}" for path in (PLACE, SQL_PLACE))
    assert summary.warnings == (f"the state is split: Podman sees {seen}, and not {unseen}",)
    empty = small_host({PLACE: DATABASES["bolt-3.4.7-empty"], SQL_PLACE: FULL})
    assert (
        drive(show(Wanted()), empty)
        .unwrap()
        .warnings[0]
        .startswith(f"{SQL_PLACE} holds 3 containers, 2 pods, 2 volumes")
    )
    unused = small_host({PLACE: FULL, SQL_PLACE: DATABASES["bolt-3.4.7-empty"]})
    assert "it is empty" in drive(show(Wanted()), unused).unwrap().warnings[0]
    damaged = small_host({PLACE: FULL, SQL_PLACE: b"garbage"})
    assert "cannot be read" in drive(show(Wanted()), damaged).unwrap().warnings[0]


def test_a_damaged_configuration_is_a_problem() -> None:
    answer = drive(list_ids(Wanted()), small_host({CONF: "[engine"}))
    assert "reading system config" in str(answer.failure())
