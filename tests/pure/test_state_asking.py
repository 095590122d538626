"""Running decisions on a database: what is seen is what counts, others that commit meanwhile, real files, damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from returns.result import Failure, Result

from pypod import state
from pypod.effects.recording import Recording
from pypod.pure.database.buckets import Buckets
from pypod.pure.database.facts import TOP_LEVEL, DeleteBucket, Look, MakeBucket, Put, Sight, StateChange
from pypod.pure.database.loading import left_out
from pypod.pure.database.tree import Tree, tree_of
from pypod.pure.database.view import Wanting, considered, sight, sights, together
from pypod.pure.draft import Request
from pypod.pure.effect import Effect
from pypod.pure.failure import (
    ContainerExists,
    DatabaseMismatch,
    Departed,
    HostError,
    Internal,
    NoSuchContainer,
    PodExists,
    Problem,
    Refused,
)
from pypod.pure.program import Program, drive
from pypod.pure.state.documents import NEW_CONTAINER, ContainerState, container, document_of, pod, volume
from pypod.pure.state.retrieval import (
    Scope,
    all_containers,
    all_pods,
    all_volumes,
    container_named,
    name_of_object,
    pod_named,
    volume_named,
)
from pypod.pure.state.volumes import users_of
from pypod.pure.tape import from_json, to_json
from pypod.pure.vocabulary.database import CreateDatabase, ReadPlaces, UpdateDatabase
from pypod.pure.vocabulary.telling import Note
from pypod.pure.world import Simulated
from pypod.pure.world.describe import described
from pypod.runtime import containers, pods, volumes
from pypod.runtime.asking import ATTEMPTS
from pypod.runtime.state import Wanted, check
from tests.fixtures.state_databases import DATABASES, SQLITE

T = TypeVar("T")

FULL: Final = tree_of(DATABASES["bolt-3.4.7-full"]).unwrap()[0]
AT: Final = state.at("/srv/bolt_state.db")
ONE: Final = container({"spec": {}, "id": "aa" * 32, "name": "web", "lockID": 0}).unwrap()
FIRST: Final = ContainerState(NEW_CONTAINER)


def host(*changes: StateChange) -> Simulated:
    made = Simulated(described({}).unwrap())
    made.answer(CreateDatabase(AT.path)).unwrap()
    made.answer(UpdateDatabase(AT.path, (*(MakeBucket((name,)) for name in TOP_LEVEL), *changes))).unwrap()
    return made


class Meddled:
    """A host on which another process commits something just before each of the first transactions."""

    def __init__(self, inner: Simulated, times: int, change: Callable[[int], StateChange]) -> None:
        self.inner = inner
        self.change = change
        self.left = times
        self.tried = 0

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        if type(effect).__name__ == UpdateDatabase.__name__:
            self.tried += 1
            if self.left:
                self.left -= 1
                self.inner.answer(UpdateDatabase(AT.path, (self.change(self.left),))).unwrap()
        return self.inner.answer(effect)


def problem(program: Program[Any], on: Any) -> Problem:
    ending = drive(program, on).failure()
    assert not isinstance(ending, Departed)
    return ending


def test_what_others_commit_elsewhere_disturbs_nothing() -> None:
    meddled = Meddled(host(), 1, lambda _: Put(("name-registry",), "other", b"cc"))
    drive(containers.add(AT, ONE, FIRST), meddled).unwrap()
    assert meddled.tried == 1
    assert drive(containers.look_up(AT, "web"), meddled).unwrap() == ONE


def test_what_others_take_is_not_lost() -> None:
    meddled = Meddled(host(), 1, lambda _: Put(("name-registry",), "web", b"cc"))
    ended = problem(containers.add(AT, ONE, FIRST), meddled)
    assert isinstance(ended, PodExists)
    assert ended.message == 'name "web" is in use: pod already exists'
    assert meddled.tried == 1
    assert drive(containers.exists(AT, ONE.id), meddled).unwrap() is False


def test_a_decision_is_taken_anew() -> None:
    start = host()
    drive(containers.add(AT, ONE, FIRST), start).unwrap()
    states = [document_of({"state": number}).raw for number in range(3)]
    meddled = Meddled(start, 3, lambda left: Put(("ctr", ONE.id), "state", states[left]))
    drive(containers.save_state(AT, ONE, ContainerState(document_of({"state": 3}))), meddled).unwrap()
    assert meddled.tried == 4
    assert drive(containers.load_state(AT, ONE), meddled).unwrap().document.fields() == {"state": 3}


def test_it_gives_up_where_others_commit_all_the_time() -> None:
    start = host()
    drive(containers.add(AT, ONE, FIRST), start).unwrap()
    meddled = Meddled(start, 10**6, lambda left: Put(("ctr", ONE.id), "state", document_of({"state": left}).raw))
    ended = problem(containers.save_state(AT, ONE, FIRST), meddled)
    assert isinstance(ended, Refused)
    assert ended.message == f"{AT.path} is changed by others all the time: ctr/{ONE.id}/state is not as it was seen"
    assert meddled.tried == ATTEMPTS


QUESTIONS: Final[tuple[Callable[[Buckets], Result[object, Problem]], ...]] = (
    *(lambda held, wanted=wanted: container_named(held, wanted, Scope()) for wanted in ("base", "9", "zz", "")),
    lambda held: container_named(held, "base", Scope("alpha")),
    lambda held: pod_named(held, "web", Scope()),
    lambda held: volume_named(held, "data", Scope()),
    lambda held: all_containers(held, Scope()),
    lambda held: all_containers(held, Scope("alpha", 4)),
    lambda held: all_pods(held, Scope()),
    lambda held: all_volumes(held, Scope()),
    lambda held: name_of_object(held, "nothing", Scope("alpha")),
    lambda held: users_of(held, volume({"name": "data1"}).unwrap()),
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_asked_bit_by_bit_a_decision_is_the_same(question: Callable[[Buckets], Result[object, Problem]]) -> None:
    looks: tuple[Look, ...] = ()
    answer = considered(question, ())
    rounds = 0
    while isinstance(answer, Wanting):
        more = together(looks, answer.looks)
        assert more != looks
        looks, rounds = more, rounds + 1
        answer = considered(question, sights(FULL, looks))
    assert answer == question(FULL)
    assert rounds <= 5


def test_a_sight() -> None:
    tree = Tree().holding("b", Tree().holding("k", b"v").holding("n", Tree())).holding("k", b"w")
    assert sight(tree, Look(("b", "k"))) == Sight(("b", "k"), b"v")
    assert sight(tree, Look(("b", "x"), entries=True)) == Sight(("b", "x"))
    assert sight(tree, Look(("x", "y", "z"))) == Sight(("x", "y", "z"))
    assert sight(tree, Look(("k", "y"))) == Sight(("k", "y"))
    assert sight(tree, Look(("b",))) == Sight(("b",), is_bucket=True)
    assert sight(tree, Look(("b",), entries=True)).entries == (("k", b"v"), ("n", None))
    assert sight(tree, Look((), entries=True)).entries == (("b", None), ("k", b"w"))


def test_a_missing_bucket() -> None:
    for name, called in (("ctr", "containers"), ("name-registry", "name registry")):
        ended = problem(containers.look_up(AT, "web"), host(DeleteBucket((name,))))
        assert isinstance(ended, DatabaseMismatch)
        assert ended.message == f"{called} bucket not found in DB: database configuration mismatch"
    assert drive(containers.add(AT, ONE, FIRST), host(DeleteBucket(("ns-registry",)))).unwrap() is None


def test_a_bucket_that_no_registry_knows() -> None:
    ended = problem(containers.add(AT, ONE, FIRST), host(MakeBucket(("ctr", ONE.id))))
    assert ended.message == f"error adding container {ONE.id} bucket to DB: bucket already exists"


def test_what_cannot_be_loaded_is_said_and_left_out() -> None:
    damage: tuple[StateChange, ...] = (
        Put(("all-ctrs",), "bb", b"bad"), MakeBucket(("ctr", "bb")), Put(("ctr", "bb"), "config", b"["),
        Put(("all-ctrs",), "cc", b"none"), MakeBucket(("ctr", "cc")),
    )  # fmt: skip
    heard = Recording(host(*damage))
    drive(containers.add(AT, ONE, FIRST), heard).unwrap()
    assert [one.name for one in drive(containers.load_all(AT), heard).unwrap()] == ["web"]
    said = [effect.message for effect, _ in heard.tape if isinstance(effect, Note)]
    assert said[0].startswith(
        "Error retrieving container bb from the database: error unmarshalling container bb config: "
    )
    assert said[1:] == [
        left_out("container", "cc", "container cc missing config key in DB: internal libpod error").message
    ]
    lost = problem(containers.load_all(AT), host(Put(("all-ctrs",), "dd", b"x")))
    assert isinstance(lost, Internal)
    few = state.at(AT.path, locks=2)
    high = container({"spec": {}, "id": "bb" * 32, "name": "high", "lockID": 2}).unwrap()
    drive(containers.add(AT, high, FIRST), heard).unwrap()
    assert problem(containers.get(few, high.id), heard).message == (
        f"error retrieving lock for container {high.id}: lock ID 2 is too large - max lock size is 1: invalid argument"
    )
    assert drive(containers.get_config(few, high.id), heard).unwrap().fields()["name"] == "high"


def test_documents_are_not_told_by_a_tape() -> None:
    heard = Recording(host())
    secret = container({"spec": {"env": "hunter2"}, "id": "aa" * 32, "name": "web", "lockID": 0}).unwrap()
    drive(containers.add(AT, secret, FIRST), heard).unwrap()
    drive(containers.rewrite(AT, secret, secret), heard).unwrap()
    drive(containers.load_all(AT), heard).unwrap()
    text = to_json(heard.tape)
    assert "hunter2" not in text
    assert any(isinstance(effect, ReadPlaces) for effect, _ in from_json(text).unwrap())


def test_a_declared_field_of_another_type_is_refused() -> None:
    assert container({"id": 5}).failure().message.endswith("invalid argument")
    assert pod({"lockID": "x"}).failure().message.endswith("invalid argument")


def test_a_real_database(tmp_path: Path) -> None:
    path = tmp_path / "bolt_state.db"
    path.write_bytes(DATABASES["bolt-3.4.7-full"])
    at = state.at(str(path))
    assert state.run(check(Wanted(file=str(path)))).unwrap().sound
    base = state.run(containers.look_up(at, "base")).unwrap()
    refused = state.run(containers.remove(at, base)).failure()
    assert not isinstance(refused, Departed)
    assert "has active exec sessions" in refused.message or "is a dependency of" in refused.message
    ambiguous = state.run(containers.look_up(at, "")).failure()
    assert not isinstance(ambiguous, Departed)
    assert ambiguous.message == "name or ID cannot be empty"
    group = pod({"id": "ee" * 32, "name": "group", "lockID": 900}).unwrap()
    state.run(pods.add(at, group)).unwrap()
    inside = container({"spec": {}, "id": "ef" * 32, "name": "inside", "pod": group.id, "lockID": 901}).unwrap()
    state.run(containers.add(at, inside, FIRST, group)).unwrap()
    assert state.run(pods.containers(at, group)).unwrap() == (inside,)
    assert state.run(check(Wanted(file=str(path)))).unwrap().sound
    state.run(pods.remove_containers(at, group)).unwrap()
    state.run(pods.remove(at, group)).unwrap()
    assert tree_of(path.read_bytes()).unwrap()[0] == FULL


@pytest.mark.parametrize(
    "name", [name for name in sorted(SQLITE) if name.startswith("sqlite-5") and "empty" not in name]
)
def test_the_newer_database_is_looked_into_and_not_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "db.sql"
    path.write_bytes(SQLITE[name])
    at = state.at(str(path))
    one = state.run(containers.load_all(at)).unwrap()[0]
    assert state.run(containers.look_up(at, one.name)).unwrap() == one
    assert state.run(containers.exists(at, one.id)).unwrap()
    assert isinstance(state.run(containers.get(at, "nothing")).failure(), NoSuchContainer)
    assert isinstance(state.run(volumes.add(at, volume({"name": "new"}).unwrap())), Failure)
    assert path.read_bytes() == SQLITE[name]


def test_where_it_is(tmp_path: Path) -> None:
    root = str(tmp_path / "root")
    found = state.find(Request(flags=(("root", root),)), namespace="alpha").unwrap()
    assert found == state.at(f"{root}/libpod/bolt_state.db", namespace="alpha")


def test_a_name_in_use_by_a_container() -> None:
    start = host()
    drive(containers.add(AT, ONE, FIRST), start).unwrap()
    other = container({"spec": {}, "id": "ab" * 32, "name": "web", "lockID": 1}).unwrap()
    ended = problem(containers.add(AT, other, FIRST), start)
    assert isinstance(ended, ContainerExists)
    again = problem(containers.add(AT, ONE, FIRST), start)
    assert isinstance(again, PodExists), "libpod looks up the name as an id"
