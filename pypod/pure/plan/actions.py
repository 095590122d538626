"""Actions: what a CHANGE that was answered means for the host, in the words of the plan's form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pypod.pure.database.facts import (
    Delete,
    DeleteBucket,
    EditJson,
    EmptyBucket,
    MakeBucket,
    Put,
    SetSequence,
    StateChange,
)
from pypod.pure.effect import Effect
from pypod.pure.facts import Change, Changed, Probed
from pypod.pure.facts import Entry as HostEntry
from pypod.pure.plan.because import because
from pypod.pure.plan.facts import Action, DatabaseEntry, Entry
from pypod.pure.vocabulary.changes import AppendFile
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.pure.vocabulary.locks import CreateLockSegment
from pypod.pure.vocabulary.process import HandleSignals, LimitProcesses, SetVariable

NAMES: Final[dict[str, str]] = {
    "MakeDirectories": "make_directory",
    "CreateFile": "create_file",
    "WriteFile": "write_file",
    "ReplaceFile": "write_file",
    "AppendFile": "append_file",
    "WriteToken": "write_token",
    "RemoveFile": "remove",
    "RemoveTree": "remove",
    "ChangeMode": "change_mode",
    "ChangeOwner": "change_owner",
    "CreateDatabase": "create_database",
    "UpdateDatabase": "update_database",
    "BackUpDatabase": "back_up_database",
    "CreateLockSegment": "create_locks",
    "AllocateLock": "allocate_lock",
    "FreeLock": "free_locks",
    "FreeAllLocks": "free_locks",
    "BindOnItself": "mount",
    "MakePrivate": "make_mount_private",
    "Unmount": "unmount",
    "TestOverlay": "probe_overlay",
    "TestMetacopy": "probe_overlay",
    "TestNativeDiff": "probe_overlay",
    "SendToJournal": "write_event",
    "StartScope": "start_scope",
    "KillProcess": "signal_process",
    "SignalContainer": "signal_container",
    "EnterUserNamespace": "enter_namespace",
    "JoinUserNamespace": "enter_namespace",
}
"""The action of each effect that changes the host, by the effect's name: most plans load only some of them."""

OF_THE_PROCESS: Final = frozenset({SetVariable, LimitProcesses, HandleSignals})
"""Changes of the process alone: no action, whatever they answer."""

_IN_STAGE: Final = {("remove", "locks"): "remove_locks"}
_SHOWN_FIELDS: Final = ("lockID", "lock", "runtime", "ociRuntime")
_SHOWN_BUCKET: Final = ("runtime-config",)


def actions_of(
    effect: Effect[Any], changed: Changed, *, stage: str, first: int, deferred: bool, events_log: str
) -> Iterator[Action]:
    """The actions of an answered CHANGE, numbered from ``first``; none where nothing had to change.

    ``events_log`` is the path of the events log: what is appended there is an event.
    """
    kind = type(effect)
    if kind in OF_THE_PROCESS:
        return
    name = action_name(effect, stage, events_log)
    why = because(stage, name)
    changes = changed.changes[:1] if kind is UpdateDatabase else changed.changes
    in_its_words = len(changes) == 1 and name != "make_directory"
    for index, change in enumerate(changes, first):
        shown = change.after or change.before
        yield Action(
            index=index,
            stage=stage,
            action=name,
            path=change.path,
            mode=f"{shown.mode:04o}" if shown else None,
            uid=shown.uid if shown else None,
            gid=shown.gid if shown else None,
            before=_entry(change.before),
            after=_entry(change.after),
            detail=_detail(effect, change, changed),
            describe=effect.describe() if in_its_words else _sentence(name, change),
            because=why,
            deferred=deferred,
            entries=_entries(effect, changed) if isinstance(effect, UpdateDatabase) else (),
        )


def departure(effect: Effect[Any], *, stage: str, index: int, deferred: bool) -> Action:
    """The action of a LEAVE: the process re-executes itself in a user namespace."""
    from pypod.pure.vocabulary.namespaces import EnterUserNamespace, JoinUserNamespace

    path = effect.pause_path if isinstance(effect, EnterUserNamespace | JoinUserNamespace) else ""
    detail = f"joins process {effect.pid}" if isinstance(effect, JoinUserNamespace) else ""
    name = NAMES.get(type(effect).__name__, "leave")
    return Action(index, stage, name, path, detail=detail, describe=effect.describe(), because=because(stage, name),
                  deferred=deferred)  # fmt: skip


def action_name(effect: Effect[Any], stage: str, events_log: str) -> str:
    """The name of the action that an effect is in a stage."""
    if isinstance(effect, AppendFile) and effect.path == events_log:
        return "write_event"
    name = NAMES[type(effect).__name__]
    return _IN_STAGE.get((name, stage), name)


def _entry(entry: HostEntry | None) -> Entry | None:
    return Entry(entry.type._value_, f"{entry.mode:04o}", entry.uid, entry.gid, entry.size) if entry else None


def _sentence(name: str, change: Change) -> str:
    mode = f" ({change.after.mode:04o})" if change.after else ""
    return f"{name.replace('_', ' ')} {change.path}{mode}"


def _detail(effect: Effect[Any], change: Change, changed: Changed) -> str:
    if isinstance(effect, CreateLockSegment):
        return f"{-(-effect.locks // 32) * 32:,} locks"
    if isinstance(effect, UpdateDatabase):
        return ", ".join(one.detail for one in changed.changes if one.detail)
    if isinstance(changed, Probed) and not changed.holds:
        return change.detail or changed.because
    return change.detail


def _entries(effect: UpdateDatabase, changed: Changed) -> tuple[DatabaseEntry, ...]:
    written = tuple(_database_entry(change) for change in effect.changes)
    named = {change.detail for change in changed.changes if change.detail}
    picked = tuple(entry for entry in written if f"{entry.bucket}/{entry.key}".removesuffix("/") in named)
    return picked or written


def _database_entry(change: StateChange) -> DatabaseEntry:
    bucket = "/".join(change.at)
    match change:
        case Put():
            shown = change.at == _SHOWN_BUCKET
            return DatabaseEntry(bucket, change.key, change.value.decode("utf-8", "replace") if shown else None)
        case EditJson():
            values = [f"{name} {value}" for name, value in change.set if name in _SHOWN_FIELDS]
            return DatabaseEntry(bucket, change.key, ", ".join(values) or None, "edit")
        case Delete():
            return DatabaseEntry(bucket, change.key, None, "delete")
        case MakeBucket():
            return DatabaseEntry(bucket, change="make_bucket")
        case EmptyBucket():
            return DatabaseEntry(bucket, change="empty_bucket")
        case DeleteBucket():
            return DatabaseEntry(bucket, change="delete")
        case SetSequence(_, sequence):
            return DatabaseEntry(bucket, value=f"sequence {sequence}", change="edit")
