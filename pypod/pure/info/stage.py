"""The engine's environment, and what ``podman info`` shows."""

from __future__ import annotations

from typing import Any

import msgspec
from pyrsistent import PMap, pmap
from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import (
    CGROUP_MANAGER,
    CONFIG_FILE,
    DEFAULT_CAPABILITIES,
    ENGINE_ENV,
    LOG_DRIVER,
    NETWORK_CMD_PATH,
    SECCOMP_PROFILE,
    VOLUME_PATH,
    VOLUME_PLUGINS,
)
from pypod.pure.conmon.decide import shown_version
from pypod.pure.draft import Draft
from pypod.pure.facts import FileStatus, Level
from pypod.pure.failure import HostError, Problem
from pypod.pure.info.environment import TEMPORARY, assignment, skipped, unset
from pypod.pure.info.form import version_shown
from pypod.pure.info.host import (
    BUILDAH_VERSION,
    OS_RELEASE,
    SECCOMP_PROFILES,
    UNKNOWN,
    counted,
    distribution,
    go_architecture,
    graph_option,
    id_map,
    is_mount_program,
    no_runtime_info,
    package_named,
    package_queries,
    program,
    program_version,
    remote_socket,
    seccomp_profile,
)
from pypod.pure.info.kernel import (
    CGROUP_ROOT,
    CGROUPS,
    KERNEL,
    MEMORY,
    OWN_CGROUP,
    UPTIME,
    enabled_controllers,
    kernel,
    listed_controllers,
    memory,
    mounted_controllers,
    own_controllers_file,
    unread,
    uptime,
)
from pypod.pure.lifecycle.loading_stage import load_containers, sync_container
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.options.from_flags import check_environment
from pypod.pure.program import Program, attempt, need, note, notes, reworded, settle, stage
from pypod.pure.registries.decide import shown
from pypod.pure.registries.stage import read_registries
from pypod.pure.store.facts import Store
from pypod.pure.store.layout import images_table
from pypod.pure.store.tables import count
from pypod.pure.surroundings.stage import look_path
from pypod.pure.vocabulary.files import ReadFile, Stat
from pypod.pure.vocabulary.process import ReadVariable, RunProgram, SetVariable

Shown = PMap[str, Any]


def _environment(draft: Draft) -> Program[Draft]:
    """Set what ``engine.env`` names, unless it is set, and a place for temporary files; check Podman's own flags."""
    for entry in draft.setting(ENGINE_ENV):
        name, value = settle(assignment(entry))
        if (yield from need(ReadVariable(name))) is not None:
            yield from notes((skipped(name),))
        else:
            yield from need(SetVariable(name, value), unset)
    if (yield from need(ReadVariable(TEMPORARY[0]))) is None:
        yield from need(SetVariable(*TEMPORARY))
    settle(check_environment(draft.request.flags))
    return draft


def _info(draft: Draft) -> Program[Draft]:
    host = yield from reworded(_host(draft), _no_host)
    store = None
    if draft.store is not None:
        store = yield from reworded(_store(draft, draft.store), _not_shown)
    registries = shown((yield from read_registries(draft)))
    volumes = draft.setting(VOLUME_PLUGINS)
    plugins = {
        "volume": ("local", *sorted(volumes)),
        "network": ("bridge", "macvlan"),
        "log": ("k8s-file", "none", "journald"),
    }
    parts: dict[str, Any] = {
        "host": host,
        "store": store,
        "registries": registries,
        "plugins": pmap(plugins),
        "version": pmap(version_shown(go_architecture(draft.surroundings.host.architecture))),
    }
    return msgspec.structs.replace(draft, info=pmap(parts))


def _no_host(problem: Problem) -> Program[Problem]:
    yield from ()
    return problem.wrapped("error getting host info")


def _not_shown(problem: Problem) -> Program[Problem]:
    yield from ()
    return problem.wrapped("error getting store info")


