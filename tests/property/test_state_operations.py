"""Laws of libpod's operations on the state.

1. Whatever is asked in whatever order, right or wrong, an operation answers what libpod answers, in its words.
2. After each the database holds exactly what libpod would have written, and neither its pages nor its references are
   damaged.
3. A decision over what was seen, asked for bit by bit, is the decision over the whole content.
4. Where something that a decision rests on is changed before the transaction, it is decided anew: nothing is lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from returns.result import Failure

from pypod.pure.bolt.check import check
from pypod.pure.bolt.snapshot import open_snapshot
from pypod.pure.database.buckets import name_of
from pypod.pure.database.facts import TOP_LEVEL, MakeBucket
from pypod.pure.database.tree import Tree, go_json, tree_of
from pypod.pure.failure import Departed
from pypod.pure.program import Program, drive
from pypod.pure.state.check import findings
from pypod.pure.state.documents import ContainerState, container, document_of, pod, volume
from pypod.pure.state.networks import Joining
from pypod.pure.state.reading import references_in
from pypod.pure.state.retrieval import Scope
from pypod.pure.state.sessions import Session
from pypod.pure.vocabulary.database import CreateDatabase, UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.world import Simulated
from pypod.pure.world.describe import described
from pypod.runtime import containers, networks, pods, sessions, volumes
from pypod.runtime.asking import StateAt
from tests.property.state_model import Config, Model, said

T = TypeVar("T")

DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
PATH: Final = "/srv/bolt_state.db"
NAMESPACES: Final = ("", "", "", "alpha")
IDS: Final = ("aa" * 32, "ab" * 32, "ab" * 31 + "cd", "c0" * 32, "d1" * 32)
NAMES: Final = ("web", "db", "aa", "ab", "c", "c0" * 32, "we")
VOLUMES: Final = ("data", "data2", "cache")
SESSIONS: Final = ("e1" * 32, "e2" * 32)
NETWORKS: Final = ("podman", "net1", "net2")
TEXTS: Final = ("", "é<&>\u2028", "2026-11-23T14:09:10.838841213+09:00")

ids = st.sampled_from(IDS)
names = st.sampled_from(NAMES)
asked = st.sampled_from((*IDS, *NAMES, *VOLUMES, "", "a", "d", "d1d", "zz"))
ours = st.sampled_from(NAMESPACES)
numbers = st.integers(0, 7)


@st.composite
def container_configs(draw: st.DrawFn) -> Config:
    """Configurations of containers; most members of a pod say so."""
    config: Config = {"spec": {}, "id": draw(ids), "name": draw(names)}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "pod": ids, "namespace": st.just("alpha"), "ipcNsCtr": ids, "Dependencies": st.lists(ids, max_size=2),
        "namedVolumes": st.lists(st.sampled_from(VOLUMES).map(lambda name: {"volumeName": name, "dest": "/x"}), max_size=2),
        "networks": st.lists(st.sampled_from((*NETWORKS, "")), max_size=2),
        "network_alises": st.dictionaries(st.sampled_from(NETWORKS), st.lists(names, max_size=2), max_size=2),
        "createdTime": st.sampled_from(TEXTS), "x-newer": st.sampled_from(TEXTS),
    }  # fmt: skip
    for name, strategy in optional.items():
        if draw(st.integers(0, 4)) == 0:
            config[name] = draw(strategy)
    return config | {"lockID": draw(numbers)}


@st.composite
def pod_configs(draw: st.DrawFn) -> Config:
    namespace = {"namespace": "alpha"} if draw(st.integers(0, 4)) == 0 else {}
    return {"id": draw(ids), "name": draw(names), **namespace, "lockID": draw(numbers)}


volume_configs = st.fixed_dictionaries({"name": st.sampled_from(VOLUMES), "lockID": numbers})
container_states = st.fixed_dictionaries(
    {"state": numbers, "startedTime": st.sampled_from(TEXTS)}, optional={"pid": numbers, "x-newer": numbers}
)
pod_states = st.fixed_dictionaries({"cgroupPath": st.sampled_from(TEXTS), "InfraContainerID": st.just("")})
volume_states = st.fixed_dictionaries({"mountCount": numbers})
DOCUMENTS: Final = ("config", "state")
paths = st.sampled_from(("", "/run/netns/x"))


def plain(tree: Tree) -> dict[str, Any]:
    """A content as the model has it; documents are written as Go writes them."""
    found: dict[str, Any] = {}
    for name, value in tree.entries.items():
        if isinstance(value, Tree):
            found[name] = plain(value)
        elif name in DOCUMENTS:
            found[name] = json.loads(value)
            assert go_json(found[name]) == value
        else:
            found[name] = name_of(value)
    return found


class Operations(RuleBasedStateMachine):
    """The operations, on the simulated kernel and on the model."""

    @initialize()
    def begin(self) -> None:
        self.host = Simulated(described({}).unwrap())
        self.host.answer(CreateDatabase(PATH)).unwrap()
        self.host.answer(UpdateDatabase(PATH, tuple(MakeBucket((name,)) for name in TOP_LEVEL))).unwrap()
        self.model = Model()
        self.written: list[Config] = []
        self.pods: list[Config] = []

    def same(self, program: Program[T], expected: Callable[[], Any], shown: Callable[[T], Any] = lambda it: it) -> bool:
        """Both answer the same; whether they did it."""
        ended = drive(program, self.host)
        wanted = said(expected)
        if isinstance(ended, Failure):
            ending = ended.failure()
            assert not isinstance(ending, Departed)
            assert f"Error: {ending.message}" == wanted
            return False
        assert shown(ended.unwrap()) == wanted
        return True

    def at(self, ours: str) -> StateAt:
        return StateAt(PATH, Scope(ours))

    def some(self, known: list[Config], number: int, other: Config) -> Config:
        """One that was tried to add before; now and then one that was not."""
        return known[number % len(known)] if known and number % 8 else other

    @rule(one=container_configs(), state=container_states, netns=paths, ours=ours, mend=st.booleans())
    def add_container(self, one: Config, state: Config, netns: str, ours: str, mend: bool) -> None:
        if mend and one.get("pod") and self.model.pods:
            one["pod"] = min(self.model.pods)
        in_pod = self.model.pods[one["pod"]].config if one.get("pod") in self.model.pods else None
        self.add(one, state, netns, ours, in_pod)

    @rule(one=container_configs(), state=container_states, ours=ours, in_pod=pod_configs())
    def add_container_wrongly(self, one: Config, state: Config, ours: str, in_pod: Config) -> None:
        self.add(one, state, "", ours, in_pod)

    def add(self, one: Config, state: Config, netns: str, ours: str, in_pod: Config | None) -> None:
        first = ContainerState(document_of(state), netns)
        given = None if in_pod is None else pod(in_pod).unwrap()
        done = self.same(
            containers.add(self.at(ours), container(one).unwrap(), first, given),
            lambda: self.model.add_container(one, state, netns, ours, in_pod),
        )
        if done:
            self.written.append(one)

    @rule(number=st.integers(0, 99), other=container_configs(), ours=ours, odd=pod_configs(), wrong=st.booleans())
    def remove_container(self, number: int, other: Config, ours: str, odd: Config, wrong: bool) -> None:
        one = self.some(self.written, number, other)
        in_pod = self.model.pods[one["pod"]].config if one.get("pod") in self.model.pods else None
        in_pod = (odd if number % 3 else None) if wrong and number % 4 == 0 else in_pod
        given = None if in_pod is None else pod(in_pod).unwrap()
        self.same(
            containers.remove(self.at(ours), container(one).unwrap(), given),
            lambda: self.model.remove_container(one, ours, in_pod),
        )

    @rule(number=st.integers(0, 99), other=container_configs(), state=container_states, netns=paths, ours=ours)
    def save_container(self, number: int, other: Config, state: Config, netns: str, ours: str) -> None:
        one = self.some(self.written, number, other)
        self.same(
            containers.save_state(self.at(ours), container(one).unwrap(), ContainerState(document_of(state), netns)),
            lambda: self.model.save_container(one, state, netns, ours),
        )

    @rule(number=st.integers(0, 99), other=container_configs(), ours=ours)
    def ask_about_a_container(self, number: int, other: Config, ours: str) -> None:
        one, at = self.some(self.written, number, other), self.at(ours)
        value = container(one).unwrap()
        self.same(
            containers.load_state(at, value),
            lambda: self.model.load_container(one, ours),
            lambda state: (state.document.fields(), state.network_namespace),
        )
        self.same(containers.dependents(at, value), lambda: self.model.dependents(one, ours))
        self.same(sessions.ids(at, value), lambda: self.model.sessions_of(one))
        self.same(networks.joined(at, value), lambda: self.model.networks(one, ours))
        self.same(networks.all_aliases(at, value), lambda: self.model.all_aliases(one, ours))
        for network in ("", *NETWORKS):
            asks = networks.aliases(at, value, network)
            self.same(asks, lambda network=network: self.model.aliases(one, network, ours))  # type: ignore[misc]

    @rule(number=st.integers(0, 99), other=container_configs(), added=container_configs(), wild=st.integers(0, 5))
    def rewrite_container(self, number: int, other: Config, added: Config, wild: int) -> None:
        one = self.some(self.written, number, other)
        held = self.model.containers.get(one["id"])
        new = (one if held is None else held.config) | {"lockID": added["lockID"], "x-own": "y"}
        new = {name: value for name, value in new.items() if name != "x-newer"} | (added if wild == 0 else {})
        self.same(
            containers.rewrite(self.at(""), container(one).unwrap(), container(new).unwrap()),
            lambda: self.model.rewrite_container(one, new),
        )

    @rule(
        number=st.integers(0, 99),
        other=container_configs(),
        name=st.sampled_from((*NAMES, "")),
        wrong=st.integers(0, 9),
    )
    def rename_container(self, number: int, other: Config, name: str, wrong: int) -> None:
        one = self.some(self.written, number, other)
        held = self.model.containers.get(one["id"])
        one = held.config if held is not None else one
        new = one | ({"name": name} if name and wrong != 1 else {})
        old = "" if wrong == 2 else one["name"]
        done = self.same(
            containers.rewrite_safely(
                self.at(""), container(one).unwrap(), container(new).unwrap(), old_name=old, new_name=name
            ),
            lambda: self.model.rename_container(one, old, name, new),
        )
        if done:
            self.written.append(new)

    @rule(one=pod_configs(), state=pod_states, ours=ours)
    def add_pod(self, one: Config, state: Config, ours: str) -> None:
        done = self.same(
            pods.add(self.at(ours), pod(one).unwrap(), document_of(state)),
            lambda: self.model.add_pod(one, state, ours),
        )
        if done:
            self.pods.append(one)

    @rule(number=st.integers(0, 99), other=pod_configs(), ours=ours)
    def remove_pod(self, number: int, other: Config, ours: str) -> None:
        one = self.some(self.pods, number, other)
        self.same(pods.remove(self.at(ours), pod(one).unwrap()), lambda: self.model.remove_pod(one, ours))

    @rule(number=st.integers(0, 99), other=pod_configs(), ours=ours)
    def empty_pod(self, number: int, other: Config, ours: str) -> None:
        one = self.some(self.pods, number, other)
        self.same(
            pods.remove_containers(self.at(ours), pod(one).unwrap()), lambda: self.model.remove_members(one, ours)
        )

    @rule(number=st.integers(0, 99), other=pod_configs(), state=pod_states, key=asked, ours=ours)
    def ask_about_a_pod(self, number: int, other: Config, state: Config, key: str, ours: str) -> None:
        one, at = self.some(self.pods, number, other), self.at(ours)
        value = pod(one).unwrap()
        self.same(pods.save_state(at, value, document_of(state)), lambda: self.model.save_pod(one, state, ours))
        self.same(pods.load_state(at, value), lambda: self.model.load_pod(one, ours), lambda it: it.fields())
        self.same(pods.container_ids(at, value), lambda: self.model.members(one, ours))
        self.same(pods.has_container(at, value, key), lambda: self.model.has_member(one, key, ours))
        self.same(
            pods.containers(at, value),
            lambda: [self.model.container(member, ours) for member in self.model.members(one, ours)],
            lambda found: [each.document.fields() for each in found],
        )
        new = one | {"hostname": "h", "lockID": 1}
        self.same(pods.rewrite(at, value, pod(new).unwrap()), lambda: self.model.rewrite_pod(one, new))
        odd = one | {"name": "other"}
        self.same(pods.rewrite(at, value, pod(odd).unwrap()), lambda: self.model.rewrite_pod(one, odd))

    @rule(one=volume_configs, state=st.none() | volume_states)
    def add_volume(self, one: Config, state: Config | None) -> None:
        self.same(volumes.add(self.at(""), volume(one, state).unwrap()), lambda: self.model.add_volume(one, state))

    @rule(one=volume_configs)
    def remove_volume(self, one: Config) -> None:
        self.same(volumes.remove(self.at(""), volume(one).unwrap()), lambda: self.model.remove_volume(one))

    @rule(one=volume_configs, state=volume_states, number=numbers)
    def ask_about_a_volume(self, one: Config, state: Config, number: int) -> None:
        at, value = self.at(""), volume(one).unwrap()
        self.same(volumes.load_state(at, value), lambda: self.model.load_volume(one), lambda it: it.fields())
        self.same(volumes.save_state(at, value, document_of(state)), lambda: self.model.save_volume(one, state))
        self.same(volumes.users(at, value), lambda: self.model.users(one))
        new = one | {"lockID": number}
        self.same(volumes.rewrite(at, value, volume(new).unwrap()), lambda: self.model.rewrite_volume(one, new))

    @rule(number=st.integers(0, 99), other=container_configs(), session=st.sampled_from(SESSIONS))
    def add_session(self, number: int, other: Config, session: str) -> None:
        one = self.some(self.written, number, other)
        self.same(
            sessions.add(self.at(""), container(one).unwrap(), session), lambda: self.model.add_session(one, session)
        )

    @rule(session=st.sampled_from((*SESSIONS, "")), owner=ids)
    def remove_session(self, session: str, owner: str) -> None:
        self.same(sessions.container_of(self.at(""), session), lambda: self.model.session_owner(session))
        owner = self.model.sessions.get(session, owner) if owner != IDS[0] else owner
        self.same(
            sessions.remove(self.at(""), Session(session, owner)), lambda: self.model.remove_session(session, owner)
        )

    @rule(number=st.integers(0, 99), other=container_configs())
    def remove_sessions(self, number: int, other: Config) -> None:
        one = self.some(self.written, number, other)
        self.same(sessions.remove_all(self.at(""), container(one).unwrap()), lambda: self.model.remove_sessions(one))

    @rule(
        number=st.integers(0, 99), other=container_configs(), network=st.sampled_from((*NETWORKS, "")),
        aliases=st.lists(names, max_size=2).map(tuple), ours=ours,
    )  # fmt: skip
    def connect(self, number: int, other: Config, network: str, aliases: tuple[str, ...], ours: str) -> None:
        one = self.some(self.written, number, other)
        self.same(
            networks.connect(self.at(ours), container(one).unwrap(), Joining(network, aliases)),
            lambda: self.model.connect(one, network, aliases, ours),
        )

    @rule(number=st.integers(0, 99), other=container_configs(), network=st.sampled_from((*NETWORKS, "")), ours=ours)
    def disconnect(self, number: int, other: Config, network: str, ours: str) -> None:
        one = self.some(self.written, number, other)
        self.same(
            networks.disconnect(self.at(ours), container(one).unwrap(), network),
            lambda: self.model.disconnect(one, network, ours),
        )

    @rule(wanted=asked, ours=ours)
    def retrieve(self, wanted: str, ours: str) -> None:
        at, model = self.at(ours), self.model
        self.same(containers.get(at, wanted), lambda: model.container(wanted, ours), lambda it: it.document.fields())
        self.same(containers.get_config(at, wanted), lambda: model.container(wanted, ours), lambda it: it.fields())
        self.same(
            containers.look_up(at, wanted),
            lambda: model.look_up_container(wanted, ours),
            lambda it: it.document.fields(),
        )
        self.same(containers.look_up_id(at, wanted), lambda: model.look_up_container_id(wanted, ours))
        self.same(containers.exists(at, wanted), lambda: model.has_container(wanted, ours))
        self.same(containers.name_of(at, wanted), lambda: model.name_of(wanted, ours))
        self.same(pods.get(at, wanted), lambda: model.pod(wanted, ours), lambda it: it.document.fields())
        self.same(pods.look_up(at, wanted), lambda: model.look_up_pod(wanted, ours), lambda it: it.document.fields())
        self.same(pods.exists(at, wanted), lambda: model.has_pod(wanted, ours))
        self.same(volumes.get(at, wanted), lambda: model.volume(wanted, ours), lambda it: it.document.fields())
        self.same(
            volumes.look_up(at, wanted), lambda: model.look_up_volume(wanted, ours), lambda it: it.document.fields()
        )
        self.same(volumes.exists(at, wanted), lambda: model.has_volume(wanted))

    @rule(ours=ours)
    def retrieve_all(self, ours: str) -> None:
        at, model = self.at(ours), self.model
        found = drive(containers.load_all(at), self.host).unwrap()
        visible = [key for key in sorted(model.containers) if model.has_container(key, ours)]
        assert [one.document.fields() for one in found] == [model.containers[key].config for key in visible]
        groups = drive(pods.load_all(at), self.host).unwrap()
        assert [one.id for one in groups] == [key for key in sorted(model.pods) if model.has_pod(key, ours)]
        held = drive(volumes.load_all(at), self.host).unwrap()
        assert [one.name for one in held] == sorted(model.volumes)

    @invariant()
    def it_holds_what_libpod_would_have_written(self) -> None:
        file = self.host.answer(ReadFile(PATH)).unwrap()
        snapshot = open_snapshot(file).unwrap()
        assert check(snapshot) == ()
        assert plain(tree_of(file).unwrap()[0]) == self.model.buckets()
        wrong = findings(references_in(snapshot).unwrap())
        # What libpod itself does not look at: lock numbers, and what a container says of itself.
        assert [one.message for one in wrong if one.rule != "locks"] == []


Operations.TestCase.settings = settings(max_examples=400 if DEEP else 15, stateful_step_count=30)
test_the_operations = Operations.TestCase
