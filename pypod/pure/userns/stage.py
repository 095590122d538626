"""Becoming root of a user namespace, or joining the one that is there."""

from __future__ import annotations

from returns.result import Failure, Success

from pypod.pure.configuration.keys import CGROUP_MANAGER, TMP_DIR
from pypod.pure.draft import Draft
from pypod.pure.facts import Identity, Level
from pypod.pure.failure import Problem
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
    unshared_root,
    user_name,
    with_tool,
)
from pypod.pure.userns.facts import IdMappings
from pypod.pure.vocabulary.changes import RemoveFile
from pypod.pure.vocabulary.files import ReadFile, Stat
from pypod.pure.vocabulary.host import SessionIsValid
from pypod.pure.vocabulary.namespaces import EnterUserNamespace, JoinUserNamespace
from pypod.pure.vocabulary.process import AskIdentity, LookUpUser, ReadVariable, SetVariable


def _enter(draft: Draft) -> Program[Draft]:
    """Leave the process for its successor in a new namespace; comes back only where that is not to be."""
    yield from _warn_of_session(draft)
    pause = settle(pause_path(draft.setting(TMP_DIR)))
    yield from become_root(draft.surroundings.identity, pause)
    return draft


def _warn_of_session(draft: Draft) -> Program[None]:
    around = draft.surroundings
    if draft.setting(CGROUP_MANAGER) != "systemd" or not (around.unified and around.rootless):
        return
    session = yield from attempt(SessionIsValid(around.rootless_uid))
    if isinstance(session, Failure):
        yield from debug(f"systemd-logind: {session.failure().reason}")
    if not session.value_or(False):
        yield from debug(INVALID_SESSION)


def become_root(identity: Identity, pause: str) -> Program[None]:
    """``rootless.BecomeRootInUserNS``: re-execute in a new namespace, unless that was done or is not needed."""
    configured = yield from need(ReadVariable(CONFIGURED))
    if identity.has_sys_admin or not becomes(configured):
        if configured == "init":
            yield from need(SetVariable(CONFIGURED, "done"))
        return
    yield from notes(unshared_root((yield from attempt(ReadFile("/proc/self/mountinfo")))))
    maps = yield from _mappings(identity)
    yield from reworded(leave(EnterUserNamespace(pause, maps), not_reexecuted), _told)


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


def _mappings(identity: Identity) -> Program[IdMappings]:
    """The maps of the new namespace, and what is said about them."""
    ids = yield from _subordinate_ids(identity)
    yield from notes(ids.said)
    yield from notes(single_mapping(ids))
    if not ids.uids:
        return mappings(identity.euid, identity.egid, ids, "", "")
    newuidmap = settle(with_tool(NEWUIDMAP, (yield from look_path(NEWUIDMAP.name)), identity.euid, ids.uids))
    newgidmap = settle(with_tool(NEWGIDMAP, (yield from look_path(NEWGIDMAP.name)), identity.egid, ids.gids))
    return mappings(identity.euid, identity.egid, ids, newuidmap, newgidmap)


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
    """What Podman's command does once the runtime is there and it is still outside: join the pause process, or enter
    a new namespace.  A stale pause file is removed under its own lock.  The command that gives up the pause process makes
    no new one.
    """
    identity = draft.surroundings.identity
    if identity.has_sys_admin or not draft.surroundings.rootless:
        return draft
    pause = settle(pause_path(draft.setting(TMP_DIR)))
    if isinstance((yield from attempt(Stat(pause))), Success):
        pid = yield from _live_pause_process(pause)
        if pid is None:
            yield from make_lock_file(pause)
            pid = yield from holding(pause, lambda _: _retry_or_remove(pause))
        if pid is not None:
            yield from leave(JoinUserNamespace(pid), not_reexecuted)
    if not stays_outside(draft.request.command):
        yield from reworded(become_root(identity, pause), _logged)
    return draft


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
