"""What the probes of the process and the host mean: rootless twice over, cgroup v2, systemd, the journal, PATH.

libpod asks who it is in two places that disagree in odd cases: podman's ``pkg/rootless`` and containers/storage's
``pkg/unshare``.  Both are kept apart here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from returns.result import Failure, Result

from pypod.pure.facts import CGROUP2_MAGIC, FileStatus, FilesystemStatus, HostFacts, Identity
from pypod.pure.failure import HostError
from pypod.pure.gotext import joined
from pypod.pure.surroundings.facts import Surroundings

USERNS_CONFIGURED: Final = "_CONTAINERS_USERNS_CONFIGURED"
ROOTLESS_UID: Final = "_CONTAINERS_ROOTLESS_UID"
ROOTLESS_GID: Final = "_CONTAINERS_ROOTLESS_GID"


# The same few programs are looked for in every run.
@lru_cache(maxsize=256)
def executable_candidates(name: str, search_path: str | None) -> tuple[str, ...]:
    """Where Go's ``exec.LookPath`` looks for ``name``, in order: the name itself if it has a slash, else under each
    directory of ``$PATH`` (an empty element is the working directory; no PATH is no directory).
    """
    if "/" in name:
        return (name,)
    if not search_path or not name:
        return ()
    return tuple(joined(directory or ".", name) for directory in search_path.split(":"))


def is_executable(status: Result[FileStatus, HostError]) -> bool:
    """Whether ``exec.LookPath`` takes what is at a path: a file that is no directory, with any of the three x bits."""
    if isinstance(status, Failure):
        return False
    seen = status.unwrap()
    return not seen.is_directory and bool(seen.mode & 0o111)


def environment_id(text: str) -> int:
    """``strconv.Atoi`` with its error dropped: what is no decimal number is 0."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        return 0
    return int(text)


def is_unified(filesystem: Result[FilesystemStatus, HostError]) -> bool:
    """Whether ``/sys/fs/cgroup`` is a cgroup v2 hierarchy; a probe that failed counts as v1."""
    return not isinstance(filesystem, Failure) and filesystem.unwrap().magic == CGROUP2_MAGIC


def runs_systemd(first_process: Result[bytes, HostError], host: HostFacts) -> bool:
    """containers/common's ``useSystemd``: the build knows systemd, and ``/proc/1/comm`` less one newline names it."""
    if not host.build.systemd or isinstance(first_process, Failure):
        return False
    return first_process.unwrap().removesuffix(b"\n") == b"systemd"


def surrounded(
    identity: Identity,
    host: HostFacts,
    filesystem: Result[FilesystemStatus, HostError],
    first_process: Result[bytes, HostError],
    *,
    configured: str | None,
    rootless_uid: str | None,
    rootless_gid: str | None,
    journal: bool,
) -> Surroundings:
    """The surroundings, from what was observed.

    ``configured``, ``rootless_uid`` and ``rootless_gid`` are the values of the variables ``_CONTAINERS_*``;
    ``journal`` says whether a journal handle opens.
    """
    effective = environment_id(rootless_uid) if rootless_uid else identity.euid
    group = rootless_gid or rootless_uid
    systemd = runs_systemd(first_process, host)
    return Surroundings(
        identity=identity,
        host=host,
        rootless=identity.euid != 0 or bool(configured) or not identity.has_sys_admin,
        rootless_uid=effective,
        rootless_gid=environment_id(group) if group else identity.egid,
        unshared=effective != 0 or bool(configured),
        unshared_uid=environment_id(rootless_uid) if rootless_uid else identity.uid,
        needs_userns=not identity.has_sys_admin,
        unified=is_unified(filesystem),
        systemd=systemd,
        journald=systemd and journal,
    )
