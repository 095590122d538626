# ruff: noqa: PTH101, PTH102, PTH106, PTH108, PTH110, PTH115, PTH116, PTH118, PTH123, PTH208, PTH211, TRY301 - the oracle is plain system calls
"""The simulated kernel against the real one.

Laws:
- any sequence of file effects answers in a world what plain system calls answer in an empty directory: the same success
  or the same errno, and leaves the same tree: names, types, modes, owners, sizes, contents, targets;
- that holds for root and for an unprivileged user.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.effect import Effect
from pypod.pure.facts import ALL_CAPABILITIES, FileType, HostFacts, Identity
from pypod.pure.table import Table
from pypod.pure.vocabulary import changes, files
from pypod.pure.world import Simulated, World
from pypod.pure.world.state import Mount, Node
from tests.property.strategies import file_effects

OUTSIDER = 65534


def _make_directories(path: str, mode: int) -> None:
    """Go's os.MkdirAll over plain calls."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            return
        raise OSError(20, "mkdir")
    except OSError as error:
        if error.strerror == "mkdir":
            raise
    end = len(path.rstrip("/"))
    start = path.rfind("/", 0, end) + 1
    if start > 1:
        _make_directories(path[: start - 1], mode)
    try:
        os.mkdir(path[:end], mode)
    except OSError:
        if os.path.lexists(path) and stat.S_ISDIR(os.lstat(path).st_mode):
            return
        raise


def _written(path: str, flags: int, mode: int, content: bytes) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC, mode)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def _created(path: str, mode: int, content: bytes, exclusive: bool) -> None:
    fresh = not os.path.exists(path)
    _written(path, os.O_RDWR | os.O_CREAT | (os.O_EXCL if exclusive else 0), mode, content if fresh else b"")


def _removed(path: str) -> None:
    try:
        os.unlink(path)
    except OSError as first:
        try:
            os.rmdir(path)
        except NotADirectoryError:
            raise first from None


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 20)
    finally:
        os.close(descriptor)


