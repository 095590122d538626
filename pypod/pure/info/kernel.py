"""What ``podman info`` shows of the kernel's own account of the machine (``libpod/info.go``, ``docker/pkg/system``)."""

from __future__ import annotations

from typing import Final

from returns.result import Result, Success

from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError, Problem, Refused

MEMORY: Final = "/proc/meminfo"
KERNEL: Final = "/proc/version"
UPTIME: Final = "/proc/uptime"
CGROUPS: Final = "/proc/cgroups"
CGROUP_ROOT: Final = "/sys/fs/cgroup"
OWN_CGROUP: Final = "/proc/self/cgroup"

_SHOWN: Final = {"MemFree": "memFree", "MemTotal": "memTotal", "SwapFree": "swapFree", "SwapTotal": "swapTotal"}
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 24}


def unread(what: str, error: HostError) -> Problem:
    """A file of the kernel's that cannot be read: ``error reading memory info: open /proc/meminfo: …``."""
    return Refused(error.message, error.subject, cause=error).wrapped(f"error {what}")


def memory(content: bytes) -> dict[str, int]:
    """Free and total memory and swap of ``/proc/meminfo``, in bytes; what it does not tell is 0."""
    found = dict.fromkeys(_SHOWN.values(), 0)
    for line in content.decode("utf-8", "replace").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if name in _SHOWN and words[1:] == ["kB"] and words[0].isdecimal():
            found[_SHOWN[name]] = int(words[0]) * 1024
    return found


def kernel(content: bytes) -> str:
    """The release: the third word of ``/proc/version``."""
    words = content.decode("utf-8", "replace").split()
    return words[2] if len(words) > 2 else ""


def uptime(content: bytes) -> str:
    """The first word of ``/proc/uptime`` as Go writes a duration, a blank behind hours and minutes, and roughly the days:
    ``1h 2m 3.5s (Approximately 0.04 days)``.
    """
    words = content.decode("utf-8", "replace").split()
    whole, _, fraction = (words[0] if words else "0").partition(".")
    hours, rest = divmod(int(whole) if whole.isdecimal() else 0, _SECONDS["hour"])
    minutes, seconds = divmod(rest, _SECONDS["minute"])
    part = fraction.rstrip("0")
    shown = f"{seconds}.{part}s" if part else f"{seconds}s"
    if hours:
        return f"{hours}h {minutes}m {shown} (Approximately {hours / _SECONDS['day']:.2f} days)"
    return f"{minutes}m {shown}" if minutes else shown


def enabled_controllers(content: bytes) -> tuple[str, ...]:
    """The names in ``/proc/cgroups`` that are enabled, on the first hierarchies (v1)."""
    rows = (line.split() for line in content.decode("utf-8", "replace").splitlines() if not line.startswith("#"))
    return tuple(row[0] for row in rows if len(row) == 4 and row[3] != "0")


def mounted_controllers(names: tuple[str, ...], mounted: tuple[Result[FileStatus, HostError], ...]) -> list[str]:
    """Those of the names whose hierarchy is mounted."""
    return [name for name, there in zip(names, mounted, strict=True) if isinstance(there, Success)]


def own_controllers_file(content: bytes, *, rootless: bool) -> str:
    """The file that lists the controllers of the unified hierarchy: the root's, or for a user those of the own cgroup."""
    if not rootless:
        return f"{CGROUP_ROOT}/cgroup.controllers"
    own = next((line[3:] for line in content.decode("utf-8", "replace").splitlines() if line.startswith("0::")), "/")
    return f"{CGROUP_ROOT}{own.rstrip('/')}/cgroup.controllers"


def listed_controllers(content: bytes) -> list[str]:
    """The words of ``cgroup.controllers``."""
    return content.decode("utf-8", "replace").split()
