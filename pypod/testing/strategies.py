"""Strategies for described hosts and for requests.

``hosts`` draws hosts on which Podman works, each a :class:`SimulatedHost`; ``rich_hosts`` breaks up to a few things on
such a host, from pools of what is known to be nasty.  Whatever is drawn can be laid: the descriptions are valid.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from pypod.pure.draft import Request
from pypod.testing import pool
from pypod.testing.databases import database, runtime_configuration
from pypod.testing.host import SimulatedHost

Description = dict[str, Any]

_NONE: Final = range(1)
_ONLY: Final = {"graph": "/var/lib/containers/storage", "run": "/run/containers/storage", "tmp": "/run/libpod"}
_USERS: Final = {
    "graph": f"{pool.USER_HOME}/.local/share/containers/storage",
    "run": f"{pool.USER_RUN}/containers",
    "tmp": f"{pool.USER_RUN}/libpod/tmp",
}


def hosts(
    *,
    rootless: bool | None = False,
    containers: range = _NONE,
    pods: range = _NONE,
    volumes: range = _NONE,
    drivers: tuple[str, ...] = pool.DRIVERS,
    settings: range = range(3),
    used: bool | None = None,
    rebooted: bool | None = None,
    history: tuple[Request, ...] = (),
) -> st.SearchStrategy[SimulatedHost]:
    """Hosts on which Podman works.

    ``rootless``: whose they are, either where it is ``None``.  ``containers``, ``pods`` and ``volumes`` are how many
    there may be (at most 3, 2 and 3: a described database is one page); where there is one, Podman has run before.
    ``used``: whether it has in any case; ``rebooted``: whether the host was booted since.  ``settings`` are how many
    keys of containers.conf are set.  ``history`` is run on the host before.
    """
    return _descriptions(
        rootless=rootless, containers=containers, pods=pods, volumes=volumes, drivers=drivers, settings=settings,
        used=used, rebooted=rebooted,
    ).map(lambda description: SimulatedHost(description, history))  # fmt: skip


def rich_hosts(
    *,
    rootless: bool | None = None,
    containers: range = range(4),
    pods: range = range(2),
    volumes: range = range(3),
    troubles: range = range(4),
    limited: bool = True,
    history: tuple[Request, ...] = (),
) -> st.SearchStrategy[SimulatedHost]:
    """Hosts on which up to a few things are broken, missing or strange.

    ``limited``: filesystems may be too small too, which nobody sees before they are full.
    """
    plain = _descriptions(
        rootless=rootless, containers=containers, pods=pods, volumes=volumes, drivers=pool.DRIVERS, settings=range(4),
        used=None, rebooted=None,
    )  # fmt: skip
    return _troubled(plain, troubles, limited).map(lambda description: SimulatedHost(description, history))


@st.composite
def requests(draw: st.DrawFn, *, commands: tuple[str, ...] = pool.COMMANDS) -> Request:
    """Requests that Podman takes."""
    return _request(draw(st.sampled_from(commands)), draw(st.sampled_from(pool.FLAGS)))


@st.composite
def rich_requests(draw: st.DrawFn, *, commands: tuple[str, ...] = pool.COMMANDS) -> Request:
    """Requests with up to two flags, good and bad."""
    flags = draw(st.lists(st.sampled_from((*pool.FLAGS, *pool.NASTY_FLAGS)), max_size=2))
    return _request(draw(st.sampled_from(commands)), tuple(one for pair in flags for one in pair))


def _request(command: str, flags: tuple[tuple[str, str], ...]) -> Request:
    return Request(command, (), flags, ("none",) if command.endswith("exists") else ())


# -- hosts on which Podman works


@st.composite
def _descriptions(
    draw: st.DrawFn,
    *,
    rootless: bool | None,
    containers: range,
    pods: range,
    volumes: range,
    drivers: tuple[str, ...],
    settings: range,
    used: bool | None,
    rebooted: bool | None,
) -> Description:
    user = draw(st.booleans()) if rootless is None else rootless
    driver = draw(st.sampled_from(drivers))
    host: Description = {
        "uid": pool.USER if user else 0,
        "cgroup": draw(st.sampled_from(("v1", "v2"))),
        "init": draw(st.sampled_from(("init", "systemd"))),
        "env": {"XDG_RUNTIME_DIR": pool.USER_RUN} if user else {},
        "dirs": {pool.USER_RUN: {"mode": "0700"}, "/srv": {"mode": "1777"}} if user else {},
        "files": {"/etc/containers/storage.conf": {"text": _storage_conf(driver)}},
        "programs": draw(_programs()),
        "podman_installed": draw(st.sampled_from(("3.4.7", "3.4.4", ""))),
    }
    host["files"] |= draw(_configurations(pool.SETTINGS, settings))
    host["files"] |= draw(_networks(pool.CNI_LISTS, user=user))
    _draw_kernel(draw, host)
    objects = {kind: draw(_objects(kind, size)) for kind, size in (("c", containers), ("p", pods), ("v", volumes))}
    if any(objects.values()) or (draw(st.booleans()) if used is None else used):
        _lay_state(draw, host, driver, objects, rebooted=rebooted)
    return host


def _storage_conf(driver: str, options: str = "") -> str:
    where = f'runroot = "{_ONLY["run"]}"\ngraphroot = "{_ONLY["graph"]}"\n'
    return f'[storage]\ndriver = "{driver}"\n{where}[storage.options]\n{options}\n'


@st.composite
def _programs(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    version = draw(st.sampled_from(pool.CONMON_VERSIONS))
    programs: dict[str, dict[str, object]] = {
        "/usr/bin/nsenter": {},
        draw(st.sampled_from(pool.CONMON_PATHS)): {"stdout": f"conmon version {version}\ncommit: abcdef\n"},
    }
    for name in draw(st.sampled_from(pool.RUNTIMES)):
        programs[f"/usr/bin/{name}"] = {"stdout": f"{name} version 1.0.3\nspec: 1.0.2-dev\n"}
    directory = draw(st.sampled_from((*pool.CNI_DIRECTORIES, "")))
    for name in pool.CNI_PLUGINS if directory else ():
        programs[f"{directory}/{name}"] = {"stdout": pool.CNI_VERSIONS}
    return programs


@st.composite
def _configurations(draw: st.DrawFn, known: tuple[tuple[str, str], ...], size: range) -> dict[str, Any]:
    """Files of containers.conf with that many keys in all."""
    keys = draw(st.lists(st.sampled_from(known), min_size=size.start, max_size=size.stop - 1, unique=True))
    files: dict[str, Any] = {}
    for table, line in keys:
        path = draw(st.sampled_from(pool.CONFIGURATION_FILES))
        before = files.get(path, {"text": ""})["text"]
        files[path] = {"text": f"{before}[{table}]\n{line}\n" if f"[{table}]" not in before else before}
    return files


@st.composite
def _networks(draw: st.DrawFn, lists: tuple[str, ...], *, user: bool) -> dict[str, Any]:
    directory = f"{pool.USER_HOME}/.config/cni/net.d" if user else "/etc/cni/net.d"
    drawn = draw(st.lists(st.sampled_from(lists), max_size=2, unique=True))
    return {f"{directory}/{10 + place}-x.conflist": {"text": text} for place, text in enumerate(drawn)}


def _draw_kernel(draw: st.DrawFn, host: Description) -> None:
    """What the kernel's overlay can do, and the same as the files in which a kernel tells it."""
    supported, metacopy = draw(st.booleans()) or draw(st.booleans()), draw(st.booleans())
    host["overlay"] = {"supported": supported, "metacopy": metacopy}
    if not supported:
        host["files"]["/proc/filesystems"] = {"text": "nodev\ttmpfs\nnodev\tproc\n\text4\n"}
    if metacopy:
        host["files"]["/sys/module/overlay/parameters/metacopy"] = {"text": "Y\n"}


