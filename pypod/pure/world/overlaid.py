"""Typed changes laid over what a real database was read to hold."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from pypod.pure.database.buckets import name_of
from pypod.pure.database.facts import (
    ContainerFacts,
    DatabaseFacts,
    Delete,
    EditJson,
    EmptyBucket,
    MakeBucket,
    PodFacts,
    Put,
    SetSequence,
    StateChange,
    StateObjects,
    VolumeFacts,
)

Object = TypeVar("Object", ContainerFacts, PodFacts, VolumeFacts)

_CONFIG: Final = ("runtime-config",)
_FIELDS: Final[dict[str, dict[tuple[str, str], str]]] = {
    "ctr": {
        ("state", "state"): "state",
        ("state", "pid"): "pid",
        ("state", "conmonPid"): "conmon_pid",
        ("state", "stoppedByUser"): "stopped_by_user",
        ("config", "lockID"): "lock",
        ("config", "runtime"): "runtime",
    },
    "pod": {("config", "lockID"): "lock"},
    "vol": {("config", "lockID"): "lock"},
}
"""Which declared fact of a container, pod or volume a field of its JSON objects is."""

_SESSIONS: Final = ("exec",)

_DROPPED: Final = {"state": 0, "pid": 0, "conmon_pid": 0, "lock": 0, "runtime": "", "stopped_by_user": False}


def facts_after(facts: DatabaseFacts, changes: tuple[StateChange, ...]) -> tuple[DatabaseFacts, tuple[str, ...]]:
    """The facts after a transaction, and what changed in places other than JSON objects (``runtime-config/os``)."""
    details: list[str] = []
    for change in changes:
        after = _facts_after(facts, change)
        if after is not None:
            details.append(place_of(change))
            facts = after
    return facts, tuple(dict.fromkeys(details))


def place_of(change: StateChange) -> str:
    """What a change is about, as an answer names it: ``runtime-config/os``."""
    key = () if isinstance(change, MakeBucket | EmptyBucket | SetSequence) else (change.key,)
    return "/".join((*change.at, *key))


def touches_objects(change: StateChange) -> bool:
    """Whether a change is one of the objects that libpod keeps: to be compared, they have to be looked at."""
    return isinstance(change, EditJson) or (isinstance(change, EmptyBucket) and change.at == _SESSIONS)


def _facts_after(facts: DatabaseFacts, change: StateChange) -> DatabaseFacts | None:
    """``None`` where nothing changes.  What lies in other buckets cannot be compared and counts as changed."""
    if isinstance(change, EditJson) or touches_objects(change):
        return None
    if isinstance(change, MakeBucket):
        if len(change.at) != 1:
            return facts
        if change.at[0] in facts.buckets:
            return None
        buckets = tuple(sorted((*facts.buckets, change.at[0])))
        return msgspec.structs.replace(
            facts, buckets=buckets, config=() if change.at == _CONFIG and facts.config is None else facts.config
        )
    if change.at != _CONFIG or isinstance(change, SetSequence):
        return facts
    before = dict(facts.config or ())
    after = _entries_after(before, change)
    if after == before:
        return None
    return msgspec.structs.replace(facts, config=tuple(sorted(after.items())))


def _entries_after(entries: dict[str, str], change: Put | Delete | EmptyBucket) -> dict[str, str]:
    if isinstance(change, Put):
        return entries | {change.key: name_of(change.value)}
    if isinstance(change, Delete):
        return {key: value for key, value in entries.items() if key != change.key}
    return {}


def objects_after(objects: StateObjects, changes: tuple[StateChange, ...]) -> StateObjects:
    """The objects after a transaction, as far as their declared fields go."""
    for change in changes:
        if isinstance(change, EditJson):
            objects = _edited(objects, change)
        elif isinstance(change, EmptyBucket) and change.at == _SESSIONS:
            objects = msgspec.structs.replace(objects, exec_sessions=())
    return objects


def _edited(objects: StateObjects, edit: EditJson) -> StateObjects:
    kind, named = (*edit.at, "", "")[:2]
    if kind == "ctr":
        containers = tuple(_object_after(one, edit, kind) if one.id == named else one for one in objects.containers)
        return msgspec.structs.replace(objects, containers=containers)
    if kind == "pod":
        pods = tuple(_object_after(one, edit, kind) if one.id == named else one for one in objects.pods)
        return msgspec.structs.replace(objects, pods=pods)
    volumes = tuple(_object_after(one, edit, kind) if one.name == named else one for one in objects.volumes)
    return msgspec.structs.replace(objects, volumes=volumes)


def _object_after(one: Object, edit: EditJson, kind: str) -> Object:
    known = _FIELDS[kind]
    fields: dict[str, Any] = {known[edit.key, name]: value for name, value in edit.set if (edit.key, name) in known}
    for name in edit.drop:
        if (edit.key, name) in known:
            fact = known[edit.key, name]
            fields[fact] = _DROPPED[fact]
    return msgspec.structs.replace(one, **fields) if fields else one


def may_change(objects: StateObjects, change: StateChange) -> bool:
    """Whether a change alters the objects; an edit of a field that is not declared is taken to."""
    if isinstance(change, EditJson):
        known = _FIELDS.get(change.at[0] if change.at else "", {})
        names = (*(name for name, _ in change.set), *change.drop)
        if any((change.key, name) not in known for name in names):
            return True
    return objects_after(objects, (change,)) != objects
