"""Which OCI runtimes there are, and which is the default (``newConmonOCIRuntime``, ``makeRuntime``)."""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import RUNTIME_SUPPORTS_JSON, RUNTIME_SUPPORTS_KVM, RUNTIME_SUPPORTS_NOCGROUP
from pypod.pure.facts import Diagnostic, FileStatus, Level
from pypod.pure.failure import HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import joined, quoted
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.settings import Settings
from pypod.pure.table import Table

_YES: Final[Result[bool, Problem]] = Success(True)
_NO: Final[Result[bool, Problem]] = Success(False)

NAMELESS: Final = "the OCI runtime must be provided a non-empty name"


def fallback_name(*, unified: bool) -> str:
    """The default runtime's name where nothing names one (``newRuntimeFromConfig``)."""
    return "crun" if unified else "runc"


def is_usable(name: str, status: Result[FileStatus, HostError]) -> Result[bool, Problem]:
    """Whether a configured path is the runtime: any regular file is, executable or not.

    A path that cannot be looked at for another reason than that it is missing ends the search.
    """
    if isinstance(status, Failure):
        error = status.failure()
        if error.errno == errno.ENOENT:
            return _NO
        problem = Refused(error.message, error.subject, cause=error)
        return Failure(problem.wrapped(f"cannot stat OCI runtime {name} path"))
    return _YES if status.unwrap().is_file else _NO


def is_no_directory(status: Result[FileStatus, HostError]) -> bool:
    """Whether the path that a container names for its runtime may be one."""
    return not isinstance(status, Failure) and not status.unwrap().is_directory


def found_on_path(name: str, path: str) -> Diagnostic:
    """What libpod says of a runtime that none of its configured paths holds but PATH does."""
    return Diagnostic(Level.DEBUG, f"using runtime {quoted(name)} from $PATH: {quoted(path)}")


def none_valid(name: str) -> Problem:
    """No configured path holds the runtime and PATH does not either."""
    return InvalidArgument.saying(f"no valid executable found for OCI runtime {name}", name)


def unavailable(name: str) -> Diagnostic:
    """What libpod says, once a process, of a container's runtime that is not there (``getMissingRuntime``)."""
    why = "not available (not in configuration file or not installed)"
    return Diagnostic(Level.ERROR, f"OCI Runtime {name} is in use by a container, but is {why}")


def nameless() -> Problem:
    """A runtime without a name."""
    return InvalidArgument.saying(NAMELESS)


def exits_directory(tmp_dir: str) -> str:
    """Where the exit files of containers go; made by every runtime that is found."""
    return joined(tmp_dir, "exits")


def exits_refused(error: HostError) -> Problem:
    """The exit files' directory could not be made."""
    problem = Refused(error.message, error.subject, cause=error)
    return problem.wrapped("error creating OCI runtime exit files directory")


def described(name: str, path: str, flags: tuple[str, ...], settings: Settings) -> OciRuntime:
    """A runtime that was found.  What it supports follows from the base name of its *name*, not of its path."""
    base = name.rstrip("/").rpartition("/")[2] if name.strip("/") else "/"
    return OciRuntime(
        name,
        path,
        flags,
        supports_json=base in settings.get(RUNTIME_SUPPORTS_JSON),
        supports_nocgroups=base in settings.get(RUNTIME_SUPPORTS_NOCGROUP),
        supports_kvm=base in settings.get(RUNTIME_SUPPORTS_KVM),
    )


def left_out(name: str, problem: Problem) -> Diagnostic:
    """What libpod says of a configured runtime that is not there."""
    return Diagnostic(Level.DEBUG, f"configured OCI runtime {name} initialization failed: {problem.message}")


def is_path(name: str) -> bool:
    """Whether the default runtime is given as a path, and so is its own runtime."""
    return name.startswith("/")


def chosen(name: str, runtimes: Table[str, OciRuntime], failures: Table[str, str]) -> Result[OciRuntime, Problem]:
    """The default runtime among those that were found; ``failures`` are the reasons of those that were not."""
    runtime = runtimes.get(name)
    if runtime is not None:
        return Success(runtime)
    if name in failures:
        hint = f"{quoted(name)} is configured but did not start up: {failures[name]}"
    else:
        hint = f"engine.runtimes has no entry for {name}; a default without one is not searched on PATH"
    there = ", ".join(sorted(runtimes))
    offer = f"; usable here: {there}" if there else "; install runc or crun"
    return Failure(
        InvalidArgument.saying(
            f"default OCI runtime {quoted(name)} not found", name, hint=hint + offer, diagnosis="RT-02"
        )
    )


def in_use(runtime: OciRuntime) -> Diagnostic:
    """What libpod says of the default runtime."""
    return Diagnostic(Level.DEBUG, f"Using OCI runtime {quoted(runtime.path)}")
