"""Examples of what the database decides, with the texts that libpod was seen to say."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, TypeAlias, cast

import msgspec
import pytest
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import (
    EVENTS_LOGFILE_PATH,
    GRAPH_DRIVER,
    GRAPH_ROOT,
    NAMESPACE,
    RUN_ROOT,
    STATE_TYPE,
    STATIC_DIR,
    TMP_DIR,
    VOLUME_PATH,
)
from pypod.pure.configured import Configured, StorageSet
from pypod.pure.database import decide, lifecycle, loading, stage
from pypod.pure.database.facts import TOP_LEVEL, DatabaseFacts, EditJson, EmptyBucket, MakeBucket, Put, StateChange
from pypod.pure.database.file import database_holding, database_of, empty_database
from pypod.pure.database.objects import objects_of_tree
from pypod.pure.database.runtime_config import facts_of_database
from pypod.pure.database.tree import Tree, applied, empty_tree, tree_from_plain, tree_of
from pypod.pure.draft import Draft
from pypod.pure.effect import Effect
from pypod.pure.facts import NOTHING_CHANGED, Level
from pypod.pure.failure import HostError
from pypod.pure.program import drive
from pypod.pure.settings import Key, Origin, Settings, Source
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.database import CreateDatabase, ReadDatabase, UpdateDatabase
from pypod.pure.vocabulary.files import CheckWritable
from pypod.pure.vocabulary.host import SessionIsValid
from pypod.pure.vocabulary.telling import Note
from tests.fixtures.state_databases import DATABASES
from tests.golden.recordings import recordings

USUAL: dict[str, str] = {
    "os": "linux",
    "static-dir": "/var/lib/containers/storage/libpod",
    "tmp-dir": "/run/libpod",
    "run-root": "/run/containers/storage",
    "graph-root": "/var/lib/containers/storage",
    "graph-driver-name": "vfs",
    "volume-path": "/var/lib/containers/storage/volumes",
}
PATH = "/var/lib/containers/storage/libpod/bolt_state.db"


def configured(driver: str = "overlay", **explicit: bool) -> Configured:
    values: dict[Key[str], str] = {
        STATIC_DIR: USUAL["static-dir"],
        TMP_DIR: USUAL["tmp-dir"],
        RUN_ROOT: USUAL["run-root"],
        GRAPH_ROOT: USUAL["graph-root"],
        GRAPH_DRIVER: driver,
        VOLUME_PATH: USUAL["volume-path"],
        EVENTS_LOGFILE_PATH: "/run/libpod/events/events.log",
        NAMESPACE: "",
    }
    settings = Settings().claim(STATE_TYPE, 3, Origin(Source.BUILTIN))
    for key, value in values.items():
        settings = settings.claim(key, value, Origin(Source.FILE, "storage.conf:3"))
    return Configured(
        settings,
        StorageSet(**explicit),
        default_run_root=USUAL["run-root"],
        default_graph_root=USUAL["graph-root"],
        default_graph_driver=driver,
    )


def facts(**changed: str | None) -> DatabaseFacts:
    stored = {**USUAL, **{name.replace("_", "-"): value for name, value in changed.items()}}
    entries = tuple((name, value) for name, value in stored.items() if value is not None)
    return DatabaseFacts(4, 4096, 32768, TOP_LEVEL, entries)


def merged_and_validated(before: Configured, database: DatabaseFacts) -> str:
    after, _ = decide.merged(before, database)
    return decide.validated(after, database).failure().message


def test_the_driver_of_the_database_wins_over_a_file_with_an_error() -> None:
    after, said = decide.merged(configured("overlay"), facts())
    assert after.settings.get(GRAPH_DRIVER) == "vfs"
    assert [(one.level, one.message) for one in said] == [
        (
            Level.ERROR,
            (
                'User-selected graph driver "overlay" overwritten by graph driver "vfs" from database'
                " - delete libpod local files to resolve"
            ),
        )
    ]


def test_the_tmp_dir_takes_the_events_log_along_silently_where_it_is_the_same() -> None:
    after, said = decide.merged(configured("vfs"), facts(tmp_dir="/run/other/"))
    assert after.settings.get(EVENTS_LOGFILE_PATH) == "/run/other/events/events.log"
    assert [one.message for one in said] == ['Overriding tmp dir "/run/libpod" with "/run/other/" from database']
    assert after.settings.entries[TMP_DIR.name].overrode[0].origin.at == "storage.conf:3"


def test_an_explicit_value_keeps_the_database_s_on_record() -> None:
    after, said = decide.merged(configured("overlay", graph_driver=True), facts())
    assert said == ()
    (ignored,) = after.settings.entries[GRAPH_DRIVER.name].ignored
    assert (ignored.value, ignored.origin.at) == ("vfs", "bolt_state.db: runtime-config/graph-driver-name")


@pytest.mark.parametrize(
    ("before", "database", "text"),
    [
        (
            configured("overlay", graph_driver=True),
            facts(),
            'database storage graph driver "vfs" does not match our storage graph driver "overlay"',
        ),
        (
            configured(),
            facts(run_root="/run/containers/storage/"),
            (
                'database storage temporary directory (runroot) "/run/containers/storage/" does not match our'
                ' storage temporary directory (runroot) "/run/containers/storage"'
            ),
        ),
        (
            configured(graph_root=True, static_dir=True, volume_path=True),
            facts(run_root="/run/other", graph_root="/srv/other"),
            (
                'database storage graph root directory (graphroot) "/srv/other" does not match our'
                ' storage graph root directory (graphroot) "/var/lib/containers/storage"'
            ),
        ),
        (
            configured(),
            facts(os="", graph_driver_name="", volume_path=""),
            'database volume path "" does not match our volume path "/var/lib/containers/storage/volumes"',
        ),
        (configured(), facts(os="freebsd"), 'database OS "freebsd" does not match our OS "linux"'),
    ],
)
def test_mismatches_as_observed(before: Configured, database: DatabaseFacts, text: str) -> None:
    assert merged_and_validated(before, database) == f"{text}: database configuration mismatch"


def test_a_mismatch_says_whose_value_came_from_where() -> None:
    problem = decide.validated(configured("overlay", graph_driver=True), facts()).failure()
    assert problem.diagnosis == "DB-01"
    assert "storage.conf:3" in problem.hint
    empty = decide.validated(configured("zfs"), msgspec.structs.replace(facts(), config=(("graph-driver-name", ""),)))
    assert not isinstance(empty, Failure), "the configured default stands in for an empty driver"
    other = msgspec.structs.replace(configured("vfs"), default_graph_driver="overlay")
    assert decide.validated(other, facts(graph_driver_name="")).failure().diagnosis == "DB-02"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (1, "in-memory state is currently disabled: invalid argument"),
        (2, "SQLite state is currently disabled: invalid argument"),
        (0, "unrecognized state type passed (0): invalid argument"),
    ],
)
def test_other_kinds_of_state(state: int, text: str) -> None:
    assert decide.supported_state(state).failure().message == text


def test_texts_of_a_database_that_does_not_open() -> None:
    refused = decide.unopened(PATH)(HostError(30, "open", PATH))
    assert refused.message == f"error opening database {PATH}: open {PATH}: read-only file system"
    damaged = tree_of(DATABASES["damaged-truncated-1page"], 4096, PATH).failure()
    assert decide.unopened(PATH)(damaged).message == f"error opening database {PATH}: file size too small"
    assert decide.unopened(PATH)(damaged).exit_status == 125


def test_bbolt_dies_of_a_file_that_is_cut_below_its_pages() -> None:
    cut = DATABASES["bolt-3.4.7-full"][:8192]
    assert decide.unopened(PATH)(tree_of(cut).failure()).exit_status == 2


class Scripted:
    """A host with these answers, by effect, that remembers what it was told and asked."""

    def __init__(self, answers: dict[Effect[Any], list[Result[Any, HostError]]]) -> None:
        self.answers = answers
        self.asked: list[Effect[Any]] = []
        self.lines: list[str] = []

    def answer(self, effect: Effect[Any], /) -> Result[Any, HostError]:
        if isinstance(effect, Note):
            self.lines.append(f"{effect.level.value}: {effect.message}")
        if effect in self.answers:
            self.asked.append(effect)
            return self.answers[effect].pop(0)
        return Success(None)


def test_a_new_database_gets_all_buckets_in_one_transaction() -> None:
    make = UpdateDatabase(PATH, tuple(MakeBucket((name,)) for name in TOP_LEVEL))
    empty = DatabaseFacts(1, 4096, 16384, (), None)
    host = Scripted(
        {
            CreateDatabase(PATH): [Success(NOTHING_CHANGED)],
            ReadDatabase(PATH): [Success(empty), Success(facts())],
            make: [Success(NOTHING_CHANGED)],
        }
    )
    draft = drive(stage.STATE(Draft(configured=configured())), host).unwrap()
    assert host.asked == [CreateDatabase(PATH), ReadDatabase(PATH), make, ReadDatabase(PATH)]
    assert host.lines == [f"debug: Initializing boltdb state at {PATH}"]
    assert (draft.database_path, draft.database) == (PATH, facts())


def test_what_is_missing_becomes_law() -> None:
    missing = (
        Put(("runtime-config",), "os", b"linux"),
        Put(("runtime-config",), "run-root", b"/run/containers/storage"),
    )
    host = Scripted({UpdateDatabase(PATH, missing): [Success(NOTHING_CHANGED)]})
    draft = Draft(configured=configured("vfs"), database_path=PATH, database=facts(os=None, run_root=None))
    after = drive(stage.DATABASE_VALIDATION(draft), host).unwrap()
    assert host.asked == [UpdateDatabase(PATH, missing)]
    assert after.database is not None
    assert dict(after.database.config or ()) == USUAL


@pytest.mark.parametrize(
    ("session", "usable", "made", "warned"),
    [
        (True, 0, 0, False),
        (False, 0, 0, False),
        (False, 13, 0, True),
        (False, 2, 0, False),
        (False, 2, 13, True),
    ],
)
def test_the_run_root_of_a_user_without_a_session(session: bool, usable: int, made: int, warned: bool) -> None:
    root = USUAL["run-root"]

    def answer(number: int, call: str) -> Result[Any, HostError]:
        return Failure(HostError(number, call, root)) if number else Success(NOTHING_CHANGED)

    host = Scripted(
        {
            SessionIsValid(1000): [Success(session)],
            CheckWritable(root): [answer(usable, "access")],
            MakeDirectories(root, 0o700): [answer(made, "mkdir")],
        }
    )
    surroundings = Surroundings(rootless=True, rootless_uid=1000, unified=True)
    drive(stage.RUN_ROOT(Draft(configured=configured(), surroundings=surroundings)), host).unwrap()
    assert (MakeDirectories(root, 0o700) in host.asked) == (usable == 2 and not session)
    assert any("XDG_RUNTIME_DIR" in line for line in host.lines) == warned
    assert host.lines[-6:] == [
        "debug: Using graph driver overlay",
        "debug: Using graph root /var/lib/containers/storage",
        "debug: Using run root /run/containers/storage",
        "debug: Using static dir /var/lib/containers/storage/libpod",
        "debug: Using tmp dir /run/libpod",
        "debug: Using volume path /var/lib/containers/storage/volumes",
    ]


def test_sizes_of_files_as_the_library_writes_them() -> None:
    assert empty_database().size == 16384
    assert database_holding(empty_tree()).unwrap().size == 32768
    for name in ("bolt-3.4.7-empty", "bolt-3.4.7-full", "bolt-3.4.7-namespaces", "bolt-4.3.1-full"):
        rewritten = database_holding(tree_of(DATABASES[name]).unwrap()[0]).unwrap()
        assert rewritten.size == len(DATABASES[name])
        assert database_of(rewritten.to_bytes()).unwrap() == rewritten


def test_an_update_is_a_transaction_on_the_file() -> None:
    before = database_of(DATABASES["bolt-3.4.7-full"]).unwrap()
    changes = (Put(("runtime-config",), "os", b"plan9"), EmptyBucket(("exec",)), MakeBucket(("exec",)))
    after, details = before.updated(changes).unwrap()
    assert details[0] == "runtime-config/os"
    assert after.txid == before.txid + 1
    assert database_of(after.to_bytes()).unwrap() == after
    config = before.tree.bucket("runtime-config") or empty_tree()
    assert after.tree.bucket("runtime-config") == config.holding("os", b"plan9")
    assert after.tree.bucket("exec") == empty_tree()


def test_objects_of_a_real_database() -> None:
    objects = objects_of_tree(tree_of(DATABASES["bolt-3.4.7-full"]).unwrap()[0])
    assert [(one.name, one.state, one.damage) for one in objects.containers] == [
        ("child", 1, ""), ("base", 3, ""), ("inpod", 1, ""),
    ]  # fmt: skip
    assert [one.name for one in objects.pods] == ["spare", "web"]
    assert [one.name for one in objects.volumes] == ["data1", "data2"]
    assert len(objects.exec_sessions) == 1
    assert objects.dangling == ()


def test_unreadable_containers_are_logged_and_left_out() -> None:
    objects = objects_of_tree(tree_of(DATABASES["damaged-config-json"]).unwrap()[0])
    kept = loading.loaded(objects, 2048).unwrap()
    assert kept.objects.containers == ()
    for one, said in zip(objects.containers, kept.said, strict=True):
        beginning = (
            f"Error retrieving container {one.id} from the database: error unmarshalling container {one.id} config: "
        )
        assert said.message.startswith(beginning)


def test_a_lock_number_that_is_too_large() -> None:
    objects = objects_of_tree(tree_of(DATABASES["bolt-3.4.7-full"]).unwrap()[0])
    said = loading.loaded(objects, 1).unwrap().said
    volume = objects.volumes[0]
    text = f"lock ID {volume.lock} is too large - max lock size is 0: invalid argument"
    assert said[-2].message == (
        f'Error retrieving volume data1 from the database: error retrieving lock for volume "data1": {text}'
    )


def test_a_volume_without_its_plugin_is_loaded_all_the_same() -> None:
    tree = plain_state(allVolumes={"v": "v"}, vol={"v": {"config": '{"name":"v","volumeDriver":"far"}'}})
    kept = loading.loaded(objects_of_tree(tree), 32, plugins=("near",)).unwrap()
    assert [one.name for one in kept.objects.volumes] == ["v"]
    use = "Volume v uses volume plugin far, but it cannot be accessed - some functionality may not be available"
    why = "no volume plugin with name far available: required plugin missing"
    assert [one.message for one in kept.said] == [f"{use}: {why}"]
    assert loading.loaded(objects_of_tree(tree), 32, plugins=("far",)).unwrap().said == ()


def plain_state(**buckets: Any) -> Tree:
    return tree_from_plain({**{name: {} for name in TOP_LEVEL}, **buckets})


def test_a_dangling_id_stops_the_reset() -> None:
    tree = plain_state(**{"id-registry": {"ab": "gone"}})
    problem = lifecycle.reset_for_reboot(objects_of_tree(tree)).failure()
    assert problem.message == "id ab is not a pod or a container: internal libpod error"


def test_the_reset_goes_by_the_id_registry() -> None:
    here = {"config": "{}", "state": '{"state":3}'}
    podlike = {"config": "{}", "state": '{"cgroupPath":"/x","InfraContainerID":""}'}
    tree = plain_state(**{
        "id-registry": {"aa": "unlisted", "cc": "pod"}, "all-ctrs": {"bb": "unregistered"},
        "ctr": {"aa": here, "bb": here}, "pod": {"cc": podlike},
    })  # fmt: skip
    after, _ = applied(tree, lifecycle.reset_for_reboot(objects_of_tree(tree)).unwrap()).unwrap()
    objects = objects_of_tree(after)
    assert [(one.id, one.state) for one in objects.unlisted_containers] == [("aa", 1)]
    assert [(one.id, one.state) for one in objects.containers] == [("bb", 3)]


def test_an_unreadable_state_of_a_volume_stops_the_reset() -> None:
    tree = plain_state(allVolumes={"v": "v"}, vol={"v": {"config": "{}", "state": "{"}})
    problem = lifecycle.reset_for_reboot(objects_of_tree(tree)).failure()
    assert problem.message.startswith("error unmarshalling state for volume v: ")


def test_a_missing_state_stops_the_reset() -> None:
    container = plain_state(**{"id-registry": {"ab": "c"}, "all-ctrs": {"ab": "c"}, "ctr": {"ab": {"config": "{}"}}})
    problem = lifecycle.reset_for_reboot(objects_of_tree(container)).failure()
    assert problem.message == "container ab missing state in DB: internal libpod error"
    pod = plain_state(**{"id-registry": {"ab": "p"}, "allPods": {"ab": "p"}, "pod": {"ab": {"config": "{}"}}})
    problem = lifecycle.reset_for_reboot(objects_of_tree(pod)).failure()
    assert problem.message == "pod ab missing state key: internal libpod error"


def test_a_container_that_is_only_listed() -> None:
    objects = objects_of_tree(plain_state(**{"all-ctrs": {"ab": "c"}}))
    assert loading.loaded(objects, 2048).failure().message == (
        "error retrieving all containers from state: state is inconsistent - container ID ab in all containers,"
        " but container not found: internal libpod error"
    )


def test_the_state_of_a_container_after_a_reset() -> None:
    state: dict[str, Any] = {
        "state": 3, "runDir": "/run/x", "mounted": True, "mountPoint": "/m", "exitCode": 7, "pid": 5, "conmonPid": 6,
        "newExecSessions": {"s": {}}, "bindMounts": {"a": "b"}, "stoppedByUser": True, "restartCount": 2, "newer": 1,
    }  # fmt: skip
    container = {"config": "{}", "state": json.dumps(state), "netns": "/n", "exec": {"s": "ab"}}
    tree = plain_state(
        **{"id-registry": {"ab": "c"}, "all-ctrs": {"ab": "c"}, "ctr": {"ab": container}, "exec": {"s": "ab"}}
    )
    after, _ = applied(tree, lifecycle.reset_for_reboot(objects_of_tree(tree)).unwrap()).unwrap()
    held = after.at(("ctr", "ab"))
    assert held is not None
    assert json.loads(held.get("state") or b"") == {"state": 1, "runDir": "/run/x", "exitCode": 7, "newer": 1}
    assert held.get("netns") is None
    assert after.at(("exec",)) == Tree()
    assert after.at(("ctr", "ab", "exec")) == Tree()


Step: TypeAlias = tuple[str, list[str], bool, Tree, dict[str, str], dict[str, Any]]


def recorded_steps() -> list[Step]:
    """Each recorded step that began with a database whose file was kept: case, arguments, whether after a reboot, the
    database, the placeholders of its ids, and what was put into it.
    """
    found: list[Step] = []
    for recording in recordings("content"):
        tree: Tree | None = None
        ids: dict[str, str] = recording["outcome"].get("ids") or {}
        names = {key: placeholder for placeholder, key in ids.items()}
        for asked, outcome in zip(recording["case"]["steps"], recording["outcome"]["steps"], strict=True):
            databases: dict[str, dict[str, Any]] = outcome.get("db") or {}
            for database in databases.values():
                if tree is not None and database["touched"]:
                    put: dict[str, Any] = database.get("put") or {}
                    found.append(
                        (recording["case"]["name"], asked["args"], bool(asked.get("reboot_before")), tree, names, put)
                    )
                tree = None
                if "b64z" in database:
                    tree = tree_of(zlib.decompress(base64.b64decode(database["b64z"]))).unwrap()[0]
    return found


RECORDED = recorded_steps()


def put_by(tree: Tree, changes: tuple[StateChange, ...], names: dict[str, str]) -> dict[str, Any]:
    """What changes put into a database, keyed as recordings are; resetting comes first where objects were reset."""
    after, details = applied(tree, changes).unwrap()
    put: dict[str, Any] = {}
    for detail in details:
        *at, key = detail.split("/")
        bucket = after.at(tuple(at))
        value = None if bucket is None else bucket.get(key)
        if value is not None:
            put["/".join(names.get(part, part) for part in (*at, key))] = json.loads(value)
    return put


def alike(ours: object, recorded: object) -> bool:
    """Equal but for what a recording replaces by placeholders."""
    if isinstance(recorded, str):
        return ours == recorded or "<" in recorded
    if isinstance(recorded, dict) and isinstance(ours, dict):
        fields, expected = cast("dict[str, object]", ours), cast("dict[str, object]", recorded)
        return list(fields) == list(expected) and all(alike(fields[name], expected[name]) for name in expected)
    if isinstance(recorded, list) and isinstance(ours, list):
        items, wanted = cast("list[object]", ours), cast("list[object]", recorded)
        return len(items) == len(wanted) and all(map(alike, items, wanted))
    return ours == recorded


@pytest.mark.parametrize("step", RECORDED, ids=[f"{step[0]}:{'-'.join(step[1][-2:])}" for step in RECORDED])
def test_what_was_recorded_to_be_put(step: Step) -> None:
    _, arguments, rebooted, tree, names, recorded = step
    objects = objects_of_tree(tree)
    changes: tuple[StateChange, ...] = lifecycle.reset_for_reboot(objects).unwrap() if rebooted else ()
    if "renumber" in arguments:
        changes = (*changes, *lifecycle.renumbered(objects))
    if "--new-runtime" in arguments:
        changes = (*changes, *lifecycle.runtime_changed(objects, arguments[-1]))
    put = put_by(tree, changes, names)
    assert sorted(put) == sorted(recorded)
    for key, value in recorded.items():
        assert alike(put[key], value), key


def test_renumbering_and_other_runtimes_were_recorded() -> None:
    kinds = {word for step in RECORDED for word in step[1]}
    assert {"renumber", "--new-runtime"} <= kinds
    assert any(step[2] for step in RECORDED)


def test_facts_of_a_described_database() -> None:
    tree = tree_from_plain({"runtime-config": {"os": "linux"}, "extra": {"a": "b"}})
    database = database_holding(tree).unwrap()
    assert facts_of_database(database) == DatabaseFacts(2, 4096, 32768, ("extra", "runtime-config"), (("os", "linux"),))
    assert isinstance(applied(tree, (EditJson(("extra",), "a", (("x", 1),)),)), Failure)
