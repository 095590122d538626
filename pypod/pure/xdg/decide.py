"""Where a rootless user's runtime and configuration directories are.

Two searches for a runtime directory are alike but not the same: podman's ``util.GetRuntimeDir``, for what it exports,
and containers/common's, for the default tmp_dir.  A :class:`Search` names the differences.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError
from pypod.pure.gotext import joined, quoted

RUNTIME_DIR: Final = "XDG_RUNTIME_DIR"
CONFIG_HOME: Final = "XDG_CONFIG_HOME"
BUS_ADDRESS: Final = "DBUS_SESSION_BUS_ADDRESS"

NO_HOME: Final = "neither XDG_RUNTIME_DIR nor HOME was set non-empty"


class Search(Struct, frozen=True):
    """How a runtime directory is searched.

    ``checked``: a given XDG_RUNTIME_DIR must exist and belong to the user.  ``exact``: a directory found must have the
    mode 0700, not just include it.
    """

    checked: bool
    exact: bool


PODMAN: Final = Search(checked=False, exact=False)
"""podman's ``pkg/util.GetRuntimeDir``."""
CONTAINERS_COMMON: Final = Search(checked=True, exact=True)
"""containers/common's ``getRuntimeDir``, behind the default of engine.tmp_dir."""


def runtime_candidates(uid: int, temporary: str | None) -> tuple[str, str]:
    """The directories that are tried, and made if they are missing; ``temporary`` is the value of TMPDIR."""
    return f"/run/user/{uid}", joined(temporary or "/tmp", f"podman-run-{uid}")  # noqa: S108 - libpod's own place


def accepts(search: Search, status: Result[FileStatus, HostError], euid: int) -> bool:
    """Whether a directory will do: there, owned by the user, with the permissions asked for."""
    if isinstance(status, Failure):
        return False
    seen = status.unwrap()
    bits = seen.mode & (0o777 if search.exact else 0o700)
    return seen.uid == euid and bits == 0o700


def given_runtime(path: str, status: Result[FileStatus, HostError], euid: int) -> Result[str, str]:
    """A given XDG_RUNTIME_DIR, checked; or libpod's text of what is wrong with it."""
    if isinstance(status, Failure):
        return Failure(status.failure().message)
    if status.unwrap().uid != euid:
        return Failure(f"XDG_RUNTIME_DIR directory {quoted(path)} is not owned by the current user")
    return Success(path)


def runtime_in_home(search: Search, home: str, resolved: Result[str, HostError]) -> Result[str, str]:
    """The last resort, ``~/rundir``, which is not made; or the text of what is wrong with the home."""
    if isinstance(resolved, Failure):
        return Failure(f"cannot resolve {'home' if search.exact else home}: {resolved.failure().message}")
    return Success(joined(resolved.unwrap(), "rundir"))


def config_in_home(resolved: str) -> str:
    """The configuration directory of a home without links."""
    return joined(resolved, ".config")


def accepted_config_home(path: str, status: Result[FileStatus, HostError], euid: int) -> str:
    """That directory if it is there, the user's own and not less than 0700 as a number; else nothing, which is no
    failure.
    """
    if isinstance(status, Failure):
        return ""
    seen = status.unwrap()
    return path if seen.uid == euid and seen.mode & 0o777 >= 0o700 else ""


def moves_configuration(exported: str, home: str) -> bool:
    """Whether an exported configuration directory is another one than is used without any."""
    return bool(exported) and exported != joined(home, ".config")


def bus_socket(runtime_directory: str) -> str:
    """The session bus's socket in a runtime directory."""
    return joined(runtime_directory, "bus")


def bus_address(socket: str) -> str:
    """The value of DBUS_SESSION_BUS_ADDRESS for a socket."""
    return f"unix:path={socket}"
