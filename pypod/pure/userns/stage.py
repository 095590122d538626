"""Becoming root of a user namespace, or joining the one that is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from returns.result import Failure, Result, Success

from pypod.pure.configuration.keys import CGROUP_MANAGER, TMP_DIR
from pypod.pure.draft import Draft
from pypod.pure.facts import Identity, Level
from pypod.pure.failure import HostError, Problem
from pypod.pure.program import Program, attempt, debug, leave, need, note, notes, reworded, settle, stage
from pypod.pure.store.lockfile_stage import holding, make_lock_file
from pypod.pure.surroundings.stage import look_path
from pypod.pure.userns.decide import (
    CONFIGURED,
    INVALID_SESSION,
    NEWGIDMAP,
    NEWUIDMAP,
    SUBGID,
    SUBUID,
    SubordinateIds,
    becomes,
    conmon_pid,
    mappings,
    namespaces_of,
    not_cloned,
    not_reexecuted,
    parse_pid,
    pause_path,
    short_cut_pause_path,
    single_mapping,
    status_invalid,
    stays_outside,
    subordinate_ids,
    takes_short_cut,
    telling_switches,
    unlisted,
    unshared_root,
    user_name,
    wants_namespace,
    with_tool,
)
from pypod.pure.userns.facts import IdMappings
from pypod.pure.vocabulary.changes import RemoveFile
from pypod.pure.vocabulary.containers import PingProcess
from pypod.pure.vocabulary.files import ReadFile, Stat
from pypod.pure.vocabulary.host import SessionIsValid
from pypod.pure.vocabulary.namespaces import EnterUserNamespace, JoinUserNamespace, ReadInUserNamespace
from pypod.pure.vocabulary.process import AskIdentity, LookUpUser, ReadVariable, SetVariable

Afterwards: TypeAlias = Callable[[Result[int, HostError]], Program[None]]
"""What a process does once the child has ended that it left for."""


def _enter(draft: Draft) -> Program[Draft]:
    """Leave the process for its successor in a new namespace; comes back only where that is not to be."""
    yield from _warn_of_session(draft)
    pause = settle(pause_path(draft.setting(TMP_DIR)))
    yield from become_root(draft.surroundings.identity, pause, lambda answer: _then_move(draft, pause, answer))
    return draft


def _then_move(draft: Draft, pause: str, answer: Result[int, HostError]) -> Program[None]:
    """The pause process of a child that there was is moved once that has ended."""
    if not isinstance(answer, Failure):
        yield from _move(draft, pause)


def _move(draft: Draft, pause: str) -> Program[None]:
    from pypod.pure.userns.scope_stage import move_pause_process

    yield from move_pause_process(draft, pause)


def _warn_of_session(draft: Draft) -> Program[None]:
    around = draft.surroundings
    if draft.setting(CGROUP_MANAGER) != "systemd" or not (around.unified and around.rootless):
        return
    session = yield from attempt(SessionIsValid(around.rootless_uid))
    if isinstance(session, Failure):
        yield from debug(f"systemd-logind: {session.failure().reason}")
    if not session.value_or(False):
        yield from debug(INVALID_SESSION)


def become_root(identity: Identity, pause: str, afterwards: Afterwards | None = None) -> Program[None]:
    """``rootless.BecomeRootInUserNS``: re-execute in a new namespace, unless that was done or is not needed."""
    configured = yield from need(ReadVariable(CONFIGURED))
    if identity.has_sys_admin or not becomes(configured):
        if configured == "init":
            yield from need(SetVariable(CONFIGURED, "done"))
        return
    yield from notes(unshared_root((yield from attempt(ReadFile("/proc/self/mountinfo")))))
    maps = settle((yield from mappings_of(identity)))
    yield from reworded(leave(EnterUserNamespace(pause, maps), not_reexecuted, afterwards), _told)


def _told(problem: Problem) -> Program[Problem]:
    """The lines that go before a failure to make a namespace."""
    switches: tuple[tuple[str, bytes], ...] = ()
    for path in telling_switches(problem):
        content = yield from attempt(ReadFile(path))
        switches = (*switches, (path, content.value_or(b"")))
    yield from notes(not_cloned(problem, switches))
    return problem


def _subordinate_ids(identity: Identity) -> Program[SubordinateIds]:
    variable = yield from need(ReadVariable("USER"))
    entry = yield from need(LookUpUser(identity.euid))
    name = user_name(variable, entry.name if entry else "")
    uid = entry.uid if entry and entry.name == name else None
    subuid = yield from attempt(ReadFile(SUBUID))
    subgid = yield from attempt(ReadFile(SUBGID))
    return subordinate_ids(name, uid, subuid, subgid)


def mappings_of(identity: Identity) -> Program[Result[IdMappings, Problem]]:
    """The maps of a new namespace, and what is said about them."""
    ids = yield from _subordinate_ids(identity)
    yield from notes(ids.said)
    yield from notes(single_mapping(ids))
    if not ids.uids:
        return Success(mappings(identity.euid, identity.egid, ids, "", ""))
    newuidmap = with_tool(NEWUIDMAP, (yield from look_path(NEWUIDMAP.name)), identity.euid, ids.uids)
    if isinstance(newuidmap, Failure):
        return Failure(newuidmap.failure())
    newgidmap = with_tool(NEWGIDMAP, (yield from look_path(NEWGIDMAP.name)), identity.egid, ids.gids)
    return newgidmap.map(lambda tool: mappings(identity.euid, identity.egid, ids, newuidmap.unwrap(), tool))


def _live_pause_process(path: str) -> Program[int | None]:
    """The process whose id is in a file, if its namespaces can be joined."""
    content = yield from attempt(ReadFile(path))
    pid = parse_pid(content.value_or(b""))
    if pid is None:
        return None
    for namespace in namespaces_of(pid):
        if isinstance((yield from attempt(Stat(namespace))), Failure):
            return None
    return pid


def _short_cut(draft: Draft) -> Program[Draft]:
    """Join a live pause process before anything else, as podman's start-up code does; no failure is spoken of."""
    runtime_dir = (yield from need(ReadVariable("XDG_RUNTIME_DIR"))) or ""
    words = (*draft.request.command.split(), *draft.request.arguments)
    identity = yield from need(AskIdentity())
    if takes_short_cut(identity.euid, runtime_dir, words):
        pid = yield from _live_pause_process(short_cut_pause_path(runtime_dir))
        if pid is not None:
            yield from leave(JoinUserNamespace(pid), not_reexecuted)
    return draft


