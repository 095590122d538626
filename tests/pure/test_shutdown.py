"""Shutting a runtime down on a simulated host, by force and without."""

from __future__ import annotations

import json
from typing import Any

import pytest
from returns.result import Failure, Success

from pypod.pure.database.facts import EmptyBucket
from pypod.pure.draft import Draft
from pypod.pure.failure import HostError, RuntimeStopped
from pypod.pure.program import drive
from pypod.pure.vocabulary.changes import RemoveFile
from pypod.pure.vocabulary.containers import SignalContainer
from pypod.pure.vocabulary.database import ReadObjects, UpdateDatabase
from pypod.pure.vocabulary.locks import UnmapLockSegment
from pypod.pure.vocabulary.mounts import Unmount
from pypod.pure.world.state import World
from pypod.runtime.shutdown import deferred_shutdown, shutdown
from tests.pure.running_host import DATABASE, ROOT, Scene, container, host, identity, lines, played, scene
from tests.pure.small_host import SmallHost
from tests.pure.test_stopping import saved, signals

MOUNTS = "/run/containers/storage/{}-layers/mountpoints.json"
LAYERS = ("1" * 64, "2" * 64)


def with_all() -> Scene:
    """One that runs, one that ended, one that never began, one that is paused."""
    return scene(
        host(
            container(1, 3, 1001, 2001),
            container(2, 6),
            container(3, 1),
            container(4, 5, 1004, 2004),
            container(5, 3, 1005, 2005),
            alive=(1001, 2001, 1004, 2004, 1005, 2005),
        )
    )


def mounted(driver: str = "overlay") -> Scene:
    """A store with two layers mounted, one of them twice."""
    homes: dict[str, Any] = {f"{ROOT}/overlay/{layer}/merged": {} for layer in LAYERS}
    rows = [
        {"id": LAYERS[0], "path": f"{ROOT}/overlay/{LAYERS[0]}/merged", "count": 2},
        {"id": LAYERS[1], "path": f"{ROOT}/overlay/{LAYERS[1]}/merged", "count": 1},
    ]
    layers = [{"id": layer} for layer in LAYERS]
    files = {
        MOUNTS.format(driver): {"text": json.dumps(rows), "mode": "0600"},
        f"{ROOT}/{driver}-layers/layers.json": {"text": json.dumps(layers)},
    }
    # The home is mounted before what is below it, as by the first Podman of a boot: else it would cover that.
    mounts = [{"path": place} for place in (f"{ROOT}/overlay", *homes)]
    return scene(host(driver=driver, dirs=homes, files=files, mounts=mounts if driver == "overlay" else []))


def content(world: World, path: str) -> Any:
    held = world.nodes[path].content
    assert isinstance(held, bytes)
    return json.loads(held)


def token(world: World, path: str) -> bytes:
    held = world.nodes[path].content
    assert isinstance(held, bytes)
    return held


def test_by_force_every_container_is_stopped_with_the_engines_timeout() -> None:
    stage = with_all()
    done, heard = played(shutdown(stage.draft, force=True), stage.world)
    assert done.outcome == Success(None)
    assert signals(heard) == [15, 15]
    assert [saved(heard.world, number).get("state") for number in range(1, 6)] == [4, 6, 1, 5, 4]
    assert f"Stopping ctr {identity(1)} (timeout 7)" in [text for _, text in heard.said]


def test_what_cannot_be_stopped_is_only_logged() -> None:
    stage = with_all()
    _, heard = played(shutdown(stage.draft, force=True), stage.world)
    improper = "can only stop created or running containers. {} is in state {}: container state improper"
    assert lines(heard) == [
        ("error", f"Error stopping container {identity(2)}: container is stopped"),
        ("error", f"Error stopping container {identity(3)}: {improper.format(identity(3), 'configured')}"),
        ("error", f"Error stopping container {identity(4)}: {improper.format(identity(4), 'paused')}"),
    ]


def test_without_force_no_container_is_touched() -> None:
    stage = with_all()
    done, heard = played(shutdown(stage.draft), stage.world)
    assert done.outcome == Success(None)
    assert not any(isinstance(effect, SignalContainer | UpdateDatabase | ReadObjects) for effect in heard.effects)


