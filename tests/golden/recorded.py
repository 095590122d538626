"""Putting a recorded step's outcome on a simulated host, for the steps that pypod does not run."""

from __future__ import annotations

import json

import msgspec

from pypod.pure.database.facts import Delete, MakeBucket, Put, StateChange
from pypod.pure.database.file import Database, database_of
from pypod.pure.world import World
from pypod.pure.world.describe import next_step
from pypod.pure.world.state import Node
from tests.golden.names import Names
from tests.golden.plain import Object, member

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
            files[path] = {"bolt": {}, "mode": "0600"}
    laid = {"remove": names.real_tree(want["removed"]), "dirs": dirs, "files": files}
    world = next_step(world, {**case, "steps": [laid]}, 0).unwrap()
    for path, entry in databases.items():
        if "b64z" not in entry and entry.get("touched"):
            world = _updated(world, path, entry, names)
        size: int | None = (member(want["created"], path) or member(want["changed"], path)).get("size")
        if size is not None:
            node = _resized(world.nodes[path], size)
            world = msgspec.structs.replace(world, nodes=world.nodes.set(path, node))
    return world


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