def _host(draft: Draft) -> Program[Shown]:
    around = draft.surroundings
    fixed: dict[str, Any] = {
        "arch": go_architecture(around.host.architecture),
        "buildahVersion": BUILDAH_VERSION,
        "cgroupManager": draft.setting(CGROUP_MANAGER),
        "cgroupVersion": "v2" if around.unified else "v1",
        "distribution": distribution((yield from attempt(ReadFile(OS_RELEASE)))),
        "eventLogger": draft.events_logger,
        "hostname": around.host.hostname,
        "idMappings": (yield from _id_mappings(draft)),
        "linkmode": "dynamic",
        "logDriver": draft.setting(LOG_DRIVER),
        "os": "linux",
        "remoteSocket": (yield from _remote_socket(draft)),
        "security": (yield from _security(draft)),
        "serviceIsRemote": False,
        "slirp4netns": (yield from _slirp4netns(draft)),
    }
    machine = yield from _machine(draft)
    programs = yield from _programs(draft)
    return pmap({**fixed, **machine, **programs})


def _machine(draft: Draft) -> Program[dict[str, Any]]:
    """What the kernel tells of the machine: it differs from one moment to the next."""
    held = memory((yield from need(ReadFile(MEMORY), lambda error: unread("reading memory info", error))))
    release = kernel((yield from need(ReadFile(KERNEL), lambda error: unread("reading kernel version", error))))
    controllers = yield from _controllers(draft)
    up = uptime((yield from need(ReadFile(UPTIME), lambda error: unread("reading up time", error))))
    around = draft.surroundings
    return {**held, "kernel": release, "cgroupControllers": controllers, "uptime": up, "cpus": around.host.processors}


def _controllers(draft: Draft) -> Program[list[str]]:
    """The cgroup controllers that containers can have: a user has none on the first hierarchies."""
    around = draft.surroundings
    if around.unified:
        own = (yield from attempt(ReadFile(OWN_CGROUP))).value_or(b"") if around.rootless else b""
        path = own_controllers_file(own, rootless=around.rootless)
        return listed_controllers((yield from attempt(ReadFile(path))).value_or(b""))
    if around.rootless:
        return []
    content = yield from need(ReadFile(CGROUPS), lambda error: unread("getting available cgroup controllers", error))
    names = enabled_controllers(content)
    mounted: tuple[Result[FileStatus, HostError], ...] = ()
    for name in names:
        mounted = (*mounted, (yield from attempt(Stat(f"{CGROUP_ROOT}/{name}"))))
    return mounted_controllers(names, mounted)


def _id_mappings(draft: Draft) -> Program[Shown]:
    if not draft.surroundings.rootless:
        return pmap({"gidmap": None, "uidmap": None})
    uids = yield from need(ReadFile("/proc/self/uid_map"))
    gids = yield from need(ReadFile("/proc/self/gid_map"))
    return pmap({"gidmap": id_map(gids), "uidmap": id_map(uids)})


def _remote_socket(draft: Draft) -> Program[Shown]:
    directory = (yield from need(ReadVariable("XDG_RUNTIME_DIR"))) if draft.surroundings.rootless else ""
    path = remote_socket(directory or "")
    there = yield from attempt(Stat(path))
    return pmap({"path": path, "exists": True} if isinstance(there, Success) else {"path": path})


def _security(draft: Draft) -> Program[Shown]:
    around = draft.surroundings
    present: tuple[Result[FileStatus, HostError], ...] = ()
    if not draft.setting(SECCOMP_PROFILE):
        override = yield from attempt(Stat(SECCOMP_PROFILES[0]))
        present = (override, (yield from attempt(Stat(SECCOMP_PROFILES[1]))))
    apparmor = around.host.apparmor and not around.rootless
    if apparmor and isinstance((yield from attempt(Stat("/sbin/apparmor_parser"))), Failure):
        apparmor = (yield from look_path("apparmor_parser")) is not None
    capabilities = draft.setting(DEFAULT_CAPABILITIES)
    return pmap(
        {
            "apparmorEnabled": apparmor,
            "capabilities": ",".join(capabilities),
            "rootless": around.rootless,
            "seccompEnabled": around.host.seccomp,
            "seccompProfilePath": seccomp_profile(draft.setting(SECCOMP_PROFILE), present),
            "selinuxEnabled": around.host.selinux,
        }
    )


