"""A plan changes nothing: the system calls of ``pypod plan`` are read one by one.

Programs that a plan runs for an answer (``conmon --version``) are other people's; that they are run is shown in the plan.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interop.traces import Call, calls, changes, programs

UNPRIVILEGED = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
"""Root without CAP_SYS_ADMIN: libpod takes it for rootless, and leaves for a user namespace."""


def _traced(
    strace: str, place: Path, scratch: Path, prefix: tuple[str, ...], flags: tuple[str, ...]
) -> tuple[Any, str]:
    """The plan that was printed, and the trace of its making."""
    trace = place / "trace"
    command = [
        strace, "-f", "-qq", "-s", "4096", "-e", "signal=none", "-o", str(trace), *prefix,
        sys.executable, "-B", "-m", "pypod", "plan", "--format", "json",
        "--root", f"{scratch}/root", "--runroot", f"{scratch}/run", "--tmpdir", f"{scratch}/tmp", *flags,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(scratch), "TMPDIR": str(scratch)}
    done = subprocess.run(command, capture_output=True, env=environment, check=False, timeout=300)
    if b"PTRACE" in done.stderr or b"ptrace" in done.stderr:
        pytest.skip(f"tracing is not allowed: that a plan changes nothing is NOT shown here: {done.stderr!r}")
    assert done.returncode in (0, 1), done.stderr.decode()
    return json.loads(done.stdout), trace.read_text(errors="replace")


@pytest.mark.parametrize("prefix", [(), UNPRIVILEGED], ids=["as it is", "without CAP_SYS_ADMIN"])
@pytest.mark.parametrize("flags", [(), ("--storage-driver", "vfs"), ("--storage-driver", "overlay")], ids=" ".join)
def test_a_plan_makes_no_changing_call(
    strace: str, tmp_path: Path, scratch: Path, prefix: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    if prefix and (os.geteuid() != 0 or shutil.which(prefix[0]) is None):
        pytest.skip("only root with setpriv can give up a capability")
    plan, trace = _traced(strace, tmp_path, scratch, prefix, flags)
    own = next(calls(trace)).pid
    assert [call for call in calls(trace) if call.pid == own and changes(call)] == []
    assert list(scratch.iterdir()) == []
    assert sorted(set(plan["observations"]["programs"])) == sorted(set(programs(trace)))
    assert plan["observations"]["count"] > 0


SAMPLE = """\
10 execve("/usr/bin/python3", ["python3", "-B"], 0x7ffd /* 9 vars */) = 0
10 openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
10 vfork( <unfinished ...>
11 execve("/usr/bin/conmon", ["/usr/bin/conmon", "--version"], 0x7ffd /* 9 vars */ <unfinished ...>
10 <... vfork resumed>) = 11
11 <... execve resumed>) = 0
10 clone(child_stack=NULL, flags=CLONE_VM|CLONE_VFORK|SIGCHLD) = 12
12 execve("/nowhere", ["/nowhere"], 0x7ffd /* 9 vars */) = -1 ENOENT (No such file or directory)
"""


@pytest.mark.parametrize(
    ("name", "rest", "expected"),
    [
        ("openat", 'AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC) = 3', False),
        ("openat", 'AT_FDCWD, "/x", O_RDWR|O_CLOEXEC) = 3', True),
        ("openat", 'AT_FDCWD, "/x", O_WRONLY|O_CREAT|O_TRUNC, 0666) = -1 EACCES (Permission denied)', True),
        ("openat", 'AT_FDCWD, "/dev/null", O_RDWR) = 3', False),
        ("fcntl", "3, F_SETLKW, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=0}) = 0", True),
        ("fcntl", "3, F_SETFD, FD_CLOEXEC) = 0", False),
        ("prlimit64", "0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0", False),
        ("prlimit64", "0, RLIMIT_NPROC, {rlim_cur=1, rlim_max=1}, NULL) = 0", True),
        ("mmap", "NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f", False),
        ("mmap", "NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x7f", True),
        ("mkdir", '"/x", 0700) = -1 EEXIST (File exists)', True),
        ("stat", '"/x", {st_mode=S_IFDIR|0755}) = 0', False),
    ],
)
def test_changing_calls_are_told_from_others(name: str, rest: str, expected: bool) -> None:
    assert changes(Call(1, name, rest)) is expected


def test_programs_are_found_in_a_trace() -> None:
    assert programs(SAMPLE) == ["/usr/bin/conmon --version"]
    assert next(calls(SAMPLE)).pid == 10