# -- hosts on which Podman ran before


@st.composite
def _objects(draw: st.DrawFn, kind: str, size: range) -> tuple[dict[str, Any], ...]:
    count = draw(st.integers(size.start, max(size.stop - 1, size.start)))
    drawn: list[dict[str, Any]] = []
    for number in range(count):
        one: dict[str, Any] = {"id": f"{kind.encode().hex()}{number:062x}", "name": f"{kind}{number}"}
        one["lock"] = draw(st.integers(0, 40))
        if kind == "c":
            one |= {"state": draw(st.integers(0, 6)), "pid": draw(st.sampled_from((0, 99999))), "runtime": "runc"}
        drawn.append(one)
    return tuple(drawn)


def _lay_state(
    draw: st.DrawFn,
    host: Description,
    driver: str,
    objects: dict[str, tuple[dict[str, Any], ...]],
    *,
    rebooted: bool | None,
) -> None:
    """The database of a first run, and what it leaves until the next boot."""
    where = _USERS if host["uid"] else _ONLY
    config = runtime_configuration(where["graph"], where["run"], where["tmp"], driver)
    containers, pods = objects["c"], objects["p"]
    joined = draw(st.booleans())
    if joined and pods and containers:
        containers = ({**containers[0], "pod": pods[0]["id"]}, *containers[1:])
    running = draw(st.booleans())
    sessions = (("f" * 8, containers[0]["id"]),) if running and containers else ()
    tree = database(config, containers, pods, objects["v"], sessions)
    host["files"][f"{where['graph']}/libpod/bolt_state.db"] = {"bolt": tree, "mode": "0600"}
    host["dirs"][where["graph"]] = {"mode": "0700"}
    if draw(st.booleans()) if rebooted is None else rebooted:
        return
    host["files"][f"{where['tmp']}/alive"] = {"text": "", "mode": "0644"}
    taken = [one["lock"] for kind in objects.values() for one in kind]
    segment = f"/dev/shm/libpod_rootless_lock_{pool.USER}" if host["uid"] else "/dev/shm/libpod_lock"  # noqa: S108
    owner = {"uid": host["uid"], "gid": host["uid"], "mode": "0600"}
    host["files"][segment] = {"shm": {"num_locks": 2048, "allocated": sorted(set(taken))}, **owner}


