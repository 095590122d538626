"""The order in which a command makes things: first creations of files, directories, renames, programs that are run.

Of a recording and of a trace alike; re-opens and the scratch directories of probes are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tests.golden.names import Names
from tests.interop.traces import calls

TRACED: Final = "mkdir,mkdirat,open,openat,creat,rename,renameat,renameat2,execve"
Deed = tuple[str, str]

_SCRATCH: Final = re.compile(r"compat|check\d|-check|fsutils-dummy|opaque-bug|naive-diff|<rand>")
_OWN: Final = re.compile(r"^/\.oracle/|/podman( |$)|python3")
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_KINDS: Final = {"create": "create", "create-new": "create", "mkdir": "mkdir", "rename": "rename", "exec": "run"}


def recorded(lines: Iterable[str]) -> list[Deed]:
    """The deeds of a recorded step."""
    plain = (line.split(" ", 1) for line in lines if " = " not in line)
    return list(_first((_KINDS[word], _subject(word, rest)) for word, rest in plain if word in _KINDS))


def _subject(word: str, rest: str) -> str:
    """A path is followed by a mode; both of a rename and the words of a program are told whole."""
    return rest.rpartition(" ")[0] if word in {"create", "create-new", "mkdir"} else rest


def traced(trace: str, names: Names) -> list[Deed]:
    """The deeds of a trace that ``strace -f`` wrote."""
    return list(_first((kind, names.named(subject)) for kind, subject in _traced(trace)))


def _traced(trace: str) -> Iterator[Deed]:
    begun: dict[int, str] = {}
    for call in calls(trace):
        rest = begun.pop(call.pid, "") + call.rest
        if rest.endswith("<unfinished ...>"):
            begun[call.pid] = rest.removesuffix("<unfinished ...>")
            continue
        arguments, _, result = rest.rpartition(" = ")
        if result.startswith("-1"):
            continue
        paths = [_plain(one) for one in _STRING.findall(arguments)]
        if call.name in {"mkdir", "mkdirat"}:
            yield "mkdir", paths[0]
        elif call.name.startswith("rename"):
            yield "rename", f"{paths[0]} -> {paths[1]}"
        elif call.name == "execve":
            yield "run", " ".join([paths[0], *paths[2:]])
        elif "O_CREAT" in arguments:
            yield "create", paths[0]


def _plain(text: str) -> str:
    """A text of strace's without its escapes, which are those of C: a character for each byte, as the recorder has it."""
    return text.encode().decode("unicode_escape")


def _first(deeds: Iterable[Deed]) -> Iterator[Deed]:
    """Each thing when it is made first; each program whenever it is run."""
    made: set[Deed] = set()
    for deed in deeds:
        kind, subject = deed
        if _SCRATCH.search(subject) or _OWN.search(subject) or (kind != "run" and deed in made):
            continue
        made.add(deed)
        yield deed
