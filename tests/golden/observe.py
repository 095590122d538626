"""What a run did to a simulated host, in the form of the recordings."""

from __future__ import annotations

import json
import re
from typing import Any

from pypod.pure.database.file import Database
from pypod.pure.database.tree import Tree, tree_of
from pypod.pure.facts import FileType
from pypod.pure.locks.layout import layout_of
from pypod.pure.world import World
from pypod.pure.world.segment import segment_of
from pypod.pure.world.state import Node, Program, Segment
from tests.golden.names import TIME, Names

_TYPES = {
    FileType.FILE: "file",
    FileType.DIRECTORY: "dir",
    FileType.LINK: "symlink",
    FileType.FIFO: "fifo",
    FileType.SOCKET: "socket",
    FileType.CHARACTER: "char",
    FileType.BLOCK: "block",
}
_SKIPPED = ("/proc", "/sys", "/.oracle")
USUAL_BUCKETS = sorted(
    [
        "all-ctrs", "allPods", "allVolumes", "ctr", "exec", "id-registry", "name-registry", "ns-registry", "pod",
        "runtime-config", "vol",
    ]
)  # fmt: skip


def scanned(world: World) -> dict[str, Node]:
    """The nodes that the recorder looks at."""
    return {
        path: node
        for path, node in world.nodes.items()
        if path != "/" and not path.startswith(_SKIPPED) and path != "/"
    }


def changes(before: World, after: World, names: Names) -> dict[str, Any]:
    """``created``, ``removed`` and ``changed``."""
    old, new = scanned(before), scanned(after)
    created = {path: _with_text(path, _entry(path, node), node) for path, node in new.items() if path not in old}
    changed: dict[str, Any] = {}
    for path, node in new.items():
        if path in old and old[path] is not node:
            parts = _difference(path, old[path], node)
            if parts is not None:
                changed[path] = parts
    return {
        "created": names.named_tree(dict(sorted(created.items()))),
        "removed": names.named_tree(sorted(path for path in old if path not in new)),
        "changed": names.named_tree(dict(sorted(changed.items()))),
    }


def _entry(path: str, node: Node) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": _TYPES[node.type],
        "mode": f"{node.mode:04o}",
        "uid": node.uid,
        "gid": node.gid,
    }
    if node.type is FileType.FILE and not path.endswith("/events.log"):
        entry["size"] = node.size
    elif node.type is FileType.LINK:
        entry["target"] = node.target
        del entry["mode"]
    return entry


def _text(node: Node) -> str | None:
    content = node.content.text if isinstance(node.content, Program) else node.content
    if not isinstance(content, bytes) or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _with_text(path: str, entry: dict[str, Any], node: Node) -> dict[str, Any]:
    if entry["type"] != "file" or not 0 < entry.get("size", 1) <= 1024 * 1024:
        return entry
    text = _text(node)
    if text is None:
        return entry
    if path.endswith(".pid"):
        text = "<pid>"
    if path.endswith(".lock") and len(text) == 64:
        return {**entry, "text": text}
    if TIME.search(text) or text == "<pid>":
        entry.pop("size", None)
    if "-images/" in path:
        text = re.sub(r'(":\s*)\d+', r"\1<n>", text)
    if len(text) <= 2048:
        entry["text"] = text
    return entry


def _difference(path: str, old: Node, new: Node) -> dict[str, Any] | None:
    before, after = _entry(path, old), _with_text(path, _entry(path, new), new)
    same_content = old.content == new.content
    if before == _entry(path, new) and same_content:
        return None
    if path.startswith("/dev/shm/libpod") and before == _entry(path, new):
        return None
    parts = {key: after[key] for key in after if key == "text" or before.get(key) != after[key]}
    return parts or {"content": "changed"}


def locks(world: World) -> dict[str, Any]:
    """The lock segments: header, and the numbers that are allocated."""
    found: dict[str, Any] = {}
    for path, node in sorted(world.nodes.items()):
        if not path.startswith("/dev/shm/libpod") or node.type is not FileType.FILE:
            continue
        segment = node.content
        if isinstance(segment, bytes) and len(segment) >= layout_of("").header:
            segment = segment_of(segment, "")
        if isinstance(segment, Segment):
            found[path] = {
                "magic": f"{segment.magic:#06x}",
                "unused": segment.unused,
                "num_bitmaps": segment.bitmaps,
                "num_locks": segment.locks,
                "allocated": [bit for bit in range(segment.groups * 32) if segment.allocated >> bit & 1],
            }
        else:
            found[path] = {"short": node.size}
    return found


class Databases:
    """What the steps of a case did to the databases, one step after the other."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def know(self, world: World, names: Names) -> None:
        """Take the databases as they are."""
        self.after(world, world, names, touched=frozenset())

    def after(self, before: World, world: World, names: Names, touched: frozenset[str]) -> dict[str, Any]:
        """The entry of each database after a step."""
        entries: dict[str, Any] = {}
        for path, node in sorted(world.nodes.items()):
            if not path.endswith("/bolt_state.db") or node.type is not FileType.FILE:
                continue
            entry: dict[str, Any] = {"touched": path in touched}
            entries[path] = entry
            held = _tree(path, node)
            if held is None:
                entry["unreadable"] = True
                continue
            tree = names.named_tree(_decoded(held))
            now = _flat(tree)
            old = self._known.get(path)
            if entry["touched"] or old is None:
                entry.update(_put_and_deleted(tree, now, old or {}))
            self._known[path] = now
        return entries


def _tree(path: str, node: Node) -> Tree | None:
    if isinstance(node.content, Database):
        return node.content.tree
    content = node.content if isinstance(node.content, bytes) else b""
    return tree_of(content, 4096, path).map(lambda read: read[0]).value_or(None)


class Bucket(dict[str, Any]):
    """A bucket, told apart from a value that is an object."""


def _decoded(tree: Tree) -> Bucket:
    found = Bucket()
    for key, value in tree.entries.items():
        if isinstance(value, Tree):
            found[key] = _decoded(value)
            continue
        text = value.decode("utf-8", "backslashreplace")
        found[key] = text
        if text[:1] in ("{", "["):
            try:
                found[key] = json.loads(text)
            except ValueError:
                continue
    return found


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in sorted(tree.items()):
        if isinstance(value, Bucket):
            if not value and prefix:
                flat[prefix + key] = {}
            flat.update(_flat(value, prefix + key + "/"))
        else:
            flat[prefix + key] = value
    return flat


def _put_and_deleted(tree: Bucket, now: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if sorted(tree) != USUAL_BUCKETS:
        entry["buckets"] = sorted(tree)
    entry["runtime-config"] = tree.get("runtime-config")
    put = {
        key: value
        for key, value in now.items()
        if not key.startswith("runtime-config/") and (key not in old or old[key] != value)
    }
    deleted = sorted(key for key in old if key not in now)
    if put:
        entry["put"] = put
    if deleted:
        entry["deleted"] = deleted
    return entry
