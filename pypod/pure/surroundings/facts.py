"""Who runs, and where: the probes that many decisions share, made once at the beginning."""

from __future__ import annotations

from msgspec import Struct

from pypod.pure.facts import HostFacts, Identity


class Surroundings(Struct, frozen=True):
    """The process and the host as libpod's scattered probes see them.

    ``rootless`` and ``rootless_uid`` are podman's ``pkg/rootless``; ``unshared`` and ``unshared_uid`` are
    containers/storage's ``pkg/unshare``, which disagrees in odd cases (root without CAP_SYS_ADMIN).  ``unified`` is
    cgroup v2; ``systemd``: process 1 is systemd and the build has systemd support; ``journald``: the same, and a
    journal can be opened.
    """

    identity: Identity = Identity()
    host: HostFacts = HostFacts()
    rootless: bool = False
    rootless_uid: int = 0
    rootless_gid: int = 0
    unshared: bool = False
    unshared_uid: int = 0
    needs_userns: bool = False
    unified: bool = False
    systemd: bool = False
    journald: bool = False
