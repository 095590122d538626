"""The built-in configuration (containers/common 0.44.5 ``pkg/config/default.go``), as far as it depends on nothing,
and what the rest depends on: who runs, cgroup v2, systemd, the store's graph root, the OCI runtimes that exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.configuration import keys
from pypod.pure.facts import Diagnostic, FileStatus, Level
from pypod.pure.failure import HostError
from pypod.pure.gotext import joined, quoted
from pypod.pure.settings import Claim, Key, Origin, Setting, Settings, Source
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.table import Table

HARDCODED_GRAPH_ROOT: Final = "/var/lib/containers/storage"
SYSTEM_POLICY: Final = "/etc/containers/policy.json"
PID_MAX_FILE: Final = "/proc/sys/kernel/pid_max"
FALLBACK_PROCESSES: Final = 1048576
"""The limit of processes where pid_max cannot be read, or may not be set."""

ROOT_TMP_DIR: Final = "/run/libpod"
ROOT_NETWORK_CONFIG_DIR: Final = "/etc/cni/net.d/"
ROOTLESS_NETWORK_CONFIG_DIR: Final = "cni/net.d"
LIBPOD_DIRECTORY_MODE: Final = 0o1700
"""0700 and the sticky bit, which keeps systemd-tmpfiles away."""

CNI_PLUGIN_DIRS: Final = (
    "/usr/local/libexec/cni", "/usr/libexec/cni", "/usr/local/lib/cni", "/usr/lib/cni", "/opt/cni/bin",
)  # fmt: skip

_PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CAPABILITIES: Final = (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID"
    " SYS_CHROOT"
)
_BINARY_DIRECTORIES: Final = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")

OCI_RUNTIMES: Final[dict[str, tuple[str, ...]]] = {
    "crun": tuple(f"{at}/crun" for at in (*_BINARY_DIRECTORIES, "/sbin", "/bin", "/run/current-system/sw/bin")),
    "runc": tuple(
        f"{at}/runc"
        for at in (*_BINARY_DIRECTORIES, "/sbin", "/bin", "/usr/lib/cri-o-runc/sbin", "/run/current-system/sw/bin")
    ),
    "kata": (
        *(f"{at}/kata-runtime" for at in (*_BINARY_DIRECTORIES, "/sbin", "/bin")),
        "/usr/bin/kata-qemu",
        "/usr/bin/kata-fc",
    ),
    "runsc": tuple(f"{at}/runsc" for at in (*_BINARY_DIRECTORIES, "/bin", "/sbin", "/run/current-system/sw/bin")),
}
"""The built-in runtimes, in the order in which a default one is looked for, and where each may be."""


class DefaultProbes(Struct, frozen=True):
    """What the defaults were observed to depend on.

    ``runtime_directory`` is empty for root.  ``graph_root`` is the default store's.  ``config_home`` is where a
    rootless user's configuration lives.  ``runtime`` is the name of the default OCI runtime, empty where none was
    found.  ``process_limit`` is 0 where RLIMIT_NPROC could not be set.
    """

    runtime_directory: str = ""
    graph_root: str = HARDCODED_GRAPH_ROOT
    config_home: str = ""
    runtime: str = ""
    signature_policy: str = SYSTEM_POLICY
    process_limit: int = 0


def _static() -> Iterator[tuple[Key[Any], object]]:
    """The defaults that depend on nothing."""
    lists = (
        keys.ANNOTATIONS, keys.DEFAULT_SYSCTLS, keys.DEVICES, keys.DNS_OPTIONS, keys.DNS_SEARCHES, keys.DNS_SERVERS,
        keys.VOLUMES, keys.ENGINE_ENV, keys.NETWORK_CMD_OPTIONS, keys.RUNTIME_PATH,
    )  # fmt: skip
    texts = (
        keys.CONTAINER_INIT_PATH, keys.LOG_TAG, keys.NETNS, keys.SECCOMP_PROFILE, keys.TZ, keys.DEFAULT_MOUNTS_FILE,
        keys.ACTIVE_SERVICE, keys.NAMESPACE, keys.INFRA_COMMAND, keys.IMAGE_DEFAULT_FORMAT, keys.NETWORK_CMD_PATH,
        keys.REMOTE_URI, keys.REMOTE_IDENTITY,
    )  # fmt: skip
    off = (
        keys.ENV_HOST, keys.INIT, keys.NO_HOSTS, keys.PREPARE_VOLUME_ON_CREATE, keys.CGROUP_CHECK, keys.MACHINE_ENABLED,
        keys.MULTI_IMAGE_ARCHIVE, keys.NO_PIVOT_ROOT, keys.REMOTE, keys.SD_NOTIFY,
    )  # fmt: skip
    on = (keys.HTTP_PROXY, keys.KEYRING, keys.CHOWN_COPIED_FILES, keys.ENABLE_PORT_RESERVATION)
    yield from ((key, ()) for key in lists)
    yield from ((key, "") for key in texts)
    yield from ((key, False) for key in off)
    yield from ((key, True) for key in on)
    yield from ((key, "private") for key in (keys.IPCNS, keys.PIDNS, keys.UTSNS))
    yield from ((key, Table()) for key in (keys.VOLUME_PLUGINS, keys.SECRETS_OPTS))
    yield keys.SERVICE_DESTINATIONS, Table()
    yield from _values().items()


def _values() -> dict[Key[Any], object]:
    conmon = "/usr/libexec/podman /usr/local/libexec/podman /usr/local/lib/podman /usr/bin /usr/sbin /usr/local/bin"
    conmon += " /usr/local/sbin /run/current-system/sw/bin"
    return {
        keys.APPARMOR_PROFILE: "containers-default-0.44.5",
        keys.CGROUPS: "enabled",
        keys.DEFAULT_CAPABILITIES: tuple(f"CAP_{name}" for name in _CAPABILITIES.split()),
        keys.CONTAINER_ENV: (_PATH, "TERM=xterm"),
        keys.LOG_SIZE_MAX: -1,
        keys.PIDS_LIMIT: 2048,
        keys.ROOTLESS_NETWORKING: "slirp4netns",
        keys.SHM_SIZE: "65536k",
        keys.UMASK: "0022",
        keys.USERNS: "host",
        keys.USERNS_SIZE: 65536,
        keys.CONMON_ENV_VARS: (_PATH,),
        keys.CONMON_PATH: tuple(f"{at}/conmon" for at in conmon.split()),
        keys.DETACH_KEYS: "ctrl-p,ctrl-q",
        keys.HELPER_BINARIES_DIR: (
            "/usr/local/libexec/podman",
            "/usr/local/lib/podman",
            "/usr/libexec/podman",
            "/usr/lib/podman",
        ),
        keys.HOOKS_DIR: ("/usr/share/containers/oci/hooks.d",),
        keys.IMAGE_BUILD_FORMAT: "oci",
        keys.IMAGE_DEFAULT_TRANSPORT: "docker://",
        keys.IMAGE_PARALLEL_COPIES: 0,
        keys.INFRA_IMAGE: "k8s.gcr.io/pause:3.5",
        keys.ENGINE_INIT_PATH: "/usr/libexec/podman/catatonit",
        keys.LOCK_TYPE: "shm",
        keys.NUM_LOCKS: 2048,
        keys.PULL_POLICY: "missing",
        keys.RUNTIMES: Table(OCI_RUNTIMES),
        keys.RUNTIME_SUPPORTS_JSON: ("crun", "runc", "kata", "runsc"),
        keys.RUNTIME_SUPPORTS_NOCGROUP: ("crun",),
        keys.RUNTIME_SUPPORTS_KVM: ("kata", "kata-runtime", "kata-qemu", "kata-fc"),
        keys.STATE_TYPE: 3,
        keys.STOP_TIMEOUT: 10,
        keys.CNI_PLUGIN_DIRS: CNI_PLUGIN_DIRS,
        keys.DEFAULT_NETWORK: "podman",
        keys.DEFAULT_SUBNET: "10.88.0.0/16",
        keys.SECRETS_DRIVER: "file",
        keys.MACHINE_CPUS: 1,
        keys.MACHINE_DISK_SIZE: 10,
        keys.MACHINE_IMAGE: "testing",
        keys.MACHINE_MEMORY: 2048,
    }


@cache
def static_defaults() -> Settings:
    """The defaults that depend on nothing; made once."""
    return Settings(Table({key.name: Setting(Claim(value)) for key, value in _static()}))


# Hosts of a kind have the same defaults.
@lru_cache(maxsize=32)
def default_settings(around: Surroundings, probes: DefaultProbes) -> Settings:
    """Every key of containers.conf with its default."""
    return static_defaults().claims(
        (key.name, Claim(value, Origin(Source.COMPUTED, at) if at else Origin(Source.BUILTIN)))
        for key, value, at in _computed(around, probes)
    )


def _computed(around: Surroundings, probes: DefaultProbes) -> Iterator[tuple[Key[Any], object, str]]:
    """The defaults that depend on something: key, value, and on what."""
    tmp_dir = joined(probes.runtime_directory, "libpod/tmp") if around.unshared else ROOT_TMP_DIR
    runtime_directory = "the runtime directory" if around.unshared else ""
    graph_root = "storage.graph_root"
    init = "/proc/1/comm"
    yield keys.TMP_DIR, tmp_dir, runtime_directory
    yield keys.EVENTS_LOGFILE_PATH, f"{tmp_dir}/events/events.log", "the default of engine.tmp_dir"
    yield keys.STATIC_DIR, joined(probes.graph_root, "libpod"), graph_root
    yield keys.VOLUME_PATH, joined(probes.graph_root, "volumes"), graph_root
    yield keys.CGROUP_MANAGER, cgroup_manager(around), init
    yield keys.EVENTS_LOGGER, "journald" if around.journald else "file", init
    yield keys.LOG_DRIVER, "journald" if around.journald else "k8s-file", init
    yield keys.CGROUPNS, "private" if around.unified else "host", "/sys/fs/cgroup"
    yield keys.LABEL, around.host.selinux, "SELinux of the host"
    yield keys.RUNTIME, probes.runtime, "the OCI runtimes installed"
    yield keys.DEFAULT_ULIMITS, default_ulimits(probes.process_limit), PID_MAX_FILE
    yield keys.SIGNATURE_POLICY_PATH, probes.signature_policy, probes.config_home
    yield keys.NETWORK_CONFIG_DIR, network_config_dir(around, probes.config_home), probes.config_home


def cgroup_manager(around: Surroundings) -> str:
    """The default cgroup manager: systemd's where systemd runs, but not rootless on cgroup v1."""
    return "systemd" if around.systemd and (around.unified or not around.unshared) else "cgroupfs"