# -- troubles


@st.composite
def _troubled(draw: st.DrawFn, plain: st.SearchStrategy[Description], troubles: range, limited: bool) -> Description:
    host = draw(plain)
    known = (*_TROUBLES, _limit) if limited else _TROUBLES
    for trouble in draw(st.lists(st.sampled_from(known), min_size=troubles.start, max_size=max(troubles.stop - 1, 0))):
        trouble(draw, host)
    return host


def _misconfigure(draw: st.DrawFn, host: Description) -> None:
    host["files"] |= draw(_configurations((*pool.SETTINGS, *pool.NASTY_SETTINGS), range(1, 4)))


def _misstore(draw: st.DrawFn, host: Description) -> None:
    driver = draw(st.sampled_from((*pool.DRIVERS, *pool.NASTY_DRIVERS)))
    options = draw(st.sampled_from(("", *pool.NASTY_STORAGE_OPTIONS)))
    host["files"]["/etc/containers/storage.conf"] = {"text": _storage_conf(driver, options)}


def _break_program(draw: st.DrawFn, host: Description) -> None:
    path = draw(st.sampled_from(sorted(host["programs"])))
    replacement = draw(st.sampled_from((*pool.NASTY_CONMON, *pool.NASTY_RUNTIMES)))
    if draw(st.booleans()):
        host["programs"][path] = replacement
    else:
        del host["programs"][path]
        host["programs"]["/usr/bin/true"] = {}


def _break_network(draw: st.DrawFn, host: Description) -> None:
    host["files"] |= draw(_networks(pool.NASTY_CNI_LISTS, user=bool(host["uid"])))


def _set_variable(draw: st.DrawFn, host: Description) -> None:
    name, value = draw(st.sampled_from(pool.NASTY_VARIABLES))
    host["env"][name] = value


def _strange_mode(draw: st.DrawFn, host: Description) -> None:
    path, mode = draw(st.sampled_from(pool.NASTY_DIRECTORIES))
    host["dirs"][path] = {"mode": mode}


def _protect(draw: st.DrawFn, host: Description) -> None:
    path = draw(st.sampled_from(pool.NASTY_READ_ONLY))
    host["dirs"].setdefault(path, {})
    host["readonly"] = [*host.get("readonly", ()), path]


def _limit(draw: st.DrawFn, host: Description) -> None:
    path = draw(st.sampled_from(pool.NASTY_LIMITED))
    size = draw(st.sampled_from(("4k", "16k", "40k", "200k")))
    host["mounts"] = [*host.get("mounts", ()), {"path": path, "size": size, "mode": "0777"}]


def _strange_file(draw: st.DrawFn, host: Description) -> None:
    """A file where none should be, unless something that is described lies on its path."""
    path, entry = draw(st.sampled_from(pool.NASTY_FILES))
    described = (*host["files"], *host["dirs"], *(one["path"] for one in host.get("mounts", ())))
    if not any(other == path or other.startswith(f"{path}/") for other in (*described, *host.get("readonly", ()))):
        host["files"][path] = entry


def _strange_segment(draw: st.DrawFn, host: Description) -> None:
    name = f"libpod_rootless_lock_{pool.USER}" if host["uid"] else "libpod_lock"
    entry = draw(st.sampled_from((*pool.SEGMENTS, *pool.NASTY_SEGMENTS)))
    host["files"][f"/dev/shm/{name}"] = {**entry, "uid": host["uid"], "gid": host["uid"], "mode": "0600"}  # noqa: S108


def _damage_database(draw: st.DrawFn, host: Description) -> None:
    """A database of another configuration, or a file that is none."""
    for path, entry in host["files"].items():
        if path.endswith("bolt_state.db") and "bolt" in entry:
            key = draw(st.sampled_from(("os", "static-dir", "tmp-dir", "run-root", "graph-driver-name", "volume-path")))
            value = draw(st.sampled_from(("", "/srv/other", None)))
            tree = dict(entry["bolt"])
            config = {name: held for name, held in tree["runtime-config"].items() if name != key}
            tree["runtime-config"] = config if value is None else config | {key: value}
            text = {"text": "this is not a database\n" * 400, "mode": "0600"}
            host["files"][path] = draw(st.sampled_from(({**entry, "bolt": tree}, text, {**entry, "mode": "0000"})))
            return


def _forget_ids(draw: st.DrawFn, host: Description) -> None:
    host["subids"] = draw(st.booleans())
    host["session"] = draw(st.booleans())


_TROUBLES: Final = (
    _misconfigure, _misstore, _break_program, _break_network, _set_variable, _strange_mode, _protect, _strange_file,
    _strange_segment, _damage_database, _forget_ids,
)  # fmt: skip
