"""What a process and the child that it leaves for do between them (podman's ``rootless_linux.c``), as far as it is
decided: command line, environment, maps, signals, statuses and the lines that are printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from pypod.pure.userns.decide import CONFIGURED, c_text, leading_number
from pypod.pure.userns.facts import IdRange, Namespace, Reexec

ROOTLESS_UID: Final = "_CONTAINERS_ROOTLESS_UID"
ROOTLESS_GID: Final = "_CONTAINERS_ROOTLESS_GID"
PAUSES: Final = "_PODMAN_PAUSE"
LISTEN: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")

READY: Final = b"0"
FAILED: Final = b"1"
RACE_LOST: Final = b"2"
"""What the two say to each other: also the parent's word that the maps are written is ``READY``."""

_SIGCHLD: Final = 17
_SIGPIPE: Final = 13
_SIGTERM: Final = 15
_SIGTSTP: Final = 20
LEFT_OPEN: Final = frozenset((_SIGCHLD, _SIGTERM))
"""The signals that still act on the child while it prepares, and on the pause process for ever.

Numbers of signals are Linux's on all architectures that Podman is built for.
"""
HELD_BACK: Final = frozenset((_SIGTSTP,))
"""The signals that the waiting parent does not take: one that stops it from the terminal stops it."""
IGNORED_WHILE_PAUSED: Final = (14, 1, 2, 13, 3, 29, 27, 26, 24, 25)
"""ALRM, HUP, INT, PIPE, QUIT, POLL, PROF, VTALRM, XCPU, XFSZ."""

REEXECUTION_NEEDED: Final = "the process must be executed again, as root of a user namespace"
"""What a library says that leaves the leaving to its caller."""

_EVERY_ID: Final = "4294967295"
_EVERY_ID_IN_TWO: Final = b"0 0 1\n1 1 4294967294\n"


def command_line(executable: str, original: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs the same command again: as the kernel was given it, with the interpreter's whole path.

    It serves a console script (the kernel put the interpreter in front), ``python -m pypod`` and a zip archive alike.
    """
    return (executable, *original[1:]) if executable and original else original


def reexecution(argv: tuple[str, ...], euid: int, egid: int, namespace: Namespace, pause_path: str) -> Reexec:
    """What is executed for a user, with the variables that tell it who that was."""
    variables = ((CONFIGURED, "init"), (ROOTLESS_UID, str(euid)), (ROOTLESS_GID, str(egid)))
    return Reexec(argv, variables, namespace, pause_path)


def without_pause_process(reexec: Reexec) -> Reexec:
    """The same in a namespace that somebody else keeps."""
    return replace(reexec, pause_path="")


def is_socket_activated(environment: Mapping[str, str], pid: int) -> bool:
    """Whether the sockets of ``LISTEN_FDS`` are meant for this process."""
    return "LISTEN_FDS" in environment and leading_number(environment.get("LISTEN_PID", "")) == pid


def listening(environment: Mapping[str, str]) -> range:
    """The descriptors of the sockets that a process was started with."""
    return range(3, 3 + max(0, leading_number(environment.get("LISTEN_FDS", ""))))


def child_environment(environment: Mapping[str, str], reexec: Reexec, parent: int, child: int) -> dict[str, str]:
    """The environment of the re-executed process; sockets that were meant for its parent are meant for it."""
    sockets = {"LISTEN_PID": str(child)} if is_socket_activated(environment, parent) else {}
    return {**environment, **sockets, **dict(reexec.environment)}


def copied_map(own: bytes) -> bytes:
    """The map of this process as it is copied: the map of everything in two ranges, since OCI runtimes take that one
    range for "no user namespace".
    """
    return _EVERY_ID_IN_TWO if _EVERY_ID.encode() in own else own


def single_map(own: int) -> bytes:
    """The map of one id alone."""
    return f"0 {own} 1\n".encode()


def mapping_command(tool: str, pid: int, ranges: tuple[IdRange, ...]) -> tuple[str, ...]:
    """``newuidmap PID INSIDE OUTSIDE LENGTH ...``."""
    numbers = (number for one in ranges for number in (one.inside, one.outside, one.length))
    return (tool, str(pid), *map(str, numbers))


def is_forwarded(signal: int) -> bool:
    """Whether the waiting parent gives a signal to its child."""
    return signal not in {_SIGCHLD, _SIGPIPE, _SIGTSTP}


def exit_status(code: int) -> int:
    """The status to end with for a child's: its own, or 128 and the signal that ended it (``code`` is negative then)."""
    return code if code >= 0 else 128 - code


def refused_call(call: str, number: int) -> str:
    """What the child prints of a system call that failed: ``cannot setresuid: Invalid argument``."""
    return f"cannot {call}: {c_text(number)}"


def refused_join(kind: str) -> str:
    """What the child prints when it cannot join; ``kind`` is ``user`` or ``mnt``."""
    return f"cannot set {kind} namespace"


def refused_execution(program: str, number: int) -> str:
    """What the child prints when the command cannot be executed."""
    return f"failed to execvp {program}: {c_text(number)}"


def refused_temporary(number: int) -> str:
    """What is printed when the pause process's id cannot be written."""
    return f"error creating temporary file: {c_text(number)}"
