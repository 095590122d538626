"""A described host of a rootless user whose runtime is up, with containers that run and nobody who keeps their namespaces."""

from __future__ import annotations

from typing import Any, Final

from pypod.api import Rehearsal, rehearse
from pypod.hosts import Simulation
from pypod.pure.draft import Request
from pypod.pure.world import World
from pypod.pure.world.describe import described
from pypod.testing.databases import database, runtime_configuration

ROOT: Final = "/home/user/.local/share/containers/storage"
RUN: Final = "/run/user/1000/containers"
TMP: Final = "/run/user/1000/libpod/tmp"
PAUSE: Final = f"{TMP}/pause.pid"
MAP: Final = "         0       1000          1\n         1     100000      65536\n"


def identity(number: int) -> str:
    """The id of a container."""
    return f"{number:x}".rjust(64, "0")


def conmon_file(number: int) -> str:
    """Where the monitor of a container wrote its id."""
    return f"{RUN}/vfs-containers/{identity(number)}/userdata/conmon.pid"


def container(number: int, state: int = 3) -> dict[str, Any]:
    """A container with the lock of that number, in a state of libpod's."""
    config = {"conmonPidFile": conmon_file(number), "staticDir": f"{ROOT}/vfs-containers/{identity(number)}/userdata"}
    held = {"state": state, "pid": 900 + number, "conmonPid": 500 + number}
    return {"id": identity(number), "name": f"c{number}", "lock": number, "state": held, "config": config}


def host(*containers: dict[str, Any], files: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The description; ``processes`` are those that run, each in a namespace with the user's ids."""
    locks = {"num_locks": 2048, "allocated": [one["lock"] for one in containers]}
    processes: dict[str, str] = more.get("processes", {})
    maps = {f"/proc/{pid}/{name}": {"text": MAP} for pid in processes for name in ("uid_map", "gid_map")}
    config = runtime_configuration(ROOT, RUN, TMP, "vfs")
    laid: dict[str, Any] = {
        f"{ROOT}/libpod/bolt_state.db": {"bolt": database(config, containers), "mode": "0600"},
        f"{TMP}/alive": {"text": "", "mode": "0644"},
        "/dev/shm/libpod_rootless_lock_1000": {"shm": locks, "uid": 1000, "gid": 1000, "mode": "0600"},
        "/etc/containers/storage.conf": {"text": '[storage]\ndriver = "vfs"\n'},
    }
    return {
        "uid": 1000,
        "env": {"XDG_RUNTIME_DIR": "/run/user/1000"},
        **more,
        "dirs": {"/run/user/1000": {"mode": "0700"}, ROOT: {"mode": "0700"}, **more.get("dirs", {})},
        "files": {**laid, **maps, **(files or {})},
        "programs": {
            "/usr/bin/conmon": {"stdout": "conmon version 2.0.30\n"},
            "/usr/bin/runc": {"stdout": "runc version 1.0.3\n"},
            "/usr/bin/nsenter": {},
            **more.get("programs", {}),
        },
    }


def monitored(number: int, content: str | None = None, **entry: Any) -> dict[str, Any]:
    """The file of a container's monitor, as a description has it."""
    return {conmon_file(number): {"text": str(500 + number) if content is None else content, **entry}}


def ran(description: dict[str, Any], command: str = "container exists", *arguments: str) -> tuple[Rehearsal, World]:
    """What a command does there, and the host afterwards."""
    simulated = Simulation(described(description).unwrap())
    done = rehearse(Request(command, arguments=arguments or ("c1",)), simulated)
    return done, simulated.world
