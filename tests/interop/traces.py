"""Reading what strace wrote: which calls change a host, and which programs were run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

CHANGING: Final = frozenset(
    [
        "mkdir",
        "mkdirat",
        "rmdir",
        "unlink",
        "unlinkat",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "symlink",
        "symlinkat",
        "creat",
        "mknod",
        "mknodat",
        "chmod",
        "fchmod",
        "fchmodat",
        "fchmodat2",
        "chown",
        "lchown",
        "fchown",
        "fchownat",
        "truncate",
        "ftruncate",
        "fallocate",
        "copy_file_range",
        "sendfile",
        "mount",
        "umount",
        "umount2",
        "pivot_root",
        "chroot",
        "move_mount",
        "fsmount",
        "open_tree",
        "setxattr",
        "lsetxattr",
        "fsetxattr",
        "removexattr",
        "lremovexattr",
        "fremovexattr",
        "utime",
        "utimes",
        "utimensat",
        "futimesat",
        "flock",
        "bind",
        "listen",
        "connect",
        "sethostname",
        "setdomainname",
        "unshare",
        "setns",
        "setrlimit",
        "reboot",
        "swapon",
        "swapoff",
        "init_module",
        "finit_module",
        "setns",
        "shmget",
        "semget",
        "msgget",
        "mq_open",
        "inotify_init",
        "process_vm_writev",
        "ptrace",
        "bpf",
        "keyctl",
        "add_key",
    ]
)
"""Calls that change something outside the process, or take hold of it, whatever their arguments."""

_WRITING: Final = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")
_HARMLESS: Final = re.compile(r'^[^"]*"/dev/(?:null|tty)"')
_LOCKING: Final = re.compile(r"F_(?:OFD_)?SETLKW?\b|F_SETLEASE\b|F_NOTIFY\b|F_ADD_SEALS\b")
_CALL: Final = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)$")
_STARTED: Final = re.compile(r"= (\d+)(?: |$)")
_ARGUMENTS: Final = re.compile(r'^"(?:[^"\\]|\\.)*", (\[.*?\]), (?:0x|\[)')


class Call(NamedTuple):
    """One line of a trace: who called what; ``rest`` are the arguments and the result as written."""

    pid: int
    name: str
    rest: str


def calls(trace: str) -> Iterator[Call]:
    """The calls of a trace that ``strace -f -o`` wrote."""
    for line in trace.splitlines():
        found = _CALL.match(line)
        if found:
            yield Call(int(found[1]), found[2], found[3])


def changes(call: Call) -> bool:
    """Whether a call would change the host or hold something of it."""
    if call.name in ("open", "openat", "openat2"):
        return bool(_WRITING.search(call.rest)) and not _HARMLESS.match(call.rest)
    if call.name == "fcntl":
        return bool(_LOCKING.search(call.rest))
    if call.name == "prlimit64":
        return len(call.rest.split(",")) > 2 and call.rest.split(",")[2].strip() != "NULL"
    if call.name == "mmap":
        return "PROT_WRITE" in call.rest and "MAP_SHARED" in call.rest
    return call.name in CHANGING


def programs(trace: str) -> list[str]:
    """The command lines of the programs that the first process of a trace started itself."""
    listed = list(calls(trace))
    first = listed[0].pid
    children = {
        int(started[1])
        for call in listed
        if call.pid == first and call.name in ("clone", "clone3", "vfork", "fork")
        for started in [_STARTED.search(call.rest.rpartition(")")[2])]
        if started
    }
    trying: dict[int, str] = {}
    ran: dict[int, str] = {}
    for call in listed:
        if call.pid not in children or call.name != "execve" or call.pid in ran:
            continue
        # A call that was interrupted by another process's line has its result in a second line.
        if arguments := _ARGUMENTS.match(call.rest):
            trying[call.pid] = " ".join(json.loads(arguments[1]))
        if call.rest.endswith("= 0"):
            ran[call.pid] = trying[call.pid]
    return sorted(ran.values())
