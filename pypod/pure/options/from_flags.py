"""Podman's global flags as RuntimeOptions, in Podman's order (``pkg/domain/infra/runtime_libpod.go``)."""

from __future__ import annotations

from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import NAMESPACE
from pypod.pure.configured import Configured
from pypod.pure.facts import Diagnostic, Level
from pypod.pure.failure import Misused, Problem, Refused
from pypod.pure.gotext import quoted
from pypod.pure.options.all import (
    CGROUPFS,
    WithCgroupManager,
    WithCNIConfigDir,
    WithConmonPath,
    WithDefaultMountsFile,
    WithEnableSDNotify,
    WithEventsLogger,
    WithHooksDir,
    WithMigrate,
    WithMigrateRuntime,
    WithNamespace,
    WithNetworkCmdPath,
    WithOCIRuntime,
    WithRegistriesConf,
    WithRenumber,
    WithRuntimeFlags,
    WithTmpDir,
)
from pypod.pure.options.flag_values import comma_list, whole_number
from pypod.pure.options.flags import Given, last
from pypod.pure.options.option import RuntimeOption
from pypod.pure.options.storage import WithStorageConfig
from pypod.pure.storage.facts import SubordinateFiles
from pypod.pure.storage.id_maps import parse_id_map, subordinate_maps
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.userns.facts import IdRange

_LONGEST_RUN_ROOT: Final = 50
_MAP_FLAGS: Final = ("uidmap", "gidmap", "subuidname", "subgidname")
_Maps = tuple[tuple[IdRange, ...], tuple[IdRange, ...]]


def options_of(
    flags: Given,
    configured: Configured,
    surroundings: Surroundings,
    *,
    command: str = "",
    files: SubordinateFiles = SubordinateFiles(),  # noqa: B008 - a value
) -> Result[tuple[RuntimeOption, ...], Problem]:
    """The options in the order in which Podman appends them, or what it refuses without asking libpod.

    ``flags`` are the global ones as given, and the command's that matter here (``new-runtime`` and the id maps);
    ``files`` are needed where ``subuidname`` or ``subgidname`` is among them.
    """
    storage = _storage(flags, surroundings, files)
    if isinstance(storage, Failure):
        return Failure(storage.failure())
    candidates: tuple[RuntimeOption | None, ...] = (
        *_command_options(command, flags),
        _runtime_flags(flags),
        storage.unwrap(),
        _namespace(flags, configured),
        *_single(flags, surroundings),
        WithEnableSDNotify(at=command) if command == "system service" else None,
    )
    return Success(tuple(option for option in candidates if option is not None))


def needs_subordinate_files(flags: Given) -> bool:
    """Whether id maps are to be looked up by name."""
    return bool(last(flags, "subuidname") or last(flags, "subgidname"))


def said_of(options: tuple[RuntimeOption, ...]) -> tuple[Diagnostic, ...]:
    """What libpod says when options are made, before any is applied."""
    return tuple(
        Diagnostic(Level.DEBUG, f"Setting custom registries.conf: {quoted(option.path)}")
        for option in options
        if isinstance(option, WithRegistriesConf)
    )


def check_environment(flags: Given) -> Result[None, Problem]:
    """What Podman checks once the runtime exists: ``--context`` and ``--max-workers``."""
    if last(flags, "context", "default") != "default":
        return Failure(Misused('Podman does not support swarm, the only --context value allowed is "default"'))
    workers = last(flags, "max-workers")
    number = whole_number(workers) if workers else 1
    if number is None or number <= 0:
        return Failure(Misused(f"maximum workers must be set to a positive number (got {number})", "max-workers"))
    return Success(None)


def _has(flags: Given, name: str) -> bool:
    return any(flag == name for flag, _ in flags)


def _values(flags: Given, name: str) -> tuple[str, ...]:
    return tuple(value for flag, value in flags if flag == name)


def _command_options(command: str, flags: Given) -> tuple[RuntimeOption, ...]:
    at = f"podman {command}"
    if command == "system migrate":
        new = last(flags, "new-runtime")
        return (WithMigrate(at), WithMigrateRuntime(new, "--new-runtime")) if new else (WithMigrate(at),)
    return (WithRenumber(at),) if command in ("system renumber", "system reset") else ()


def _runtime_flags(flags: Given) -> RuntimeOption | None:
    given = _values(flags, "runtime-flag")
    return WithRuntimeFlags(tuple(f"--{flag}" for flag in given), "--runtime-flag") if given else None


def _namespace(flags: Given, configured: Configured) -> RuntimeOption | None:
    """The namespace, from the flag or containers.conf: an empty one is no option."""
    if _has(flags, "namespace"):
        given = last(flags, "namespace")
        return WithNamespace(given, "--namespace") if given else None
    if NAMESPACE not in configured.settings or not configured.settings.get(NAMESPACE):
        return None
    return WithNamespace(configured.settings.get(NAMESPACE), configured.settings.origin(NAMESPACE).at)


