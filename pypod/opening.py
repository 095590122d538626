"""A runtime for real, as an object: ``open_runtime`` constructs it on this machine, the object's methods are programs.

Rule 1: every method answers a ``Result``; after a shutdown it is libpod's ErrRuntimeStopped.
Rule 2: a method runs one program of ``pypod.runtime`` on the runtime's host; nothing is decided here.
Rule 3: one operation at a time: a lock of the object is held while one runs, so that threads may share it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

from returns.result import Failure, Result, Success

from pypod.effects.linux.namespaces import leave_for as leave
from pypod.effects.real import library_machine
from pypod.pipeline import CONSTRUCTION
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Host, On
from pypod.pure.failure import Departed, HostError, Problem, Refused
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.options.option import RuntimeOption
from pypod.pure.program import Program, drive
from pypod.pure.settings import Settings
from pypod.pure.userns.facts import Reexec
from pypod.pure.userns.reexec import REEXECUTION_NEEDED
from pypod.runtime import accessors, naming
from pypod.runtime.accessors import StorageConfiguration
from pypod.runtime.guards import may_change

T = TypeVar("T")


class RuntimeRefusedError(Exception):
    """What :func:`open_runtime_or_raise` raises: libpod's text; ``problem`` is all that is known."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class ReexecutionNeededError(Exception):
    """What :func:`open_runtime_or_raise` raises where only root of a user namespace can construct; ``reexec`` is what
    would have to be executed, for :func:`pypod.leave_for` or a way of the caller's own.
    """

    def __init__(self, reexec: Reexec) -> None:
        super().__init__(REEXECUTION_NEEDED)
        self.reexec = reexec


def open_runtime(
    options: Iterable[RuntimeOption] = (), *, flags: tuple[tuple[str, str], ...] = (), any_podman: bool = False
) -> Result[Runtime, Problem | Reexec]:
    """Construct the runtime for real on this machine, as ``NewRuntime`` does.

    ``options`` are applied as they stand; ``flags`` are Podman's global flags, name and value.  ``any_podman``: also
    where the installed Podman is not of the line whose rules are followed.  The failure is libpod's problem, or, for a
    rootless process outside of its namespace, what must be executed first: the caller's process is never left.  The
    caller's signal handlers stay what they are.
    """
    machine = library_machine()
    host = On(machine)
    guarded = _plainly(drive(may_change(any_podman=any_podman), host))
    if isinstance(guarded, Failure):
        return Failure(guarded.failure())
    built = drive(CONSTRUCTION(Draft(Request(options=tuple(options), flags=flags))), host)
    if machine.left is not None:
        return Failure(machine.left)
    return _plainly(built).map(lambda draft: Runtime(draft, host))


def leave_for(reexec: Reexec) -> Result[int, HostError]:
    """Execute it in its namespace, and wait for it; the exit status that this process should end with.

    A pause process that was made for it is then moved into a scope of the user's systemd, as podman does it; whether that
    works changes nothing.  Nothing else runs here meanwhile: signals are passed on to the child, and descriptors that
    this process was started with are closed.
    """
    from pypod.pure.userns.scope_stage import move_after_leaving

    left = leave(reexec)
    if reexec.pause_path and not isinstance(left, Failure):
        drive(move_after_leaving(reexec.pause_path), On(library_machine()))
    return left


def open_runtime_or_raise(
    options: Iterable[RuntimeOption] = (), *, flags: tuple[tuple[str, str], ...] = (), any_podman: bool = False
) -> Runtime:
    """The same; raises :class:`RuntimeRefusedError` or :class:`ReexecutionNeededError`."""
    opened = open_runtime(options, flags=flags, any_podman=any_podman)
    if not isinstance(opened, Failure):
        return opened.unwrap()
    why = opened.failure()
    raise ReexecutionNeededError(why) if isinstance(why, Reexec) else RuntimeRefusedError(why)


