"""A command that leaves for a user namespace, as pypod's own command does, and tells what it sees there.

    leaving.py enter PAUSE_PATH | join PID [PAUSE_PATH] | short-cut WORD ... | keep PAUSE_PATH | fail TOOL | read PATH   [then=status:N|signal:N|wait]

Outside it runs the real program on the real machine and ends with the status that it is answered.  Inside it prints one
JSON object.  ``keep`` is a library's way: what would be executed is printed, and nothing happens.  ``fail`` enters ten times
with a mapping tool that fails, and prints which descriptors were open before and after, and whether a child is left; ``read``
tells the same of reading a file three times from within namespaces.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

import msgspec
from returns.result import Failure, Result

from pypod.effects.linux.machine import LinuxCommand, LinuxLibrary
from pypod.effects.linux.namespaces import LinuxNamespaces
from pypod.effects.linux.observer import LinuxObserver
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Effect
from pypod.pure.failure import Departed, Ending, HostError
from pypod.pure.program import Program, drive, leave
from pypod.pure.userns.decide import not_reexecuted
from pypod.pure.userns.facts import IdMappings, IdRange
from pypod.pure.userns.stage import PAUSE_PROCESS, become_root, mappings_of
from pypod.pure.vocabulary.namespaces import JoinUserNamespace
from pypod.pure.vocabulary.process import AskIdentity
from pypod.pure.vocabulary.telling import Note

T = TypeVar("T")


class Telling:
    """A host that says the notes on standard error."""

    def __init__(self, machine: LinuxCommand | LinuxLibrary) -> None:
        self.machine = machine

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        _tell(effect)
        return effect.via(self.machine)


def _tell(effect: Effect[Any]) -> None:
    if isinstance(effect, Note):
        say(f"{effect.level.value}: {effect.message}", sys.stderr)


def say(line: str, stream: TextIO = sys.stdout) -> None:
    """A line, at once: a child writes after it."""
    stream.write(f"{line}\n")
    stream.flush()


def seen() -> dict[str, Any]:
    """What a process can tell of itself."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return {
        "ids": [*os.getresuid(), *os.getresgid()],
        "uid_map": Path("/proc/self/uid_map").read_text(encoding="utf-8").split(),
        "gid_map": Path("/proc/self/gid_map").read_text(encoding="utf-8").split(),
        "setgroups": Path("/proc/self/setgroups").read_text(encoding="utf-8").strip(),
        "user": str(Path("/proc/self/ns/user").readlink()),
        "mnt": str(Path("/proc/self/ns/mnt").readlink()),
        "command": Path("/proc/self/cmdline").read_text(encoding="utf-8").rstrip("\0").split("\0"),
        "directory": str(Path.cwd()),
        "blocked": status["SigBlk"],
        "ignored": status["SigIgn"],
        "descriptors": descriptors(),
        "environment": {key: value for key, value in os.environ.items() if key[:7] in ("_CONTAI", "LISTEN_")},
        "pid": os.getpid(),
        "capabilities": status["CapEff"],
    }


def descriptors() -> list[int]:
    """What this process was started with; the listing's own is closed by then."""
    found = list(Path("/proc/self/fd").iterdir())
    return sorted(int(one.name) for one in found if one.is_symlink())


def then(words: list[str]) -> int:
    """How it ends inside."""
    what, _, number = next((word[5:] for word in words if word.startswith("then=")), "status:0").partition(":")
    if what == "wait":
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        Path("waiting").write_text(str(os.getpid()), encoding="utf-8")
        while True:
            taken = signal.sigwaitinfo(signal.valid_signals()).si_signo
            say(f"got {int(taken)}")
            if taken == signal.SIGUSR2:
                return 42
    if what == "signal":
        os.kill(os.getpid(), int(number))
    return int(number)


def program(words: list[str]) -> Program[Any]:
    """What is run outside."""
    match words:
        case ["enter" | "keep", pause, *_]:
            identity = AskIdentity().see(LinuxObserver()).unwrap()
            return become_root(identity, pause)
        case ["join", pid, *rest]:
            pause = next((word for word in rest if not word.startswith("then=")), "")
            return leave(JoinUserNamespace(int(pid), pause), not_reexecuted)
        case ["short-cut", *rest]:
            return PAUSE_PROCESS(Draft(Request("info", arguments=tuple(rest))))
        case _:
            raise SystemExit(f"what is {words}?")


def has_child() -> bool:
    """Whether there is a child, be it a zombie."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def failing(tool: str) -> dict[str, Any]:
    """What ten failures leave in the process that goes on."""
    maps = IdMappings((IdRange(0, os.geteuid(), 1),), (IdRange(0, os.getegid(), 1),), tool, tool)
    return tried(lambda: LinuxNamespaces().enter_user_namespace("pause.pid", maps).failure().reason, 10)


def reading(path: str) -> dict[str, Any]:
    """What three looks from within namespaces tell and leave."""
    maps = drive(mappings_of(AskIdentity().see(LinuxObserver()).unwrap()), Telling(LinuxLibrary())).unwrap().unwrap()

    def read() -> str:
        answer = LinuxObserver().read_in_user_namespace(path, maps)
        return answer.failure().message if isinstance(answer, Failure) else answer.unwrap().decode()

    return tried(read, 3)


def tried(attempt: Callable[[], str], times: int) -> dict[str, Any]:
    """What came of it, and what it left in this process."""
    before, mask = descriptors(), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    answers = [attempt() for _ in range(times)]
    same = mask == signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return {"answers": answers, "before": before, "after": descriptors(), "child": has_child(), "mask": same}


def main(words: list[str]) -> int:
    """Outside and inside, told apart as podman tells it."""
    if os.environ.get("_CONTAINERS_USERNS_CONFIGURED"):
        say(json.dumps(seen()))
        return then(words)
    if words[0] in ("fail", "read"):
        say(json.dumps((failing if words[0] == "fail" else reading)(words[1])))
        return 0
    machine = (
        LinuxLibrary() if words[0] == "keep" else LinuxCommand(lambda said: say(f"{said.level.value}: {said.message}"))
    )
    machine.handle_signals("libpod")
    ended: Result[object, Ending] = drive(program(words), Telling(machine))
    if isinstance(machine, LinuxLibrary) and machine.left is not None:
        say(msgspec.json.encode(machine.left).decode())
    if not isinstance(ended, Failure):
        say(json.dumps({"stayed": os.getuid()}))
        return 0
    ending: Ending = ended.failure()
    if isinstance(ending, Departed):
        return ending.status
    say(f"Error: {ending.message}", sys.stderr)
    return ending.exit_status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