def test_nothing_is_held_afterwards_and_nothing_can_be_done() -> None:
    stage = with_all()
    done, heard = played(shutdown(stage.draft, force=True), stage.world)
    assert not heard.world.held
    assert any(isinstance(effect, UnmapLockSegment) for effect in heard.effects)
    again = drive(shutdown(done.draft, force=True), SmallHost(heard.world))
    assert again == Failure(RuntimeStopped("runtime has already been stopped"))
    assert drive(deferred_shutdown(done.draft, force=True), SmallHost(heard.world)) == Success(done.draft)


def test_a_deferred_shutdown_keeps_what_went_wrong_to_itself() -> None:
    stage = mounted()
    draft, heard = played(deferred_shutdown(stage.draft), stage.world)
    assert not draft.configured.valid
    assert not heard.world.held


@pytest.mark.parametrize("driver", ["overlay", "vfs"])
def test_a_mounted_layer_keeps_a_store_open(driver: str) -> None:
    stage = mounted(driver)
    done, heard = played(shutdown(stage.draft), stage.world)
    text = "error shutting down container storage: A layer is mounted: layer is in use by a container"
    assert done.outcome.failure().message == text
    assert content(heard.world, MOUNTS.format(driver)) == content(stage.world, MOUNTS.format(driver))


def test_by_force_layers_are_unmounted_however_often_they_are_mounted() -> None:
    stage = mounted()
    done, heard = played(shutdown(stage.draft, force=True), stage.world)
    assert done.outcome == Success(None)
    assert [effect.path for effect in heard.effects if isinstance(effect, Unmount)] == [
        *(f"{ROOT}/overlay/{layer}/merged" for layer in LAYERS),
        f"{ROOT}/overlay",
    ]
    assert not any(mount.point.endswith("/merged") for mount in heard.world.mounts)
    removed = [effect.path for effect in heard.effects if isinstance(effect, RemoveFile)]
    assert removed == [f"{ROOT}/overlay/{layer}/merged" for layer in LAYERS]
    assert content(heard.world, MOUNTS.format("overlay")) == []
    assert heard.world.nodes[MOUNTS.format("overlay")].mode == 0o600


def test_by_force_vfs_has_only_its_table_to_set_right() -> None:
    stage = mounted("vfs")
    done, heard = played(shutdown(stage.draft, force=True), stage.world)
    assert done.outcome == Success(None)
    assert not any(isinstance(effect, Unmount) for effect in heard.effects)
    assert content(heard.world, MOUNTS.format("vfs")) == []


def test_every_lock_file_of_a_forced_shutdown_has_a_new_token() -> None:
    stage = mounted()
    _, heard = played(shutdown(stage.draft, force=True), stage.world)
    tokens = {
        token(heard.world, path)
        for path in (
            f"{ROOT}/storage.lock",
            f"{ROOT}/overlay-layers/layers.lock",
            "/run/containers/storage/overlay-layers/mountpoints.lock",
        )
    }
    assert {len(one) for one in tokens} == {64}
    assert len(tokens) == 3


def test_containers_that_cannot_be_listed_are_told_and_the_store_is_shut_down_all_the_same() -> None:
    stage = with_all()
    heard = SmallHost(stage.world)
    assert isinstance(heard.answer(UpdateDatabase(DATABASE, (EmptyBucket(("ctr",)),))), Success)
    done = drive(shutdown(stage.draft, force=True), heard).unwrap()
    assert done.outcome == Success(None)
    ((level, text),) = lines(heard)
    assert level == "error"
    assert text.startswith("Error retrieving containers from database: state is inconsistent - container ID ")


def test_a_failure_of_the_store_is_what_is_told() -> None:
    stage = mounted()

    class Full(SmallHost):
        def answer(self, effect: Any, /) -> Any:
            if type(effect).__name__ == "ReplaceFile":
                return Failure(HostError(28, "write", effect.path))
            return super().answer(effect)

    heard = Full(stage.world)
    done = drive(shutdown(stage.draft, force=True), heard).unwrap()
    path = MOUNTS.format("overlay")
    assert done.outcome.failure().message == (
        f"error shutting down container storage: write {path}: no space left on device"
    )
    assert not heard.world.nodes[f"{ROOT}/storage.lock"].size
    assert isinstance(done.draft, Draft)
    assert not done.draft.configured.valid
