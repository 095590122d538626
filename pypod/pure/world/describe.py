"""A described host as a world: the JSON of a case, laid on the host that every case starts from.

``described`` reads a case (or a recording of one, ``{"case": …}``) as it is before one of its steps; ``next_step`` goes
on with a host on which steps were run.  Fields of a case:

    uid, subids, cgroup, init, env, remove, dirs, files, programs, mounts, readonly, steps
    overlay      {supported, d_type, metacopy, native_diff}: what the kernel can do
    machine      the kernel's machine name;  page_size in bytes;  boot_id;  hostname
    build        {drivers, systemd};  selinux, apparmor, seccomp;  podman_installed: a version
    processes    ids to names: those that run besides process 1
    limits       {nproc}: RLIMIT_NPROC, soft and hard;  session: whether logind knows one of the user
"""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import ALL_CAPABILITIES, BuildFacts, FileType, HostFacts, Identity
from pypod.pure.table import Table
from pypod.pure.world.base import SEARCH_PATH, base_mounts, skeleton
from pypod.pure.world.laying import USER_HOME, Laying
from pypod.pure.world.mounts import unmounted
from pypod.pure.world.namespaces import departed
from pypod.pure.world.shape import Misshapen, MisshapenError, Part, number_in, text_in, truth_in
from pypod.pure.world.state import EMPTY, Node, Overlay, Program, World
from pypod.pure.world.tree import SYS_RESOURCE, replaced

__all__ = ["Misshapen", "described", "next_step"]

_ROOT: Final = Identity(capabilities=ALL_CAPABILITIES)
_VOLATILE: Final = ("/run/", "/tmp/")  # noqa: S108 - what a boot empties
_EMPTIED: Final = ("/run", "/tmp", "/dev/shm")  # noqa: S108 - what a boot empties
_PODMAN: Final = "/usr/bin/podman"
_FIRST_PID: Final = 100
_BOOT_ID: Final = "00000000-0000-4000-8000-000000000000"


def described(description: object, step: int = 0) -> Result[World, Misshapen]:
    """The host just before a step's command, with the fields of the steps before it laid, but none of them run."""
    try:
        case = _case(description)
        world = _built(case)
        for index in range(step + 1):
            world = _stepped(world, case, index)
    except MisshapenError as wrong:
        return Failure(wrong.wrong)
    return Success(world)


def next_step(world: World, description: object, step: int) -> Result[World, Misshapen]:
    """The same host before another step, after earlier ones were run on it: a reboot, if the step says so, and its fields."""
    try:
        return Success(_stepped(departed(world), _case(description), step))
    except MisshapenError as wrong:
        return Failure(wrong.wrong)


def _case(description: object) -> Part:
    whole = Part(description)
    inner = whole.get("case")
    return whole if inner is None else inner


def _built(case: Part) -> World:
    uid = number_in(case, "uid", 0, (1 << 32) - 2)
    cgroup = text_in(case, "cgroup", "v1")
    if cgroup not in ("v1", "v2"):
        Part(cgroup, f"{case.place}.cgroup").wrong('"v1" or "v2"')
    init = text_in(case, "init", "init")
    others = _processes(case)
    world = World(
        nodes=skeleton(rootless=uid != 0, subids=truth_in(case, "subids", otherwise=True)),
        open=False,
        identity=_ROOT,
        mounts=base_mounts(unified=cgroup == "v2"),
        processes=Table({**others, 1: init}),
        next_pid=max((_FIRST_PID, *(pid + 1 for pid in others))),
        cwd="/",
        facts=_facts(case),
        overlay=_overlay(case),
        session=truth_in(case, "session", otherwise=False),
    )
    laying = _laying(world, case)
    for path, text in (("/proc/1/comm", init), ("/proc/sys/kernel/random/boot_id", _facts(case).boot_id)):
        data = text.encode("utf-8", "surrogatepass") + b"\n"
        laying.set(path, Node(FileType.FILE, 0o444, size=len(data), content=data))
    _install(laying, text_in(case, "podman_installed", "3.4.7"))
    laying.lay(case)
    world = laying.world
    return replaced(world, booted=tuple(mount.point for mount in world.mounts))


def _processes(case: Part) -> dict[int, str]:
    """The processes that a case lists."""
    running: dict[int, str] = {}
    for pid, name in case.each("processes"):
        if not pid.isdecimal() or not 1 < int(pid) < 1 << 22 or not name.text():
            name.wrong("the name of a process, under its id")
        running[int(pid)] = name.text()
    return running