def _package(path: str) -> Program[str]:
    """The package that a program is from, by the first package tool that knows it."""
    for query in package_queries(path):
        if isinstance((yield from attempt(Stat(query[0]))), Success):
            named = package_named((yield from attempt(RunProgram(query))))
            if named:
                return named
    return UNKNOWN


def _version(path: str) -> Program[str]:
    """A program's version; empty, and a warning, where it does not tell."""
    version = program_version(path, (yield from attempt(RunProgram((path, "--version")))))
    if isinstance(version, Failure):
        yield from note(Level.WARNING, f"Failed to retrieve program version for {path}: {version.failure()}")
    return version.value_or("")


def _slirp4netns(draft: Draft) -> Program[Shown]:
    path = draft.setting(NETWORK_CMD_PATH) or (yield from look_path("slirp4netns")) or ""
    version = (yield from _version(path)) if path else ""
    package = (yield from _package(path)) if path else ""
    return program(executable=path, package=package, version=version)


def _programs(draft: Draft) -> Program[dict[str, Any]]:
    """The runtime and conmon: both, or neither where the runtime does not tell its version."""
    runtime = draft.default_runtime
    if runtime is None:
        return {"conmon": None, "ociRuntime": None}
    answer = yield from attempt(RunProgram((runtime.path, "--version")))
    version = program_version(runtime.path, answer)
    if isinstance(version, Failure):
        yield from note(Level.ERROR, no_runtime_info(runtime.name, version.failure()))
        return {"conmon": None, "ociRuntime": None}
    return (yield from _described(draft, runtime, version.unwrap()))


def _described(draft: Draft, runtime: OciRuntime, version: str) -> Program[dict[str, Any]]:
    package = yield from _package(runtime.path)
    answer = yield from attempt(RunProgram((draft.conmon_path, "--version")))
    conmon = shown_version(answer.map(lambda output: output.stdout).value_or(b""))
    conmon_package = yield from _package(draft.conmon_path)
    return {
        "conmon": program(package=conmon_package, path=draft.conmon_path, version=conmon),
        "ociRuntime": program(name=runtime.name, package=package, path=runtime.path, version=version),
    }


def _store(draft: Draft, store: Store) -> Program[Shown]:
    states: tuple[int, ...] = ()
    if draft.locks is not None:
        draft, objects = yield from load_containers(draft)
        for container in objects.containers:
            settle((yield from sync_container(draft, container)))
        states = tuple(container.state for container in objects.containers)
    images = yield from _images(store)
    config_file, volume_path = draft.setting(CONFIG_FILE), draft.setting(VOLUME_PATH)
    return pmap(
        {
            "configFile": config_file,
            "containerStore": counted(states),
            "graphDriverName": store.driver,
            "graphOptions": (yield from _graph_options(store)),
            "graphRoot": store.graph_root,
            "graphStatus": pmap(dict(store.status)),
            "imageStore": pmap({"number": images}),
            "runRoot": store.run_root,
            "volumePath": volume_path,
        }
    )


def _images(store: Store) -> Program[int]:
    """How many images the store and its additional ones have."""
    contents: tuple[bytes, ...] = ()
    for root in (store.graph_root, *store.image_stores):
        content = yield from attempt(ReadFile(images_table(root, store.driver).file))
        contents = (*contents, content.value_or(b""))
    return count(contents)


def _graph_options(store: Store) -> Program[Shown]:
    options: Shown = pmap()
    for option in store.options:
        key, value = graph_option(option)
        if is_mount_program(key):
            version = yield from _version(value)
            package = yield from _package(value)
            options = options.set(key, program(Executable=value, Version=version, Package=package))
        else:
            options = options.set(key, value)
    return options


ENGINE_ENVIRONMENT = stage("engine-environment", _environment)
INFO = stage("info", _info)
