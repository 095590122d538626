"""What a constructed runtime tells of itself (the accessors of ``libpod/runtime.go``).

Each is a program over the finished draft; once the runtime is shut down each ends with libpod's ErrRuntimeStopped.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.configuration.keys import GRAPH_DRIVER, GRAPH_OPTIONS, GRAPH_ROOT, LABEL, RUN_ROOT, TMP_DIR
from pypod.pure.draft import Draft
from pypod.pure.failure import Problem, RuntimeStopped
from pypod.pure.gotext import joined
from pypod.pure.lifecycle.refresh import CONTAINER_ENVIRONMENT, graph_root_mounted, mounted_flag
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.program import Program, attempt, settle
from pypod.pure.settings import Settings
from pypod.pure.vocabulary.files import ReadFile


class StorageConfiguration(Struct, frozen=True):
    """The storage options in force: roots, the driver's name (may be empty), its options."""

    graph_root: str
    run_root: str
    graph_driver: str
    graph_options: tuple[str, ...]


def valid(draft: Draft) -> Program[Draft]:
    """The draft of a runtime that may be used; ErrRuntimeStopped after a shutdown."""
    yield from ()
    if not draft.configured.valid:
        stopped: Result[Draft, Problem] = Failure(RuntimeStopped.saying(""))
        return settle(stopped)
    return draft


def tmp_dir(draft: Draft) -> Program[str]:
    """``TmpDir``: the directory of what a reboot ends."""
    return (yield from valid(draft)).setting(TMP_DIR)


def configuration(draft: Draft) -> Program[Settings]:
    """``GetConfig``: every setting; a value, so that nobody can change the runtime by it."""
    return (yield from valid(draft)).settings


def storage_configuration(draft: Draft) -> Program[StorageConfiguration]:
    """``StorageConfig``."""
    at = yield from valid(draft)
    return StorageConfiguration(
        at.setting(GRAPH_ROOT), at.setting(RUN_ROOT), at.setting(GRAPH_DRIVER), at.setting(GRAPH_OPTIONS)
    )


def run_root(draft: Draft) -> Program[str]:
    """``RunRoot``: that of the opened store; empty where none was opened."""
    at = yield from valid(draft)
    return at.store.run_root if at.store is not None else ""


def default_oci_runtime(draft: Draft) -> Program[OciRuntime | None]:
    """``DefaultOCIRuntime``: the one that containers use which name none."""
    return (yield from valid(draft)).default_runtime


def oci_runtime_path(draft: Draft) -> Program[str]:
    """``GetOCIRuntimePath``: where the default OCI runtime is."""
    runtime = yield from default_oci_runtime(draft)
    return runtime.path if runtime is not None else ""


def enable_labeling(draft: Draft) -> Program[bool]:
    """``EnableLabeling``: whether containers get SELinux labels."""
    return (yield from valid(draft)).setting(LABEL)


def secrets_directory(draft: Draft) -> Program[str]:
    """``GetSecretsStorageDir``."""
    at = yield from valid(draft)
    return joined(at.store.graph_root if at.store is not None else at.setting(GRAPH_ROOT), "secrets")


def is_graph_root_mounted(draft: Draft) -> Program[bool]:
    """``graphRootMounted``: whether this is a container that was given the graph root of its host."""
    yield from valid(draft)
    return graph_root_mounted((yield from attempt(ReadFile(CONTAINER_ENVIRONMENT))))


def graph_root_mounted_flag(draft: Draft, sources: Iterable[str]) -> Program[str]:
    """``graphRootMountedFlag``: the line for the environment file of a container with mounts of these sources; empty where
    none of them brings the graph root.
    """
    at = yield from valid(draft)
    return mounted_flag(at.store.graph_root if at.store is not None else "", sources)
