"""The form in which ``podman info`` shows what it found: the fields in the order of libpod's structures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyrsistent import PMap, thaw

VERSION: Final = "3.4.7"
"""The libpod whose rules are followed; clients compare it with their own."""

_HOST: Final = (
    "arch", "buildahVersion", "cgroupManager", "cgroupVersion", "cgroupControllers", "conmon", "cpus", "distribution",
    "eventLogger", "hostname", "idMappings", "kernel", "logDriver", "memFree", "memTotal", "ociRuntime", "os",
    "remoteSocket", "serviceIsRemote", "security", "slirp4netns", "swapFree", "swapTotal", "uptime", "linkmode",
)  # fmt: skip
_TOP: Final = ("host", "store", "registries", "plugins", "version")


def version_shown(architecture: str) -> dict[str, Any]:
    """The version part.  There is no Go and no commit behind it, and it was built at no time."""
    return {
        "APIVersion": VERSION,
        "Version": VERSION,
        "GoVersion": "",
        "GitCommit": "",
        "BuiltTime": "Thu Jan  1 00:00:00 1970",
        "Built": 0,
        "OsArch": f"linux/{architecture}",
    }


def shown_in_order(info: Mapping[str, Any]) -> dict[str, Any]:
    """All of it as plain values; maps other than the two outermost are in the order of their names."""
    plain = thaw(info)
    return {name: _part(name, plain[name]) for name in _TOP if name in plain}


def _part(name: str, value: Any) -> Any:
    if name == "host":
        return {key: _sorted(value[key]) for key in _HOST if key in value}
    return value if name in {"version", "plugins"} else _sorted(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        held: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - plain JSON
        return {key: _sorted(held[key]) for key in sorted(held)}
    if isinstance(value, (list, tuple, PMap)):
        return [_sorted(one) for one in value]  # pyright: ignore[reportUnknownVariableType] - plain JSON
    return value