def network_config_dir(around: Surroundings, config_home: str) -> str:
    """Where CNI networks are configured by default; root's ends with a slash."""
    return joined(config_home, ROOTLESS_NETWORK_CONFIG_DIR) if around.unshared else ROOT_NETWORK_CONFIG_DIR


def default_ulimits(process_limit: int) -> tuple[str, ...]:
    """The default ulimits for a limit of processes that could be set; none for 0."""
    return (f"nproc={process_limit}:{process_limit}",) if process_limit else ()


def processes_allowed(pid_max: Result[bytes, HostError]) -> int:
    """The limit to try first: what ``/proc/sys/kernel/pid_max`` says, if it can be read as a number."""
    text = pid_max.value_or(b"").removesuffix(b"\n")
    return int(text) if text.isdigit() else FALLBACK_PROCESSES


def rootless_policy(config_home: str) -> str:
    """A rootless user's own signature policy."""
    return joined(config_home, "containers/policy.json")


def signature_policy(own: str, own_seen: Result[FileStatus, HostError], system: Result[FileStatus, HostError]) -> str:
    """A rootless user's signature policy: their own, but the system's where only that exists."""
    missing = isinstance(own_seen, Failure) and not isinstance(system, Failure)
    return SYSTEM_POLICY if missing else own


def default_graph_root(graph_root: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """The graph root that static_dir and volume_path start from, and the warning where the store has none."""
    if graph_root:
        return graph_root, ()
    text = f"Storage configuration is unset - using hardcoded default graph root {quoted(HARDCODED_GRAPH_ROOT)}"
    return HARDCODED_GRAPH_ROOT, (Diagnostic(Level.WARNING, text),)


def runtime_found_on_path(path: str) -> Diagnostic:
    """Said where the default OCI runtime is in none of its built-in places."""
    return Diagnostic(Level.DEBUG, f"Found default OCI runtime {path} path via PATH environment variable")
