"""Looking around: who runs, on what host, and where programs are."""

from __future__ import annotations

from pypod.pure.program import Program, attempt, need
from pypod.pure.surroundings.decide import (
    ROOTLESS_GID,
    ROOTLESS_UID,
    USERNS_CONFIGURED,
    executable_candidates,
    is_executable,
    runs_systemd,
    surrounded,
)
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.vocabulary.files import ReadFile, Stat, StatFilesystem
from pypod.pure.vocabulary.host import DescribeHost
from pypod.pure.vocabulary.process import AskIdentity, ReadVariable


def look_around() -> Program[Surroundings]:
    """The process and the host as libpod's probes see them.

    A journal handle opens wherever process 1 is systemd: sd_journal_open succeeds without any journal on disk.
    """
    identity = yield from need(AskIdentity())
    host = yield from need(DescribeHost())
    filesystem = yield from attempt(StatFilesystem("/sys/fs/cgroup"))
    first_process = yield from attempt(ReadFile("/proc/1/comm"))
    configured = yield from need(ReadVariable(USERNS_CONFIGURED))
    rootless_uid = yield from need(ReadVariable(ROOTLESS_UID))
    rootless_gid = yield from need(ReadVariable(ROOTLESS_GID))
    return surrounded(
        identity,
        host,
        filesystem,
        first_process,
        configured=configured,
        rootless_uid=rootless_uid,
        rootless_gid=rootless_gid,
        journal=runs_systemd(first_process, host),
    )


def look_path(name: str) -> Program[str | None]:
    """Where a program is, as Go's ``exec.LookPath`` finds it over ``$PATH``; ``None`` where it is not."""
    search_path = yield from need(ReadVariable("PATH"))
    for candidate in executable_candidates(name, search_path):
        if is_executable((yield from attempt(Stat(candidate)))):
            return candidate
    return None
