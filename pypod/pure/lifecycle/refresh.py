"""What a refresh does after a reboot: to the containers, pods and volumes of a database (``Runtime.refresh``)."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts, PodFacts
from pypod.pure.facts import Diagnostic, FileStatus, Level
from pypod.pure.failure import HostError, InvalidArgument
from pypod.pure.gotext import joined, parent, quoted
from pypod.pure.store.tables import named
from pypod.pure.surroundings.facts import Surroundings

CONTAINER_ENVIRONMENT: Final = "/run/.containerenv"
MOUNTED_FLAG: Final = "graphRootMounted=1"
"""The line that tells a container that its graph root is its host's."""
RESTART: Final = "Podman detected system restart - performing state refresh"
RUN_DIRECTORY_MODE: Final = 0o700
USERNS_DIRECTORY_MODE: Final = 0o755
_CNI_NETWORKS: Final = "/var/lib/cni/networks"
_ROOTFUL_PARENT: Final = "/libpod_parent"


def graph_root_mounted(content: Result[bytes, HostError]) -> bool:
    """Whether this runs in a container whose graph root is the host's: then the database is not reset."""
    return MOUNTED_FLAG.encode() in (line.removesuffix(b"\r") for line in content.value_or(b"").split(b"\n"))


def mounted_flag(graph_root: str, sources: Iterable[str]) -> str:
    """The line for a container with mounts of these sources: the graph root begins with one of them, letter by letter."""
    return MOUNTED_FLAG if any(graph_root.startswith(source) for source in sources) else ""


def stored_ids(content: Result[bytes, HostError]) -> frozenset[str]:
    """The ids of the containers that the store knows; none where its table is missing or unreadable."""
    return frozenset(row.id for row in named(content.value_or(b"")))


def unknown_to_store(container: str) -> str:
    """The store does not know the container."""
    return f"error retrieving temporary directory for container {container}: no such container"


def run_directory(run_containers: str, container: str) -> str:
    """A container's directory of this boot."""
    return joined(run_containers, container, "userdata")


def run_directory_refused(container: str, error: HostError) -> str:
    """The directory could not be made."""
    return f"error retrieving temporary directory for container {container}: {error.message}"


def searchable(status: FileStatus) -> int:
    """The mode of the tmp dir with which a mapped root can pass through it."""
    return status.mode | 0o111


def mapped_root_directory(tmp_dir: str, container: str) -> str:
    """Where a container with a mapped root has its mounts."""
    return joined(tmp_dir, "containers-root", container)


def no_mapped_root(container: str, error: HostError) -> str:
    """That directory could not be made."""
    return f"error creating userNS tmpdir for container {container}: {error.message}"


def addresses(container: ContainerFacts) -> tuple[tuple[str, Diagnostic], ...]:
    """The files that reserve the container's IPv4 addresses, and what libpod says before it removes each."""
    pairs = ((network, ip) for network, ips in container.networks for ip in ips if ":" not in ip)
    files = (joined(_CNI_NETWORKS, network, ip.partition("/")[0]) for network, ip in pairs)
    said = "Going to try removing IP address reservation file"
    return tuple(
        (file, Diagnostic(Level.DEBUG, f"{said} {quoted(file)} for container {container.id}")) for file in files
    )


def address_kept(container: str, file: str, error: HostError) -> tuple[Diagnostic, ...]:
    """What is said of a reservation that could not be removed; a missing one is fine."""
    if error.errno == errno.ENOENT:
        return ()
    why = f"error removing CNI IP reservation file {quoted(file)} for container {container}: {error.message}"
    return (Diagnostic(Level.ERROR, f"Error removing IP allocations for container {container}: {why}"),)


def leftovers(bundle: str, exits: str, container: str) -> tuple[tuple[str, str], ...]:
    """The files of conmon that may have outlived a boot, in the order in which they go, and what libpod calls them."""
    files = (("attach", "attach"), ("ctl", "ctl"), ("winsz", "winsz"), ("oom", "OOM"))
    below = tuple((joined(bundle, file), name) for file, name in files)
    return (*below, (joined(exits, container), "exit"))


def leftover_kept(container: str, name: str, error: HostError) -> str:
    """Why a file of conmon's could not be removed; empty where it was missing."""
    return "" if error.errno == errno.ENOENT else f"error removing container {container} {name} file: {error.message}"


def lock_refused(what: str, subject: str, number: int, why: str) -> str:
    """An object's lock could not be had again."""
    verb = "retrieving" if what == "pod" else "acquiring"
    return f"error {verb} lock {number} for {what} {subject}: {why}"


def not_refreshed(what: str, subject: str, why: str) -> Diagnostic:
    """A refresh that failed is only logged."""
    return Diagnostic(Level.ERROR, f"Error refreshing {what} {subject}: {why}")


class PodCgroup(Struct, frozen=True):
    """A pod's cgroup path (``None``: it stays as it is), and what is said of it."""

    path: str | None
    said: tuple[Diagnostic, ...] = ()


def pod_cgroup(pod: PodFacts, cgroup_manager: str, surroundings: Surroundings) -> Result[PodCgroup, str]:
    """The cgroup of a pod after a reboot.

    Under cgroupfs only a rootless pod gets its path back.  Under systemd a slice is asked for; without systemd that
    fails, which is only logged.
    """
    if not pod.shares_cgroup:
        return Success(PodCgroup(None))
    if cgroup_manager == "systemd":
        return Success(_slice(pod, surroundings))
    if cgroup_manager != "cgroupfs":
        return Failure(InvalidArgument.saying(f"unknown cgroups manager {cgroup_manager} specified").message)
    if not surroundings.rootless or _ROOTFUL_PARENT in (pod.cgroup_parent, parent(pod.cgroup_parent)):
        return Success(PodCgroup(None))
    path = joined(pod.cgroup_parent, pod.id)
    return Success(PodCgroup(path, (Diagnostic(Level.DEBUG, f"setting pod cgroup to {path}"),)))


def _slice(pod: PodFacts, surroundings: Surroundings) -> PodCgroup:
    base, name = pod.cgroup_parent, f"libpod_pod_{pod.id}"
    if not base.endswith(".slice"):
        text = f"cannot assemble cgroup path with base {quoted(base)} - must end in .slice"
        return PodCgroup("", (_no_slice(pod, InvalidArgument.saying(text).message),))
    path = f"{base}/{base.removesuffix('.slice')}-{name}.slice"
    asked = Diagnostic(Level.DEBUG, f"Created cgroup path {path} for parent {base} and name {name}")
    if not surroundings.systemd:
        why = f"error creating cgroup {path}: dial unix /run/systemd/private: connect: no such file or directory"
        return PodCgroup("", (asked, _no_slice(pod, why)))
    return PodCgroup(path, (asked, Diagnostic(Level.DEBUG, f"Created cgroup {path}")))


def _no_slice(pod: PodFacts, why: str) -> Diagnostic:
    return Diagnostic(Level.ERROR, f"Error creating CGroup for pod {pod.id}: {why}")
