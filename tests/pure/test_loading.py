"""Commands that load containers, pods and volumes, on described hosts: what they say, and with which status they end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pypod.api import Rehearsal, rehearse
from pypod.hosts import Simulation
from pypod.pure.draft import Request
from pypod.pure.failure import Departed
from pypod.pure.vocabulary.telling import Note
from pypod.pure.world.describe import described, next_step

STATIC = "/var/lib/containers/storage/libpod"
BUCKETS = (
    "id-registry", "name-registry", "ns-registry", "ctr", "all-ctrs", "pod", "allPods", "vol", "allVolumes", "exec",
)  # fmt: skip


def container(key: str, name: str, **config: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    full = {"spec": spec, "id": key, "name": name, "lockID": 0, "staticDir": "/s", **config}
    return {"config": json.dumps(full), "state": '{"state":1}', "dependencies": {}}


def state(containers: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A database with these containers, by id, and more buckets."""
    names = {key: json.loads(one["config"])["name"] for key, one in containers.items()}
    held = {"id-registry": names, "all-ctrs": dict.fromkeys(containers, "c"), "ctr": containers, **more}
    held["name-registry"] = {name: key for key, name in names.items()}
    return {"bolt": {name: held.get(name, {}) for name in BUCKETS}, "mode": "0600"}


def host(database: dict[str, Any], **more: Any) -> Simulation:
    """A host of root with crun that is up: nothing has to be refreshed."""
    case: dict[str, Any] = {
        "files": {
            "/etc/containers/storage.conf": {
                "text": '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\n'
                'graphroot = "/var/lib/containers/storage"\n'
            },
            "/etc/containers/containers.conf": {"text": '[engine]\nnum_locks = 32\nruntime = "crun"\n'},
            f"{STATIC}/bolt_state.db": database,
            "/run/libpod/alive": {"text": ""},
            **more,
        },
        "programs": {
            "/usr/bin/nsenter": {},
            "/usr/bin/conmon": {"stdout": "conmon version 2.0.30\n"},
            "/usr/bin/crun": {"stdout": "crun version 1\n"},
            "/srv/mine": {"stdout": "mine version 1\n"},
        },
    }
    return Simulation(described(case).unwrap())


def ran(on: Simulation, command: str, *arguments: str, **flags: str) -> tuple[int, str, list[str]]:
    """The status, the error and what was said of errors."""
    given = tuple((name.replace("_", "-"), value) for name, value in flags.items())
    done: Rehearsal = rehearse(Request(command, (), given, arguments), on)
    said = [one.message for one, _ in done.tape if isinstance(one, Note) and one.level.value in {"error", "fatal"}]
    if done.ending is None:
        return done.draft.status, "", said
    if isinstance(done.ending, Departed):
        return done.ending.status, "", said
    return done.ending.exit_status, done.ending.message, said


def gone(runtime: str) -> str:
    why = "but is not available (not in configuration file or not installed)"
    return f"OCI Runtime {runtime} is in use by a container, {why}"


TWO = {"aa" * 32: container("aa" * 32, "one", runtime="runc"), "bb" * 32: container("bb" * 32, "two", runtime="runc")}


@pytest.mark.parametrize("command", ["ps", "container list", "info", "system migrate", "system renumber"])
def test_a_missing_runtime_is_said_once_a_process(command: str) -> None:
    assert ran(host(state(TWO)), command) == (0, "", [gone("runc")])


def test_only_what_is_looked_up_is_loaded() -> None:
    containers = {**TWO, "cc" * 32: container("cc" * 32, "three", runtime="mine")}
    assert ran(host(state(containers)), "container exists", "three") == (0, "", [gone("mine")])
    assert ran(host(state(containers)), "container inspect", "three", "two") == (0, "", [gone("mine"), gone("runc")])
    assert ran(host(state(containers)), "container exists", "four") == (1, "", [])
    assert ran(host(state(containers)), "container inspect", "four") == (
        125,
        "error inspecting object: no such container four",
        [],
    )


@pytest.mark.parametrize(("runtime", "said"), [("/srv/mine", []), ("/srv", [gone("/srv")]), ("/no", [gone("/no")])])
def test_a_path_that_is_a_file_is_a_runtime(runtime: str, said: list[str]) -> None:
    assert ran(host(state({"aa": container("aa", "one", runtime=runtime)})), "ps") == (0, "", said)