def _install(laying: Laying, version: str) -> None:
    """The podman of the host, which tells its version; none where that is empty."""
    if not version:
        laying.remove(_PODMAN)
        return
    said = f"podman version {version}\n".encode("utf-8", "surrogatepass")
    laying.set(_PODMAN, Node(FileType.FILE, 0o755, content=Program(said)))


def _laying(world: World, case: Part) -> Laying:
    laying = Laying(replaced(world, identity=_ROOT))
    laying.rootless = number_in(case, "uid", 0) != 0
    return laying


def _facts(case: Part) -> HostFacts:
    build = case.get("build") or Part({}, f"{case.place}.build")
    usual = BuildFacts()
    drivers = tuple(one.text() for one in build.items("drivers")) if build.get("drivers") else usual.drivers
    return HostFacts(
        hostname=text_in(case, "hostname", "host"),
        architecture=text_in(case, "machine", "x86_64"),
        page_size=number_in(case, "page_size", 4096, 1 << 20) or 4096,
        boot_id=text_in(case, "boot_id", _BOOT_ID),
        selinux=truth_in(case, "selinux", otherwise=False),
        apparmor=truth_in(case, "apparmor", otherwise=False),
        seccomp=truth_in(case, "seccomp", otherwise=True),
        build=BuildFacts(drivers, truth_in(build, "systemd", otherwise=True)),
    )


def _overlay(case: Part) -> Overlay:
    part = case.get("overlay") or Part({}, f"{case.place}.overlay")
    return Overlay(
        supported=truth_in(part, "supported", otherwise=True),
        d_type=truth_in(part, "d_type", otherwise=True),
        metacopy=truth_in(part, "metacopy", otherwise=False),
        native_diff=truth_in(part, "native_diff", otherwise=True),
    )


def _stepped(world: World, case: Part, index: int) -> World:
    """The world with a step's fields laid, seen by the process that the step starts."""
    steps = list(case.items("steps"))
    step = steps[index] if index < len(steps) else Part({}, f"{case.place}.steps[{index}]")
    if truth_in(step, "reboot_before", otherwise=False):
        world = _rebooted(world, case)
    laying = _laying(world, case)
    laying.lay(step)
    uid = number_in(case, "uid", 0)
    who = Identity(uid, uid, uid, uid) if uid else Identity(capabilities=ALL_CAPABILITIES & ~(1 << SYS_RESOURCE))
    return replaced(
        laying.world,
        identity=who,
        environment=_environment(uid, case, step),
        cwd=text_in(step, "cwd", "/"),
        limits=_limits(case),
    )


def _limits(case: Part) -> tuple[int, int]:
    nproc = number_in(case.get("limits") or Part({}), "nproc", 4096)
    return nproc, nproc


def _environment(uid: int, *sources: Part) -> Table[str, str | None]:
    environment: dict[str, str | None] = {"PATH": SEARCH_PATH, "HOME": USER_HOME if uid else "/root"}
    for source in sources:
        for name, value in source.each("env"):
            if value.value is None:
                environment.pop(name, None)
            else:
                environment[name] = value.text()
    return Table(environment)


def _is_volatile(path: str) -> bool:
    return path.startswith(_VOLATILE)


def _rebooted(world: World, case: Part) -> World:
    """Every process but the first is gone, with the mounts since the start; what a boot and a login make is made again."""
    mounts = [one for one in case.items("mounts") if _is_volatile(text_in(one, "path", ""))]
    protected = [one for one in case.items("readonly") if _is_volatile(one.path())]
    again = {text_in(one, "path", "") for one in mounts} | {one.path() for one in protected}
    for mount in reversed(world.mounts):
        if mount.point not in world.booted or mount.point in again:
            world = unmounted(world, mount)
    first = {pid: name for pid, name in world.processes.items() if pid == 1}
    world = replaced(world, processes=Table(first), pauses=EMPTY)
    laying = _laying(world, case)
    for path in _EMPTIED:
        laying.clear(path)
    for path, entry in case.each("dirs"):
        if _is_volatile(path):
            laying.directory(path, entry)
    for one in mounts:
        laying.mount(one)
    listed = {path for path, _ in case.each("dirs")}
    for one in protected:
        if one.path() in listed or not isinstance(laying.found(one.path()), int):
            laying.protect(one)
    return laying.world