def _single(flags: Given, surroundings: Surroundings) -> tuple[RuntimeOption | None, ...]:
    """The options that a flag of their own makes, whenever it is given at all."""

    def given(name: str) -> str | None:
        return last(flags, name) if _has(flags, name) else None

    runtime, conmon, tmp_dir = given("runtime"), given("conmon"), given("tmpdir")
    network, events, manager = given("network-cmd-path"), given("events-backend"), given("cgroup-manager")
    cni, mounts, registries = given("cni-config-dir"), given("default-mounts-file"), given("registries-conf")
    fallback = surroundings.rootless and not surroundings.unified
    return (
        None if runtime is None else WithOCIRuntime(runtime, "--runtime"),
        None if conmon is None else WithConmonPath(conmon, "--conmon"),
        None if tmp_dir is None else WithTmpDir(tmp_dir, "--tmpdir"),
        None if network is None else WithNetworkCmdPath(network, "--network-cmd-path"),
        None if events is None else WithEventsLogger(events, "--events-backend"),
        WithCgroupManager(manager, "--cgroup-manager") if manager is not None
        else WithCgroupManager(CGROUPFS, "rootless on cgroups v1") if fallback else None,
        None if cni is None else WithCNIConfigDir(cni, "--cni-config-dir"),
        None if mounts is None else WithDefaultMountsFile(mounts, "--default-mounts-file"),
        WithHooksDir(_hooks(flags), "--hooks-dir") if _has(flags, "hooks-dir") else None,
        None if registries is None else WithRegistriesConf(registries, at="--registries-conf"),
    )  # fmt: skip


def _hooks(flags: Given) -> tuple[str, ...]:
    lists = (comma_list(text).value_or(()) for text in _values(flags, "hooks-dir"))
    return tuple(path for paths in lists for path in paths)


def _storage(
    flags: Given, surroundings: Surroundings, files: SubordinateFiles
) -> Result[WithStorageConfig | None, Problem]:
    maps = _id_maps(flags, surroundings, files)
    if isinstance(maps, Failure):
        return Failure(Refused.saying(maps.failure()))
    run_root = last(flags, "runroot")
    if len(run_root.encode(errors="surrogateescape")) > _LONGEST_RUN_ROOT:
        return Failure(Misused("the specified runroot is longer than 50 characters", "runroot"))
    given = [name for name in ("root", "runroot", "storage-driver", "storage-opt", *_MAP_FLAGS) if _has(flags, name)]
    if not given:
        return Success(None)
    said = _values(flags, "storage-opt")
    dropped = _has(flags, "root") or _has(flags, "storage-driver")
    options = () if said == ("",) else said
    uids, gids = maps.unwrap()
    return Success(
        WithStorageConfig(
            run_root, last(flags, "root"), last(flags, "storage-driver"), options if said or dropped else None, uids, gids,
            "command line",
            (("run_root", "--runroot"), ("graph_root", "--root"), ("graph_driver", "--storage-driver"),
             ("graph_options", _dropping(flags)), ("uid_map", "--uidmap"), ("gid_map", "--gidmap")),
        )
    )  # fmt: skip


def _dropping(flags: Given) -> str:
    """The flag on whose account the driver options are what they are."""
    return next(f"--{name}" for name in ("storage-opt", "storage-driver", "root", "") if not name or _has(flags, name))


def _id_maps(flags: Given, surroundings: Surroundings, files: SubordinateFiles) -> Result[_Maps, str]:
    """The maps of a container's command line (``ParseIDMapping``); none where no flag asks for any."""
    if not any(_has(flags, name) for name in _MAP_FLAGS):
        return Success(((), ()))
    mode = last(flags, "userns")
    uids, gids = _comma_values(flags, "uidmap"), _comma_values(flags, "gidmap")
    user, group = last(flags, "subuidname"), last(flags, "subgidname")
    if mode == "auto" or mode.startswith("auto:"):
        return Success(((), ()))
    if mode == "keep-id":
        return _kept_ids(uids or gids, user or group)
    user, group = user or group, group or user
    uids, gids = uids or gids, gids or uids
    identity = surroundings.identity
    if identity.uid and not user:
        uids = uids or (f"0:{identity.uid}:1",)
        gids = gids or (f"0:{identity.gid}:1",)
    named = subordinate_maps(user, group, files) if user else Success[_Maps](((), ()))
    return _appended(named, uids, gids)


def _kept_ids(maps: tuple[str, ...], name: str) -> Result[_Maps, str]:
    if maps:
        return Failure("cannot specify custom mappings with --userns=keep-id")
    if name:
        return Failure("cannot specify subuidmap or subgidmap with --userns=keep-id")
    return Success(((), ()))


def _appended(named: Result[_Maps, str], uids: tuple[str, ...], gids: tuple[str, ...]) -> Result[_Maps, str]:
    if isinstance(named, Failure):
        return named
    uid_map, gid_map = parse_id_map(uids, "UID"), parse_id_map(gids, "GID")
    if isinstance(uid_map, Failure):
        return Failure(uid_map.failure())
    if isinstance(gid_map, Failure):
        return Failure(gid_map.failure())
    first = named.unwrap()
    return Success(((*first[0], *uid_map.unwrap()), (*first[1], *gid_map.unwrap())))


def _comma_values(flags: Given, name: str) -> tuple[str, ...]:
    return tuple(part for text in _values(flags, name) for part in comma_list(text).value_or(()))