def _done(effect: Effect[Any], at: Callable[[str], str]) -> object:
    """The effect by plain calls: what it answers where that is comparable."""
    match effect:
        case changes.MakeDirectories(path, mode):
            _make_directories(at(path), mode)
        case changes.CreateFile(path, mode, content, exclusive):
            _created(at(path), mode, content, exclusive)
        case changes.WriteFile(path, mode, content):
            _written(at(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode, content)
        case changes.AppendFile(path, mode, content):
            _written(at(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode, content)
        case changes.RemoveFile(path):
            _removed(at(path))
        case changes.ChangeMode(path, mode):
            os.chmod(at(path), mode)
        case files.ReadFile(path):
            return _read(at(path))
        case files.ListDirectory(path):
            return tuple(sorted(os.listdir(at(path)), key=os.fsencode))
        case files.Stat(path):
            found = os.stat(at(path))
            return stat.S_IMODE(found.st_mode), found.st_uid
        case files.LookAt(path):
            found = os.lstat(at(path))
            return stat.S_IMODE(found.st_mode), found.st_uid
        case files.ReadLink(path):
            return os.readlink(at(path))
        case _:
            raise AssertionError(effect)
    return None


def _comparable(effect: Effect[Any], value: Any) -> object:
    match effect:
        case files.ListDirectory():
            return tuple(entry.name for entry in value)
        case files.Stat() | files.LookAt():
            return value.mode, value.uid
        case files.ReadFile() | files.ReadLink():
            return value
        case _:
            return None


def _tree(top: str) -> dict[str, tuple[object, ...]]:
    seen: dict[str, tuple[object, ...]] = {}
    for directory, names, others in os.walk(top):
        for name in (*names, *others):
            path = os.path.join(directory, name)
            found = os.lstat(path)
            owner = (found.st_uid, found.st_gid)
            key = path[len(top) :]
            if stat.S_ISLNK(found.st_mode):
                seen[key] = (FileType.LINK, owner, os.readlink(path))
            elif stat.S_ISDIR(found.st_mode):
                seen[key] = (FileType.DIRECTORY, owner, stat.S_IMODE(found.st_mode))
            else:
                with open(path, "rb") as handle:
                    seen[key] = (FileType.FILE, owner, stat.S_IMODE(found.st_mode), handle.read())
    return seen


def _simulated_tree(world: World) -> dict[str, tuple[object, ...]]:
    seen: dict[str, tuple[object, ...]] = {}
    for path, node in world.nodes.items():
        owner = (node.uid, node.gid)
        if path == "/":
            continue
        if node.type is FileType.LINK:
            seen[path] = (node.type, owner, node.target)
        elif node.type is FileType.DIRECTORY:
            seen[path] = (node.type, owner, node.mode)
        else:
            assert isinstance(node.content, bytes)
            assert node.size == len(node.content)
            seen[path] = (node.type, owner, node.mode, node.content)
    return seen


LINKS = {"/l": "a", "/a-loop": "a-loop", "/up": "a/../b", "/gone": "nowhere/at/all", "/self": "."}


def _world(uid: int) -> World:
    nodes = {path: Node(FileType.LINK, 0o777, uid, uid, len(target), target=target) for path, target in LINKS.items()}
    nodes["/"] = Node(FileType.DIRECTORY, 0o755, uid, uid, names=frozenset(name[1:] for name in LINKS))
    capabilities = ALL_CAPABILITIES if uid == 0 else 0
    return World(
        nodes=Table(nodes), open=False, identity=Identity(uid, uid, uid, uid, capabilities), cwd="/",
        mounts=(Mount("/"),), facts=HostFacts(),
    )  # fmt: skip


def _compared(effects: list[Effect[Any]], top: str, uid: int) -> list[str]:
    """What differs, empty for nothing; run as that user."""
    simulated = Simulated(_world(uid))
    wrong: list[str] = []
    for effect in effects:
        answer = simulated.answer(effect)
        try:
            real = _done(effect, lambda path: top + path)
        except OSError as error:
            got = answer.failure().errno if isinstance(answer, Failure) else "success"
            if got != error.errno:
                wrong.append(f"{effect}: really errno {error.errno}, simulated {got}")
            continue
        if isinstance(answer, Failure):
            wrong.append(f"{effect}: really a success, simulated {answer.failure()}")
        elif real is not None and _comparable(effect, answer.unwrap()) != real:
            wrong.append(f"{effect}: really {real!r}, simulated {_comparable(effect, answer.unwrap())!r}")
    return wrong


def _difference(effects: list[Effect[Any]], uid: int) -> list[str]:
    """Run both in a child process, because a user cannot become root again."""
    top = tempfile.mkdtemp(prefix="world-")
    os.chown(top, uid, uid)
    os.chmod(top, 0o755)
    root = os.getuid() == 0
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.umask(0o022)
            for path, target in LINKS.items():
                os.symlink(target, top + path)
                os.lchown(top + path, uid, uid)
            if root:
                os.chroot(top)
                os.chdir("/")
            if uid != os.getuid():
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            os.write(writer, "\n".join(_compared(effects, "" if root else top, uid)).encode()[:60000])
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as handle:
        text = handle.read().decode()
    _, status = os.waitpid(child, 0)
    wrong = text.splitlines() if status == 0 else ["the comparison itself failed"]
    if not wrong:
        simulated = Simulated(_world(uid))
        for effect in effects:
            simulated.answer(effect)
        real, made = _tree(top), _simulated_tree(simulated.world)
        wrong = [f"{path}: {real.get(path)} {made.get(path)}" for path in real.keys() | made.keys()
                 if real.get(path) != made.get(path)]  # fmt: skip
    shutil.rmtree(top)
    return wrong


@pytest.mark.parametrize("uid", [os.getuid(), OUTSIDER])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(effects=st.lists(file_effects(), min_size=1, max_size=12))
def test_effects_answer_and_leave_what_system_calls_do(uid: int, effects: list[Effect[Any]]) -> None:
    if uid != os.getuid() and os.getuid() != 0:
        pytest.skip("only root can become another user")
    if os.getuid() != 0:
        assume(not any(".." in getattr(effect, "path", "") for effect in effects))
    assert _difference(effects, uid) == []