def test_what_cannot_be_loaded_ends_a_look_up() -> None:
    text = "error retrieving lock for container aa: lock ID 32 is too large - max lock size is 31: invalid argument"
    large = host(state({"aa": container("aa", "one", lockID=32)}))
    assert ran(large, "container exists", "one") == (125, text, [])
    assert ran(large, "ps") == (0, "", [f"Error retrieving container aa from the database: {text}"])
    bare = host(state({"aa": {key: value for key, value in container("aa", "one").items() if key != "state"}}))
    stateless = "container aa does not have a state key in DB: internal libpod error"
    assert ran(bare, "info")[:2] == (125, f"error getting store info: {stateless}")
    assert ran(bare, "ps", all="true")[:2] == (125, stateless)
    assert ran(bare, "ps") == (0, "", [])


def test_a_full_id_of_another_namespace() -> None:
    one = {**container("aa", "one"), "namespace": "theirs"}
    elsewhere = host(state({"aa": one}, **{"ns-registry": {"aa": "theirs"}}))
    why = 'it is part of namespace "theirs" and we are in namespace "ours": target is in a different namespace'
    text = f"cannot retrieve container aa as {why}"
    assert ran(elsewhere, "container exists", "one", namespace="ours")[:2] == (125, text)
    assert ran(elsewhere, "container exists", "a", namespace="ours") == (1, "", [])


def test_looking_at_a_state_makes_its_lock_file() -> None:
    files = {"/etc/containers/containers.conf": {"text": '[engine]\nlock_type = "file"\nruntime = "crun"\n'}}
    on = host(state({"aa": container("aa", "one", lockID=7), "bb": container("bb", "two", lockID=9)}), **files)
    ran(on, "container exists", "one")
    assert "/run/libpod/locks/7" not in on.world.nodes
    ran(on, "container inspect", "one")
    assert on.world.nodes["/run/libpod/locks/7"].mode == 0o644
    assert "/run/libpod/locks/9" not in on.world.nodes
    ran(on, "ps")
    assert on.world.nodes["/run/libpod/locks/9"].size == 0


def test_volumes_are_inspected_by_name_or_beginning() -> None:
    volumes = {"allVolumes": {"v1": "v1"}, "vol": {"v1": {"config": '{"name":"v1","lockID":40}'}}}
    too_large = host(state({}, **volumes))
    assert ran(too_large, "volume inspect", "x")[:2] == (125, "error inspecting object: no such volume x")
    why = "lock ID 40 is too large - max lock size is 31: invalid argument"
    text = f'error inspecting volume v: error retrieving lock for volume "v1": {why}'
    assert ran(too_large, "volume inspect", "v")[:2] == (125, text)


def test_a_lock_type_is_one_of_three_words() -> None:
    for lock_type, expected in (("", 0), ("shm", 0), ("file", 0), ("posix", 125), ("File", 125)):
        text = f'[engine]\nruntime = "crun"\nlock_type = "{lock_type}"\n'
        on = host(state({}), **{"/etc/containers/containers.conf": {"text": text}})
        status, error, _ = ran(on, "info")
        assert (status, error) == (expected, f"unknown lock type {lock_type}: invalid argument" if expected else "")


@pytest.mark.parametrize(
    ("segment", "number", "why"),
    [
        ({"num_locks": 2048, "num_bitmaps": 1}, 2047, ""),
        ({"num_locks": 2048, "unused": 7}, 2048, ""),
        ({"num_locks": 2048}, 1024, "numerical result out of range"),
        ({"num_locks": 33}, 33, "numerical result out of range"),
        ({"num_locks": 32, "magic": 1}, 2048, "bad file descriptor"),
    ],
)
def test_a_segment_that_was_there(segment: dict[str, int], number: int, why: str) -> None:
    text = f'[engine]\nruntime = "crun"\nnum_locks = {number}\n'
    files = {"/etc/containers/containers.conf": {"text": text}, "/dev/shm/libpod_lock": {"shm": segment}}
    for command in ("info", "system renumber"):
        expected = f"failed to open {number} locks in /libpod_lock: {why}" if why else ""
        assert ran(host(state({}), **files), command)[1] == expected


def test_a_partial_reboot_finds_its_locks_taken() -> None:
    one = {"aa": container("aa", "one", lockID=3)}
    segment = {"/dev/shm/libpod_lock": {"shm": {"num_locks": 32, "allocated": [3]}}}
    stored = {
        "/var/lib/containers/storage/vfs-containers/containers.json": {"text": '[{"id":"aa","names":["one"]}]'},
    }
    on = host(state(one), **segment, **stored)
    gone_alive = next_step(on.world, {"steps": [{}, {"remove": ["/run/libpod/alive"]}]}, 1).unwrap()
    again = Simulation(gone_alive)
    refused = "Error refreshing container aa: error acquiring lock 3 for container aa: file exists"
    assert ran(again, "ps") == (0, "", [refused])
    assert "/run/libpod/alive" in again.world.nodes
    assert ran(again, "ps") == (0, "", [])