def _after_construction(draft: Draft) -> Program[Draft]:
    """What Podman's command does once the runtime is there and it is still outside: join the pause process, or the monitor
    of a container that runs, or enter a new namespace.  A stale pause file is removed under its own lock.  The command that
    gives up the pause process makes no new one.
    """
    identity = draft.surroundings.identity
    if identity.has_sys_admin or not draft.surroundings.rootless:
        return draft
    pause = settle(pause_path(draft.setting(TMP_DIR)))
    if becomes((yield from need(ReadVariable(CONFIGURED)))):
        yield from _join_pause_process(pause)
    if stays_outside(draft.request.command):
        return draft
    pid = yield from _conmon_to_join(draft)
    if pid is not None:
        joining = leave(JoinUserNamespace(pid, pause), not_reexecuted, lambda _: _move(draft, pause))
        yield from reworded(joining, _logged)
    yield from reworded(become_root(identity, pause, lambda _: _move(draft, pause)), _logged)
    yield from _move(draft, pause)
    return draft


def _join_pause_process(pause: str) -> Program[None]:
    """``TryJoinPauseProcess``; comes back where there is none."""
    if isinstance((yield from attempt(Stat(pause))), Failure):
        return
    pid = yield from _live_pause_process(pause)
    if pid is None:
        yield from make_lock_file(pause)
        pid = yield from holding(pause, lambda _: _retry_or_remove(pause))
    if pid is not None:
        yield from leave(JoinUserNamespace(pid), not_reexecuted)


def _conmon_to_join(draft: Draft) -> Program[int | None]:
    """The first live monitor of a running container (``TryJoinFromFilePaths``)."""
    if draft.locks is None or not becomes((yield from need(ReadVariable(CONFIGURED)))):
        return None
    from pypod.pure.lifecycle.running_stage import running_containers

    running = yield from reworded(running_containers(draft, draft.locks), _unlisted)
    for container in running:
        pid = conmon_pid((yield from _conmon_file(draft.surroundings.identity, container.conmon_pid_file)))
        if pid is not None and not isinstance((yield from attempt(PingProcess(pid))), Failure):
            return pid
    return None


def _conmon_file(identity: Identity, path: str) -> Program[bytes]:
    """What a monitor wrote; where a container has ids of its own, only the root of a namespace may read it.  Empty where
    nobody may.
    """
    content = yield from attempt(ReadFile(path))
    if isinstance(content, Failure) and wants_namespace(content.failure()):
        maps = yield from mappings_of(identity)
        if isinstance(maps, Failure):
            return b""
        content = yield from attempt(ReadInUserNamespace(path, maps.unwrap()))
    return content.value_or(b"")


def _unlisted(problem: Problem) -> Program[Problem]:
    said = unlisted(problem)
    yield from note(Level.ERROR, said.message)
    return said


def _logged(problem: Problem) -> Program[Problem]:
    said = status_invalid(problem)
    yield from note(Level.ERROR, said.message)
    return said


def _retry_or_remove(pause: str) -> Program[int | None]:
    pid = yield from _live_pause_process(pause)
    if pid is None:
        yield from attempt(RemoveFile(pause))
    return pid


USER_NAMESPACE = stage("user-namespace", _enter)
PAUSE_PROCESS = stage("pause-process", _short_cut)
REEXECUTION = stage("re-execution", _after_construction)
