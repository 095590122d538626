"""Recorded cases on a throw-away machine: pypod's own commands run for real, the other steps come from the recording.

The machine is laid from the simulated host of :mod:`tests.golden.replay`: before each step what differs from the step
before is put there, so that a step which pypod does not run leaves what libpod left.  What is seen afterwards becomes a
:class:`World` again, and is told in the recordings' form by the very functions that tell it of the simulated host.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import structs
from returns.result import Failure

import pypod
from pypod.pure.facts import FileType
from pypod.pure.options.flags import CommandLine, last, parse
from pypod.pure.table import Table
from pypod.pure.world import World
from pypod.pure.world.base import base_mounts
from pypod.pure.world.describe import described, next_step
from pypod.pure.world.segment import segment_of
from pypod.pure.world.state import Mount, Node
from tests.golden import recorded
from tests.golden.names import Names
from tests.golden.observe import Databases, changes, locks, scanned
from tests.golden.plain import is_object
from tests.golden.replay import replayed, sorted_runs, taken_from_recording
from tests.golden_live.order import TRACED, traced

INSIDE = Path(__file__).parent / "inside.py"
OWN = "/.oracle"
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
INTERPRETER = f"/usr/local/bin/{VERSION}"
"""Where the interpreter is shown: below it its library is found, wherever it really is."""
MINE = frozenset({"info", "system info", "container exists", "pod exists", "system renumber", "system migrate"})
"""The commands that pypod has."""
TRACER = (f"{OWN}/strace", "-f", "-q", "-s", "4096", "-o", f"{OWN}/trace", "-e", f"trace={TRACED}", "-e", "signal=none")
BACKUP = "/bolt_state.db.pypod-backup-"
PAGE = 4096
SECONDS = 40

_LOG = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def is_possible() -> str:
    """Why there can be no such machine here; empty where there can."""
    if os.geteuid() != 0:
        return "only root can make a machine of its own"
    for needed in ("busybox", "strace"):
        if shutil.which(needed) is None:
            return f"there is no {needed}"
    made = subprocess.run(["unshare", "-m", "-p", "-n", "-f", "true"], capture_output=True, check=False)
    return "" if made.returncode == 0 else f"namespaces are refused: {made.stderr.decode()}"


def has_mine(recording: dict[str, Any]) -> bool:
    """Whether pypod has the command of a step."""
    return any(_mine(step["args"]) is not None for step in recording["case"]["steps"])


def is_traced(case: dict[str, Any], want: dict[str, Any]) -> bool:
    """Whether the order of what is made is compared: it was recorded, and nobody is left whom a tracer would wait for."""
    return "syscalls" in want and not case.get("uid", 0)


def _mine(words: list[str]) -> CommandLine | None:
    """The command line of a step that pypod runs: a command of its own, or one that Podman would not take."""
    parsed = parse(tuple(words))
    if isinstance(parsed, Failure):
        return CommandLine() if {name.partition(" ")[0] for name in MINE} & set(words) else None
    line = parsed.unwrap()
    return line if line.command in MINE and not line.help else None


def outcomes(recording: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    """The outcome of each step in the form of the recordings; ``None`` for one that pypod does not run."""
    wanted = recording["outcome"]["steps"]
    names = Names(recording["outcome"].get("ids", {}))
    worlds, lines = _simulated(recording, names)
    records = _run(_plan(recording, worlds, lines))
    databases = Databases()
    contents: dict[str, bytes] = {}
    for step, line, record in zip(wanted, lines, records, strict=True):
        before, after = _world(record["before"], contents), _world(record["after"], contents)
        if line is None:
            databases.know(after, names)
            yield None
            continue
        said = _said(record, names)
        if last(line.own, "format") != "json":
            said["info"] = None  # the recorder reads JSON alone
        touched = frozenset(path for path, node in after.nodes.items() if _touched(path, node, before))
        yield {
            **said,
            **changes(before, _without_backup(after, before), names),
            "db": databases.after(before, after, names, touched),
            "locks": locks(after),
            "order": traced(record["trace"], names) if record["trace"] else None,
            "processes": record["left"] or step.get("processes"),
        }


def _simulated(recording: dict[str, Any], names: Names) -> tuple[list[tuple[World, World]], list[CommandLine | None]]:
    """The simulated host before each step and after it, and the command line where pypod runs it."""
    case, steps = recording["case"], recording["outcome"]["steps"]
    databases = Databases()
    world = described(recording, 0).unwrap()
    worlds: list[tuple[World, World]] = []
    lines: list[CommandLine | None] = []
    for index, (step, want) in enumerate(zip(case["steps"], steps, strict=True)):
        if index:
            world = next_step(world, case, index).unwrap()
        parsed = parse(tuple(step["args"]))
        line = None if isinstance(parsed, Failure) else parsed.unwrap()
        if line is None or taken_from_recording(line, want):
            after = recorded.applied(world, want, names, case)
        else:
            _, after = replayed(world, line, names, databases)
        worlds.append((world, after))
        lines.append(_mine(step["args"]))
        world = after
    return worlds, lines


# -- the plan for the machine


def _plan(
    recording: dict[str, Any], worlds: list[tuple[World, World]], lines: list[CommandLine | None]
) -> dict[str, Any]:
    """What the first process of the machine is told."""
    case = recording["case"]
    first = worlds[0][0]
    unified = case.get("cgroup", "v1") == "v2"
    bare = World(nodes=Table({"/": first.nodes["/"]}), mounts=base_mounts(unified=unified))
    steps: list[dict[str, Any]] = []
    there = first
    for (before, after), line, step, want in zip(
        worlds, lines, case["steps"], recording["outcome"]["steps"], strict=True
    ):
        ours = line is not None
        tracing = ours and is_traced(case, want)
        steps.append(
            {
                "reboot": bool(step.get("reboot_before")),
                "lay": _difference(there, before),
                "argv": [*(TRACER if tracing else ()), INTERPRETER, "-m", "pypod", *step["args"]] if ours else [],
                "traced": tracing,
                "env": {**{name: value for name, value in before.environment.items() if value is not None}, **_PYTHON},
                "uid": case.get("uid", 0),
                "cwd": step.get("cwd", "/"),
                "timeout": SECONDS,
            }
        )
        if ours:
            there = after
        else:
            # What somebody else did is laid at once, so that it is seen as the state before the next step.
            steps[-1]["lay"] = _joined(steps[-1]["lay"], _difference(before, after))
            there = after
    return {
        "first": _difference(bare, first),
        "unified": unified,
        "init": case.get("init", "init"),
        "shell": shutil.which("busybox"),
        "helpers": [path for path in map(shutil.which, ("newuidmap", "newgidmap")) if path],
        "binds": _binds(),
        "steps": steps,
    }


_PYTHON = {"PYTHONPATH": f"{OWN}/site:{OWN}/source", "PYTHONDONTWRITEBYTECODE": "1", "PYPOD_TRACEBACK": "1"}


def _binds() -> list[tuple[str, str]]:
    """The interpreter and its library, the libraries of the system, and pypod with what it imports."""
    multiarch = sysconfig.get_config_var("MULTIARCH")
    libraries = [path for path in (f"/usr/lib/{multiarch}", "/usr/lib64") if Path(path).is_dir()]
    return [
        *((path, path) for path in libraries),
        (os.path.realpath(sys.executable), INTERPRETER),
        (f"{sys.base_prefix}/lib/{VERSION}", f"/usr/local/lib/{VERSION}"),
        (sysconfig.get_path("purelib"), f"{OWN}/site"),
        (shutil.which("strace") or "", f"{OWN}/strace"),
        (str(Path(pypod.__file__).parent), f"{OWN}/source/pypod"),
    ]


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: [*one[key], *other[key]] for key in one}


def _difference(before: World, after: World) -> dict[str, Any]:
    """What has to be done to make of one host the other."""
    old, new = scanned(before), scanned(after)
    gone = [mount.point for mount in reversed(before.mounts) if mount not in after.mounts]
    come = [mount for mount in after.mounts if mount not in before.mounts and (mount.read_only or not mount.bind)]
    return {
        "unmount": gone,
        "mount": [_mounted(mount, after) for mount in come],
        "remove": sorted(path for path in old if path not in new),
        "put": [
            (path, _put(node)) for path, node in sorted(new.items()) if old.get(path) is not node and _lies(path, node)
        ],
    }


def _lies(path: str, node: Node) -> bool:
    return node.type is not FileType.CHARACTER and not path.startswith(OWN)


def _mounted(mount: Mount, world: World) -> dict[str, Any]:
    mode = world.nodes[mount.point].mode if mount.point in world.nodes else 0o755
    size = f"size={mount.limit * PAGE}," if mount.limit >= 0 else ""
    return {"point": mount.point, "read_only": mount.read_only, "data": f"{size}mode={mode:04o}"}


def _put(node: Node) -> dict[str, Any]:
    put = {"type": node.type.value, "mode": node.mode, "uid": node.uid, "gid": node.gid}
    if node.type is FileType.LINK:
        put["target"] = node.target
    elif node.type is FileType.FILE:
        content = node.content if isinstance(node.content, bytes) else node.content.to_bytes() if node.content else b""
        put["content"] = base64.b64encode(content).decode()
    return put


def _run(plan: dict[str, Any]) -> list[dict[str, Any]]:
    top = tempfile.mkdtemp(prefix="machine-")
    reader, writer = os.pipe()
    try:
        started = subprocess.Popen(
            [sys.executable, "-I", str(INSIDE), top, str(writer)], stdin=subprocess.PIPE, pass_fds=(writer,)
        )
        os.close(writer)
        assert started.stdin is not None
        started.stdin.write(json.dumps(plan).encode("utf-8", "surrogatepass"))
        started.stdin.close()
        with os.fdopen(reader, "rb") as answers:
            text = answers.read()
        started.wait()
    finally:
        Path(top).rmdir()
    answer: dict[str, Any] = json.loads(text.decode("utf-8", "surrogatepass")) if text else {"error": "no answer"}
    if "error" in answer:
        raise AssertionError(answer["error"])
    records: list[dict[str, Any]] = answer["records"]
    return records


# -- what was seen


def _without_backup(after: World, before: World) -> World:
    """Without the copy of the database that renumbering and migrating make first: row D-47 of the differences."""
    made = [path for path in after.nodes if BACKUP in path and path not in before.nodes]
    return structs.replace(after, nodes=after.nodes.without(made))


def _world(seen: dict[str, Any], contents: dict[str, bytes]) -> World:
    """The host that a look saw.  A file of which no content was sent is as it was at the look before: ``contents``."""
    nodes: dict[str, Node] = {"/": Node(FileType.DIRECTORY, 0o755)}
    for path, entry in seen.items():
        kind = FileType(entry["type"])
        if kind is FileType.FILE and "content" in entry:
            contents[path] = base64.b64decode(entry["content"])
        node = Node(kind, entry["mode"], entry["uid"], entry["gid"], entry["size"], target=entry.get("target", ""))
        if kind is FileType.FILE:
            node = structs.replace(node, content=_content(path, contents[path]))
        nodes[path] = node
    return World(nodes=Table(nodes), open=False)


def _content(path: str, content: bytes) -> Any:
    """A segment without its mutexes, which change all the time."""
    return segment_of(content, "") if path.startswith("/dev/shm/libpod") and len(content) >= 56 else content


def _touched(path: str, node: Node, before: World) -> bool:
    if not path.endswith("/bolt_state.db"):
        return False
    was = before.nodes.get(path)
    return was is None or was.content != node.content


def _said(record: dict[str, Any], names: Names) -> dict[str, Any]:
    log, rest = _log(record["stderr"])
    errors = [line for line in rest if line.startswith("Error: ")]
    return {
        "rc": "timeout" if record["rc"] is None else record["rc"],
        "error": names.named(errors[-1]) if errors else None,
        "log": sorted_runs([[level, names.named(message)] for level, message in log]),
        "info": names.named_tree(_info(record["stdout"])),
        "other": rest,
    }


def _info(stdout: str) -> dict[str, Any] | None:
    start = 0 if stdout.startswith("{") else stdout.find("\n{\n") + 1
    try:
        info: object = json.loads(stdout[start:])
    except ValueError:
        return None
    return info if is_object(info) and "store" in info else None


def _log(stderr: str) -> tuple[list[tuple[str, str]], list[str]]:
    lines: list[tuple[str, str]] = []
    other: list[str] = []
    for line in stderr.splitlines():
        fields: dict[str, str] = dict(_LOG.findall(line)) if line.startswith("time=") else {}
        if "level" in fields and "msg" in fields:
            lines.append((fields["level"], _unquoted(fields["msg"])))
        elif line.strip():
            other.append(line)
    return lines, other


def _unquoted(text: str) -> str:
    """Go's ``%q`` undone."""
    if len(text) < 2 or text[0] != '"':
        return text
    return _ESCAPE.sub(_character, text[1:-1])


def _character(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if code[0] in "xuU" else _SHORT.get(code, code)
