"""Putting a recorded step's outcome on a simulated host, for the steps that pypod does not run."""

from __future__ import annotations

import errno
import json

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import Delete, MakeBucket, Put, StateChange
from pypod.pure.database.file import Database, database_of
from pypod.pure.failure import HostError
from pypod.pure.userns.decide import SUBGID, SUBUID, mappings, subordinate_ids
from pypod.pure.world import World
from pypod.pure.world.describe import next_step
from pypod.pure.world.namespaces import with_pause_process
from pypod.pure.world.state import Node
from tests.golden.names import A_PID, Names
from tests.golden.observe import USUAL_BUCKETS
from tests.golden.plain import Object, member

_USER = "user"
"""The name of the user with uid 1000 on every recorded host."""

_BUCKETS = frozenset({"dependencies", "exec", "containers", "vol-dependencies", "networks", "aliases"})


def applied(world: World, want: Object, names: Names, case: Object) -> World:
    """The host as the recorded step left it."""
    databases: dict[str, Object] = {names.real(path): entry for path, entry in member(want, "db").items()}
    segments: dict[str, Object] = {path: _segment(entry) for path, entry in member(want, "locks").items()}
    files: Object = {}
    dirs: Object = {}
    for path, entry in [*want["created"].items(), *want["changed"].items()]:
        real = names.real(path)
        if real in databases:
            continue
        if entry.get("type") == "dir" or (real in world.nodes and world.nodes[real].entry.type.value == "directory"):
            dirs[real] = _without(entry, "type")
        elif real in segments:
            files[real] = {**_without(entry, "type", "size", "text"), "shm": segments[real]}
        elif "target" not in entry or real not in world.nodes:
            files[real] = _file(entry, names)
    for path, segment in segments.items():
        files.setdefault(path, {"shm": segment, "mode": "0600"})
    for path, entry in databases.items():
        if "b64z" in entry:
            files[path] = {"b64z": entry["b64z"], "mode": "0600"}
        elif path not in world.nodes:
            buckets: list[str] = entry.get("buckets") or USUAL_BUCKETS
            files[path] = {"bolt": {name: {} for name in buckets}, "mode": "0600"}
    laid = {"remove": names.real_tree(want["removed"]), "dirs": dirs, "files": files}
    world = next_step(world, {**case, "steps": [laid]}, 0).unwrap()
    for path, entry in databases.items():
        if "b64z" not in entry and entry.get("touched"):
            world = _updated(world, path, entry, names)
        size: int | None = (member(want["created"], path) or member(want["changed"], path)).get("size")
        if size is not None:
            node = _resized(world.nodes[path], size)
            world = msgspec.structs.replace(world, nodes=world.nodes.set(path, node))
    return _pausing(world, {*files}) if want.get("processes") else world


def _pausing(world: World, left: set[str]) -> World:
    """With the process that a rootless step started and left behind: it keeps the namespace for the next one."""
    if not any(path.endswith("/pause.pid") for path in left):
        return world
    who = world.identity
    assert who is not None
    ids = subordinate_ids(_USER, who.uid, _read(world, SUBUID), _read(world, SUBGID))
    return with_pause_process(world, int(A_PID), mappings(who.uid, who.gid, ids, "", ""))


def _read(world: World, path: str) -> Result[bytes, HostError]:
    content = world.nodes[path].content if path in world.nodes else None
    return Success(content) if isinstance(content, bytes) else Failure(HostError(errno.ENOENT, "open", path))


def _resized(node: Node, size: int) -> Node:
    """A database as big as the recorded one: the recording tells what is in it, not how it came to be so big."""
    held = node.content
    if isinstance(held, Database) and held.size <= size:
        held = msgspec.structs.replace(held, file=held.file.ljust(size, b"\0"))
    return msgspec.structs.replace(node, content=held, size=size)


def _segment(entry: Object) -> Object:
    return {**entry, "magic": int(entry["magic"], 16)} if "magic" in entry else entry


def _without(entry: Object, *keys: str) -> Object:
    return {key: value for key, value in entry.items() if key not in keys}


def _file(entry: Object, names: Names) -> Object:
    spec: Object = {key: entry[key] for key in ("mode", "uid", "gid") if key in entry}
    if "target" in entry:
        return {**spec, "symlink": entry["target"]}
    if "text" in entry:
        return {**spec, "text": names.real(entry["text"])}
    return {**spec, "size": entry["size"]} if "size" in entry else {**spec, "text": "changed"}


def _updated(world: World, path: str, entry: Object, names: Names) -> World:
    changes: list[StateChange] = []
    puts: Object = {f"runtime-config/{key}": value for key, value in member(entry, "runtime-config").items()}
    real: Object = names.real_tree({**puts, **member(entry, "put")})
    for key, value in real.items():
        *at, last = key.split("/")
        changes += [MakeBucket(tuple(at[:depth])) for depth in range(1, len(at) + 1)]
        if value == {} and last in _BUCKETS:
            changes.append(MakeBucket((*at, last)))
        else:
            text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            changes.append(Put(tuple(at), last, text.encode()))
    deleted: list[str] = names.real_tree(entry.get("deleted") or [])
    for key in deleted:
        *at, last = key.split("/")
        if last not in _BUCKETS:  # the recorder lists a bucket only while it is empty
            changes.append(Delete(tuple(at), last))
    node = world.nodes[path]
    held = node.content
    if not isinstance(held, Database):
        assert isinstance(held, bytes)
        held = database_of(held).unwrap()
    content, _details = held.updated(changes).unwrap()
    return msgspec.structs.replace(world, nodes=world.nodes.set(path, msgspec.structs.replace(node, content=content)))