class Runtime:
    """A constructed runtime; used as a context manager it is shut down, not by force, at the end."""

    def __init__(self, draft: Draft, host: Host) -> None:
        self._draft = draft
        self._host = host
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.deferred_shutdown()

    def _tell(self, program: Callable[[Draft], Program[T]]) -> Result[T, Problem]:
        with self._lock:
            return _plainly(drive(program(self._draft), self._host))

    def _become(self, program: Callable[[Draft], Program[Draft]]) -> Result[None, Problem]:
        """Run what makes another runtime of this one; where it fails this one stays."""
        with self._lock:
            done = _plainly(drive(program(self._draft), self._host))
            if isinstance(done, Failure):
                return Failure(done.failure())
            self._draft = done.unwrap()
            return Success(None)

    def tmp_dir(self) -> Result[str, Problem]:
        """``TmpDir``: the directory of what a reboot ends."""
        return self._tell(accessors.tmp_dir)

    def configuration(self) -> Result[Settings, Problem]:
        """``GetConfig``: every setting with its origin; a value that changes nothing."""
        return self._tell(accessors.configuration)

    def storage_configuration(self) -> Result[StorageConfiguration, Problem]:
        """``StorageConfig``."""
        return self._tell(accessors.storage_configuration)

    def run_root(self) -> Result[str, Problem]:
        """``RunRoot``: that of the opened store; empty where none was opened."""
        return self._tell(accessors.run_root)

    def default_oci_runtime(self) -> Result[OciRuntime | None, Problem]:
        """``DefaultOCIRuntime``."""
        return self._tell(accessors.default_oci_runtime)

    def oci_runtime_path(self) -> Result[str, Problem]:
        """``GetOCIRuntimePath``."""
        return self._tell(accessors.oci_runtime_path)

    def enable_labeling(self) -> Result[bool, Problem]:
        """``EnableLabeling``."""
        return self._tell(accessors.enable_labeling)

    def secrets_directory(self) -> Result[str, Problem]:
        """``GetSecretsStorageDir``."""
        return self._tell(accessors.secrets_directory)

    def is_graph_root_mounted(self) -> Result[bool, Problem]:
        """``graphRootMounted``."""
        return self._tell(accessors.is_graph_root_mounted)

    def graph_root_mounted_flag(self, sources: Iterable[str]) -> Result[str, Problem]:
        """``graphRootMountedFlag``, for a container with mounts of these sources."""
        given = tuple(sources)
        return self._tell(lambda draft: accessors.graph_root_mounted_flag(draft, given))

    def name_of(self, full_id: str) -> Result[str, Problem]:
        """``GetName``: the name of the container or pod with this full id."""
        return self._tell(lambda draft: naming.name_of(draft, full_id))

    def generate_name(self) -> Result[str, Problem]:
        """``generateName``: a name that no container and no pod has."""
        return self._tell(naming.generate_name)

    def info(self) -> Result[dict[str, Any], Problem]:
        """``Info``: the host and the store, as ``podman info --format json`` shows them."""
        from pypod.pure.info.form import shown_in_order
        from pypod.runtime.information import info

        return self._tell(info).map(shown_in_order)

    def reload(self) -> Result[None, Problem]:
        """``Reload``: the configuration files are read again."""
        from pypod.runtime.reloading import reload

        return self._become(reload)

    def shutdown(self, *, force: bool = False) -> Result[None, Problem]:
        """``Shutdown``.  ``force``: running containers are stopped first, and mounted layers unmounted.

        Whatever goes wrong, the runtime is stopped afterwards; ErrRuntimeStopped where it was before.
        """
        from pypod.runtime.shutdown import shutdown, stopped

        with self._lock:
            # libpod's runtime counts as stopped before anything is done.
            draft, self._draft = self._draft, stopped(self._draft)
            done = _plainly(drive(shutdown(draft, force=force), self._host))
            return done if isinstance(done, Failure) else done.unwrap().outcome

    def deferred_shutdown(self, *, force: bool = False) -> None:
        """``DeferredShutdown``: the same for a ``finally``; what it answers is dropped."""
        self.shutdown(force=force)


def _plainly(result: Result[T, Problem | Departed]) -> Result[T, Problem]:
    """An operation of a runtime does not leave the process: an ending is a problem."""
    return result.alt(lambda ending: ending if not isinstance(ending, Departed) else _left(ending))


def _left(ending: Departed) -> Problem:
    return Refused(f"the process was left with status {ending.status}")
