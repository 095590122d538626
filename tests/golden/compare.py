"""How a step's outcome is compared with the recorded one: aspect by aspect.

The aspects and what is left out of each are those of the recorder's own scoring: lines of the command line tool, of
image handling and of graph-driver probing are not the runtime's; a repeated line counts once, at its last place; of a
TOML syntax error only our wrapping counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tests.golden.plain import Object, is_list, is_object, member

ASPECTS = ("exit", "error", "log", "settings", "info", "changes", "database", "locks")

FOREIGN = (
    "filtering at log level", "Called ", "Setting parallel job count", "Loading registries configuration",
    "Cached value indicated", "overlay: test mount", "overlay: test mkdir", "backingFs=", "[graphdriver]",
    "parsed reference", "overlay: mount_", "overlay: storage already", "overlay: imagestore", "Looking up image",
    'Trying "', "Found image", "systemd-logind:", '"/" is not a shared mount', "Failed to add podman to systemd",
    "Failed to retrieve program version", "has no defined healthcheck",
    "Validating options for local driver",
)  # fmt: skip

_SETTINGS = {
    "host": (
        "cgroupManager", "cgroupVersion", "conmon", "eventLogger", "ociRuntime", "security", "logDriver", "idMappings",
    ),
    "store": (
        "configFile", "containerStore", "graphDriverName", "graphOptions", "graphRoot", "runRoot", "volumePath",
    ),
}  # fmt: skip
_TOKEN = re.compile(r"<id\d+>|[0-9a-f]{64}")
_TOML_SYNTAX = re.compile(r"Near line \d+ \(last key parsed .*", re.DOTALL)


def own_words(text: str | None) -> str | None:
    """A message without the words of the TOML library after its position."""
    return _TOML_SYNTAX.sub("Near line", text) if text is not None else None


def runtime_log(lines: Sequence[Sequence[Any]]) -> list[tuple[str, str]]:
    """The runtime's lines, level and text, each at its last place."""
    own = [(line[0], own_words(line[1]) or "") for line in lines if not any(mark in line[1] for mark in FOREIGN)]
    last = {line: index for index, line in enumerate(own)}
    return [line for index, line in enumerate(own) if last[line] == index]


def shown_settings(info: dict[str, Any] | None) -> dict[str, Any] | None:
    """The settings that ``info`` shows; the names of packages are the machine's."""
    if not info:
        return None
    picked = {part: {key: info.get(part, {}).get(key) for key in keys} for part, keys in _SETTINGS.items()}
    for part in ("conmon", "ociRuntime"):
        if isinstance(picked["host"][part], dict):
            picked["host"][part] = {key: value for key, value in picked["host"][part].items() if key != "package"}
    return picked


_OF_THE_MOMENT = (
    "buildahVersion", "cpus", "kernel", "memFree", "memTotal", "swapFree", "swapTotal", "uptime", "cgroupControllers",
)  # fmt: skip


def shown_info(info: dict[str, Any] | None) -> dict[str, Any] | None:
    """``info`` without what names the build, the machine or the moment."""
    if not info:
        return None
    host = {key: value for key, value in info.get("host", {}).items() if key not in _OF_THE_MOMENT}
    for part in ("conmon", "ociRuntime", "slirp4netns"):
        if isinstance(host.get(part), dict):
            host[part] = {key: value for key, value in host[part].items() if key != "package"}
    plugins = {**info["plugins"], "volume": sorted(info["plugins"]["volume"])} if "plugins" in info else None
    return {**{key: value for key, value in info.items() if key != "version"}, "host": host, "plugins": plugins}


def without_tokens(entries: dict[str, Any] | None) -> dict[str, Any] | None:
    """Files without the last-writer tokens of lock files: 64 random digits, of which only the number counts."""
    if entries is None:
        return None
    return {
        path: {**entry, "text": "<token>"}
        if path.endswith(".lock") and _TOKEN.fullmatch(entry.get("text", ""))
        else entry
        for path, entry in entries.items()
    }


def _database(entry: Object) -> Object:
    """An entry without the file itself, and without the recorder's words for one that it cannot read."""
    return {key: True if key == "unreadable" else value for key, value in entry.items() if key != "b64z"}


def view(step: Object) -> dict[str, Any]:
    """A step as a value for each aspect; ``None`` where there is nothing to compare."""
    databases = {path: _database(entry) for path, entry in member(step, "db").items()}
    return {
        "exit": step["rc"],
        "error": own_words(step.get("error")),
        "log": runtime_log(step.get("log") or []) or None,
        "settings": shown_settings(step.get("info")),
        "info": shown_info(step.get("info")),
        "changes": {
            "created": without_tokens(step.get("created")),
            "removed": step.get("removed"),
            "changed": without_tokens(step.get("changed")),
        },
        "database": databases or None,
        "locks": step.get("locks") or None,
    }


def first_difference(want: object, have: object, where: str = "") -> str:
    """One line that names where two values part."""
    if is_object(want) and is_object(have):
        for key in [*want, *(key for key in have if key not in want)]:
            if want.get(key) != have.get(key):
                return first_difference(want.get(key), have.get(key), f"{where}.{key}")
    if is_list(want) and is_list(have):
        for index in range(max(len(want), len(have))):
            one = want[index] if index < len(want) else None
            other = have[index] if index < len(have) else None
            if one != other:
                return first_difference(one, other, f"{where}[{index}]")
    return f"{where or 'value'}: libpod {json.dumps(want)[:400]} / here {json.dumps(have)[:400]}"


def compared(recorded: Object, replayed: Object) -> Iterator[tuple[str, str]]:
    """Each aspect that has something to say, with its first difference; the empty text where both agree."""
    want, have = view(recorded), view(replayed)
    for aspect in ASPECTS:
        if want[aspect] is None and have[aspect] is None:
            continue
        yield aspect, "" if want[aspect] == have[aspect] else first_difference(want[aspect], have[aspect])


def differing(recording: Object, outcomes: Iterable[Object | None]) -> dict[tuple[str, int, str], str]:
    """The first difference of each aspect of each step that differs, by case, step and aspect."""
    case: str = recording["case"]["name"]
    steps = recording["outcome"]["steps"]
    return {
        (case, number, aspect): text
        for number, have in enumerate(outcomes)
        if have is not None
        for aspect, text in compared(steps[number], have)
        if text
    }
