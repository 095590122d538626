"""The runtime as an object, on a simulated machine: what it tells, and that it tells nothing after its shutdown.

Laws:
- every method of a stopped runtime answers libpod's ErrRuntimeStopped, a second shutdown too;
- what the object tells is what the construction found out;
- the context manager shuts down and holds nothing afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from returns.result import Failure, Result

from pypod.hosts import Simulation
from pypod.opening import (
    ReexecutionNeededError,
    Runtime,
    RuntimeRefusedError,
    open_runtime,
    open_runtime_or_raise,
)
from pypod.options import with_tmp_dir
from pypod.pipeline import CONSTRUCTION
from pypod.pure.configuration.keys import EVENTS_LOGGER
from pypod.pure.draft import Draft
from pypod.pure.failure import NoSuchContainer, Problem, RuntimeStopped
from pypod.pure.program import drive
from pypod.pure.userns.facts import NamespaceOf, Reexec
from pypod.pure.vocabulary.changes import WriteFile
from pypod.pure.world.describe import described
from tests.pure.described_commands import HOST
from tests.pure.running_host import container, host, identity

METHODS: dict[str, Callable[[Runtime], Result[Any, Problem]]] = {
    "tmp_dir": Runtime.tmp_dir,
    "configuration": Runtime.configuration,
    "storage_configuration": Runtime.storage_configuration,
    "run_root": Runtime.run_root,
    "default_oci_runtime": Runtime.default_oci_runtime,
    "oci_runtime_path": Runtime.oci_runtime_path,
    "enable_labeling": Runtime.enable_labeling,
    "secrets_directory": Runtime.secrets_directory,
    "is_graph_root_mounted": Runtime.is_graph_root_mounted,
    "graph_root_mounted_flag": lambda runtime: runtime.graph_root_mounted_flag(["/var"]),
    "name_of": lambda runtime: runtime.name_of("x"),
    "generate_name": Runtime.generate_name,
    "info": Runtime.info,
    "reload": Runtime.reload,
    "shutdown": Runtime.shutdown,
}


def opened(description: dict[str, Any] | None = None) -> tuple[Runtime, Simulation]:
    machine = Simulation(described({"steps": [{"args": []}], **(description or HOST)}).unwrap())
    return Runtime(drive(CONSTRUCTION(Draft()), machine).unwrap(), machine), machine


def test_every_public_method_is_held_to_its_end() -> None:
    public = {name for name in vars(Runtime) if not name.startswith("_")}
    assert public - {"deferred_shutdown"} == set(METHODS)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_stopped_runtime_tells_nothing(name: str) -> None:
    runtime, machine = opened()
    assert not isinstance(runtime.shutdown(), Failure)
    before = machine.world
    answer = METHODS[name](runtime)
    assert isinstance(answer, Failure)
    assert isinstance(answer.failure(), RuntimeStopped)
    assert answer.failure().message == "runtime has already been stopped"
    runtime.deferred_shutdown()
    assert machine.world == before


def test_what_it_tells() -> None:
    runtime, _ = opened()
    assert runtime.tmp_dir().unwrap() == "/run/libpod"
    assert runtime.run_root().unwrap() == "/run/containers/storage"
    assert runtime.oci_runtime_path().unwrap() == "/usr/bin/runc"
    assert runtime.storage_configuration().unwrap().graph_driver == "vfs"
    assert runtime.secrets_directory().unwrap() == "/var/lib/containers/storage/secrets"
    assert runtime.enable_labeling().unwrap() is False
    assert runtime.is_graph_root_mounted().unwrap() is False
    assert runtime.graph_root_mounted_flag(["/var/lib"]).unwrap() == "graphRootMounted=1"
    assert runtime.graph_root_mounted_flag(["/srv"]).unwrap() == ""
    assert list(runtime.info().unwrap()) == ["host", "store", "registries", "plugins", "version"]


def test_names() -> None:
    runtime, _ = opened(host(container(1, 6)))
    assert runtime.name_of(identity(1)).unwrap() == "c1"
    absent = runtime.name_of("f" * 64).failure()
    assert isinstance(absent, NoSuchContainer)
    assert absent.message == "no such container"
    assert "_" in runtime.generate_name().unwrap()


def test_reloading_reads_the_files_as_they_are_now() -> None:
    runtime, machine = opened()
    was = runtime.configuration().unwrap().get(EVENTS_LOGGER)
    machine.answer(WriteFile("/etc/containers/containers.conf", 0o644, b'[engine]\nevents_logger = "none"\n'))
    assert not isinstance(runtime.reload(), Failure)
    now = runtime.configuration().unwrap()
    assert (was, now.get(EVENTS_LOGGER)) == ("file", "none")
    assert now.origin(EVENTS_LOGGER).at == "/etc/containers/containers.conf:2"
    assert runtime.run_root().unwrap() == "/run/containers/storage"


def test_a_file_that_cannot_be_read_again_changes_nothing() -> None:
    runtime, machine = opened()
    before = runtime.configuration().unwrap()
    machine.answer(WriteFile("/etc/containers/containers.conf", 0o644, b"[engine\n"))
    assert isinstance(runtime.reload(), Failure)
    assert runtime.configuration().unwrap() == before


def test_the_context_manager_shuts_down() -> None:
    runtime, machine = opened()
    with runtime as entered:
        assert entered is runtime
    assert isinstance(runtime.tmp_dir(), Failure)
    assert not machine.world.held


class _On(Simulation):
    """A simulated machine in place of the real one."""

    left: Any = None


def _library(monkeypatch: pytest.MonkeyPatch, description: dict[str, Any], left: Reexec | None = None) -> None:
    machine = _On(described({"steps": [{"args": []}], **description}).unwrap())
    machine.left = left
    monkeypatch.setattr("pypod.opening.library_machine", lambda: machine)
    monkeypatch.setattr("pypod.opening.On", lambda machine: machine)


def test_opening_answers_what_libpod_would(monkeypatch: pytest.MonkeyPatch) -> None:
    _library(monkeypatch, {**HOST, "programs": {}})
    refused = open_runtime([with_tmp_dir("/run/x")])
    assert isinstance(refused, Failure)
    with pytest.raises(RuntimeRefusedError, match="could not find a working conmon binary"):
        open_runtime_or_raise()
    _library(monkeypatch, HOST)
    assert open_runtime([with_tmp_dir("/run/x")]).unwrap().tmp_dir().unwrap() == "/run/x"


def test_another_line_of_podman_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _library(monkeypatch, {**HOST, "podman_installed": "4.3.1"})
    refused: Any = open_runtime().failure()
    assert "4.3.1" in refused.message
    assert open_runtime(any_podman=True).unwrap().run_root().unwrap() == "/run/containers/storage"


def test_leaving_is_the_callers_to_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = Reexec(("me",), (), NamespaceOf(1))
    _library(monkeypatch, HOST, needed)
    assert open_runtime().failure() is needed
    with pytest.raises(ReexecutionNeededError) as raised:
        open_runtime_or_raise()
    assert raised.value.reexec is needed
