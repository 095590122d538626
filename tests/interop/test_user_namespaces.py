"""Leaving for user namespaces on the real machine, as an unprivileged user, beside the real podman.

Promises:
- inside, the command is root of the ids that the user has, where it was, with podman's variables, and its status is passed
  on, 128 and the signal where one ended it;
- the pause process stays until SIGTERM, small, with podman's name, mask and file; whoever is slower joins it;
- podman joins pypod's pause process, and pypod podman's;
- whatever fails, at any system call and for whichever of the processes, leaves no process, no zombie, no descriptor, and no
  pause file but a good one; the text is podman's;
- a caller who decides about leaving is told what would be executed, and nothing happens.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import zipapp
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.interop.joe import PAUSED, SUBIDS, joe
from tests.interop.unprivileged import SOURCE, UID

MAP: Final = [0, UID, 1, 1, 200000, 5, 6, 300000, 10]
PROCESSES: Final = "ps -eo comm= > $HOME/.processes; sort $HOME/.processes | tr '\\n' ' '; rm $HOME/.processes; echo"
NOBODY: Final = ["ps", "sh", "sh"]


pytestmark = pytest.mark.usefixtures("joes_machine")


# -- becoming root


def test_inside_it_is_root_of_the_users_ids() -> None:
    said = joe("mkdir deep; cd deep; $LEAVE enter /run/joe/pause.pid 'a word'")
    inside = said.inside()
    assert said.status == 0, said.stderr
    assert inside["ids"] == [0] * 6
    assert [*map(int, inside["uid_map"])] == MAP
    assert [*map(int, inside["gid_map"])] == MAP
    assert inside["setgroups"] == "allow"
    assert inside["capabilities"].endswith("ff")
    assert inside["environment"] == {
        "_CONTAINERS_USERNS_CONFIGURED": "init",
        "_CONTAINERS_ROOTLESS_UID": str(UID),
        "_CONTAINERS_ROOTLESS_GID": str(UID),
    }
    assert inside["directory"] == "/run/joe/deep"
    assert inside["command"][1:] == [str(SOURCE / "tests/interop/leaving.py"), "enter", "/run/joe/pause.pid", "a word"]
    assert int(inside["blocked"], 16) == 0


def test_the_child_has_what_its_parent_was_started_with_and_no_more() -> None:
    said = joe("$LEAVE join $$ 2>&1; sh -c 'exec 7</dev/null; $LEAVE enter pause.pid'; ls /proc/self/fd | tr '\\n' ' '")
    assert 7 in said.inside()["descriptors"]
    outer = {int(number) for number in said.splitlines()[-1].split()}
    assert {*said.inside()["descriptors"]} <= outer | {7}


def test_without_subordinate_ids_the_own_one_is_mapped() -> None:
    said = joe("$LEAVE enter pause.pid; " + PAUSED, subids="")
    inside = said.inside()
    assert inside["uid_map"] == inside["gid_map"] == ["0", str(UID), "1"]
    assert inside["setgroups"] == "deny"
    assert said.endswith("\n1\n")
    assert "using rootless single mapping into the namespace. This might break some images." in said.stderr
    assert 'cannot find UID/GID for user joe: No subuid ranges found for user "joe" in /etc/subuid' in said.stderr


@pytest.mark.parametrize(
    ("ending", "status"), [("status:0", 0), ("status:7", 7), ("signal:9", 137), ("signal:15", 143)]
)
def test_the_status_is_passed_on(ending: str, status: int) -> None:
    said = joe(f"$LEAVE enter pause.pid then={ending}; echo $?; $LEAVE join $(cat pause.pid) then={ending}; echo $?")
    assert [line for line in said.splitlines() if line[0] != "{"] == [str(status)] * 2


def test_signals_are_passed_on_to_the_child() -> None:
    said = joe(
        """
        $LEAVE enter pause.pid then=wait & parent=$!
        while ! [ -s waiting ]; do sleep 0.05; done
        for signal in TERM INT HUP USR1 CONT WINCH RTMIN USR2; do kill -$signal $parent; sleep 0.2; done
        wait $parent; echo ended $?
        """
    )
    got = [int(line.split()[1]) for line in said.splitlines() if line.startswith("got")]
    assert got == [15, 2, 1, 10, 18, 28, 34, 12]
    assert said.splitlines()[-1] == "ended 42"


def test_who_joins_ends_with_its_parent() -> None:
    said = joe(
        """
        $LEAVE enter pause.pid; $LEAVE join $(cat pause.pid) then=wait & parent=$!
        while ! [ -s waiting ]; do sleep 0.05; done
        kill -KILL $parent; wait $parent; sleep 0.3
        """
    )
    assert "got 15" in said


def test_sockets_of_systemd_are_the_childs() -> None:
    said = joe(
        "sh -c 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=one exec $LEAVE enter pause.pid'\n"
        "sh -c 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec $LEAVE join '$(cat pause.pid)\n"
        "LISTEN_PID=1 LISTEN_FDS=1 $LEAVE enter other.pid\n"
    )
    entered, joined, anothers = said.objects()
    assert entered["environment"]["LISTEN_PID"] == str(entered["pid"])
    assert entered["environment"]["LISTEN_FDNAMES"] == "one"
    assert 3 in entered["descriptors"]
    assert joined["environment"]["LISTEN_PID"] == str(joined["pid"])
    assert 3 in joined["descriptors"]
    assert anothers["environment"]["LISTEN_PID"] == "1"


def test_the_same_command_line_is_executed_however_it_was_started(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.mkdir()
    (program / "__main__.py").write_text("from tests.interop.leaving import main\nimport sys\nmain(sys.argv[1:])\n")
    archive = tmp_path / "leave.pyz"
    zipapp.create_archive(program, archive, interpreter="/usr/bin/env python3")
    script = tmp_path / "leave"
    script.write_text(f"#!{sys.executable}\nfrom tests.interop.leaving import main\nimport sys\nmain(sys.argv[1:])\n")
    files = {name: (tmp_path / name).read_bytes().hex() for name in ("leave.pyz", "leave")}
    laid = "\n".join(
        f'$PYTHON -c \'open("{name}", "wb").write(bytes.fromhex("{content}"))\'; chmod +x {name}'
        for name, content in files.items()
    )
    said = joe(
        f"""
        {laid}
        ./leave enter one
        $PYTHON leave.pyz enter two
        cd {shlex.quote(str(SOURCE))} && PATH=$(dirname $PYTHON):$PATH && python3 -m tests.interop.leaving enter $HOME/three
        """
    )
    lines = [inside["command"][1:] for inside in said.objects()]
    assert lines == [
        ["./leave", "enter", "one"],
        ["leave.pyz", "enter", "two"],
        ["-m", "tests.interop.leaving", "enter", "/run/joe/three"],
    ]


# -- the pause process


def test_the_pause_process_is_small_and_deaf_until_terminated() -> None:
    said = joe(
        """
        $LEAVE enter pause.pid > inside
        pid=$(cat pause.pid)
        stat -c '%a %s %U' pause.pid; printf %s $pid | wc -c
        for signal in HUP INT QUIT PIPE ALRM USR1 USR2 POLL PROF VTALRM XCPU XFSZ STOP CONT; do kill -$signal $pid; done
        sleep 0.2
        ps -o comm=,args=,stat= -p $pid; grep -E 'VmRSS|SigBlk' /proc/$pid/status; ls -l /proc/$pid/fd /proc/$pid/cwd
        tr '\\0' '\\n' < /proc/$pid/environ
        kill -TERM $pid; sleep 0.2; ps -o stat= -p $pid | grep -v Z; ls -A
        """
    )
    lines = said.splitlines()
    pid = lines[1].strip()
    assert lines[0] == f"600 {pid} joe"
    assert "podman pause    podman pause" in said
    rss = next(line.split()[1] for line in lines if line.startswith("VmRSS"))
    if os.uname().machine in ("x86_64", "aarch64"):
        assert int(rss) < 256, "kilobytes"
    assert next(line.split()[1] for line in lines if line.startswith("SigBlk")) == "fffffffe7ffabeff"
    assert said.count("-> /dev/null") == 3
    assert said.count(" -> ") == 4, "nothing else is open, and it stands in no directory of anybody's"
    assert "_PODMAN_PAUSE=1" in lines
    assert lines[-2:] == ["inside", "pause.pid"], "ended by SIGTERM"


def test_of_many_at_once_one_makes_the_pause_process() -> None:
    said = joe(
        f"""
        for number in 1 2 3 4 5 6 7 8; do $LEAVE enter pause.pid then=status:$number & all="$all $!"; done
        for one in $all; do wait $one; echo status $?; done
        sleep 0.2; {PAUSED}; ls -A; readlink /proc/$(cat pause.pid)/ns/user
        """
    )
    statuses = [line for line in said.splitlines() if line.startswith("status")]
    assert statuses == [f"status {number}" for number in range(1, 9)]
    count, only, namespace = said.splitlines()[-3:]
    assert (count, only) == ("1", "pause.pid")
    assert {inside["user"] for inside in said.objects()} == {namespace}


def test_joining_goes_where_the_pause_process_is_and_can_leave_another_one() -> None:
    said = joe(
        f"""
        $LEAVE enter pause.pid; $LEAVE join $(cat pause.pid) another.pid; {PAUSED}
        kill -TERM $(cat pause.pid); sleep 0.1; $LEAVE join $(cat another.pid)
        """
    )
    entered, joined, again = said.objects()
    assert entered["pid"] != joined["pid"]
    for key in ("user", "mnt", "uid_map", "environment", "ids"):
        assert entered[key] == joined[key] == again[key]
    assert "\n2\n" in said


def test_the_short_cut_joins_a_live_pause_process_alone() -> None:
    said = joe(
        """
        mkdir -p $XDG_RUNTIME_DIR/libpod/tmp; pause=$XDG_RUNTIME_DIR/libpod/tmp/pause.pid
        $LEAVE short-cut; $LEAVE enter $pause; $LEAVE short-cut; $LEAVE short-cut mount
        echo 999999 > $pause; $LEAVE short-cut
        """
    )
    nothing, entered, short, mount, stale = said.objects()
    assert nothing == mount == stale == {"stayed": UID}
    assert short["user"] == entered["user"]
    assert not [line for line in said.stderr.splitlines() if "shared mount" not in line]


# -- beside podman


@pytest.fixture(scope="module")
def _podman() -> None:
    if shutil.which("podman") is None:
        pytest.skip("no podman here: that the two join each other's pause processes is NOT shown here")


@pytest.mark.usefixtures("_podman")
def test_podman_joins_our_pause_process_and_ends_it() -> None:
    said = joe(
        f"""
        pause=$XDG_RUNTIME_DIR/libpod/tmp/pause.pid; mkdir -p ${{pause%/*}}
        $LEAVE enter $pause
        podman unshare readlink /proc/self/ns/user; podman unshare readlink /proc/self/ns/mnt
        podman unshare sh -c 'cat /proc/self/uid_map; id -u' | tr -s '\\n ' ' '; echo
        {PAUSED}; podman system migrate; ls $pause 2>&1; {PAUSED}
        """
    )
    inside = said.inside()
    lines = [line for line in said.splitlines() if line[0] != "{"]
    assert lines[:2] == [inside["user"], inside["mnt"]], said.stderr
    assert lines[2].split() == [*map(str, MAP), "0"]
    assert lines[3] == "1"
    assert lines[4].endswith("No such file or directory")
    assert lines[5] == "0"


@pytest.mark.usefixtures("_podman")
def test_we_join_podmans_pause_process() -> None:
    said = joe(
        """
        pause=$XDG_RUNTIME_DIR/libpod/tmp/pause.pid
        podman unshare readlink /proc/self/ns/user; podman unshare readlink /proc/self/ns/mnt
        $LEAVE join $(cat $pause); $LEAVE short-cut
        """
    )
    joined, short = said.objects()
    user, mnt = said.splitlines()[:2]
    assert [joined["user"], joined["mnt"]] == [user, mnt], said.stderr
    assert [short["user"], short["mnt"]] == [user, mnt]
    assert [*map(int, joined["uid_map"])] == MAP


@pytest.mark.usefixtures("_podman")
def test_podman_and_we_at_once_make_one_pause_process() -> None:
    said = joe(
        """
        pause=$XDG_RUNTIME_DIR/libpod/tmp/pause.pid; mkdir -p ${pause%/*}
        for number in 1 2 3; do
          podman unshare readlink /proc/self/ns/user & all="$all $!"
          $LEAVE enter $pause & all="$all $!"
        done
        for one in $all; do wait $one || echo failed; done
        sleep 0.2; readlink /proc/$(cat $pause)/ns/user; ls -A ${pause%/*} | grep pause
        ps -eo comm=,args= | grep -c -E '^(podman pause|catatonit)'
        """
    )
    lines = [line for line in said.splitlines() if line[0] != "{"]
    namespaces = {*lines[:3], *(inside["user"] for inside in said.objects())}
    assert namespaces == {lines[3]}, said.stderr
    assert lines[4:] == ["pause.pid", "1"]


# -- failures


def test_a_process_that_is_gone_cannot_be_joined() -> None:
    said = joe("$LEAVE join 999999; echo $?; $LEAVE join 1; echo $?", subids=SUBIDS)
    assert said.splitlines()[:1] == ["125"]
    assert said.stderr.splitlines()[0] == "Error: cannot re-exec process"


def test_a_recycled_process_id_is_the_childs_failure_as_in_podman() -> None:
    said = joe("$LEAVE join $$ then=status:5; echo $?")
    assert said.splitlines()[-1] == "1"
    assert said.stderr == "cannot set user namespace\n"


def test_a_missing_tool_is_named() -> None:
    said = joe("PATH=/nowhere $LEAVE enter pause.pid; echo $?; ls -A")
    assert said == "125\n"
    assert said.stderr.splitlines()[-1] == (
        'Error: command required for rootless mode with multiple IDs: exec: "newuidmap": executable file not found in $PATH'
    )


@pytest.mark.parametrize(
    ("tool", "body", "text"),
    [
        ("newuidmap", "exit 3", "cannot setup namespace using newuidmap: exit status 3"),
        ("newgidmap", "exit 1", "cannot setup namespace using newgidmap: exit status 1"),
        ("newgidmap", "kill -9 $$", "cannot setup namespace using newgidmap: signal: killed"),
        ("newuidmap", "kill -9 $1", "error setting up the process"),
    ],
)
def test_a_tool_that_fails_leaves_nothing_behind(tool: str, body: str, text: str) -> None:
    said = joe(
        f"""
        mkdir bin; printf '#!/bin/sh\\n%s\\n' '{body}' > bin/{tool}; chmod +x bin/{tool}
        PATH=$PWD/bin:$PATH $LEAVE enter pause.pid; echo $?; ls -A; {PROCESSES}
        """
    )
    assert said.splitlines()[:2] == ["125", "bin"]
    assert f"Error: {text}" in said.stderr.splitlines()[-1]
    assert said.splitlines()[2].split() == NOBODY


@pytest.mark.parametrize(
    ("tool", "answer"), [("/bin/false", "exit status 1"), ("/nowhere", "fork/exec /nowhere: no such file or directory")]
)
def test_failures_leave_nothing_in_the_process_that_goes_on(tool: str, answer: str) -> None:
    left = joe(f"$LEAVE fail {tool}").inside()
    assert left["answers"] == [answer] * 10
    assert left["before"] == left["after"]
    assert not left["child"]
    assert left["mask"]


def test_a_range_that_the_tool_refuses_is_an_error() -> None:
    said = joe(
        "mkdir bin; printf '#!/bin/sh\\nexec /usr/bin/newuidmap $1 0 0 1\\n' > bin/newuidmap; chmod +x bin/newuidmap\n"
        "PATH=$PWD/bin:$PATH $LEAVE enter pause.pid; echo $?"
    )
    assert said == "125\n"
    assert said.stderr.splitlines()[-1] == "Error: cannot setup namespace using newuidmap: exit status 1"


def test_where_the_kernel_allows_no_namespaces_it_says_so() -> None:
    within = (sys.executable, str(Path(__file__).with_name("forbidden.py")))
    said = joe("$LEAVE enter pause.pid; echo $?; ls -A", within=within, subids="joe:5000:5\n")
    assert said == "125\n", said.stderr
    assert said.stderr.splitlines()[-3:] == [
        "error: cannot clone: No space left on device",
        "error: user namespaces are not enabled in /proc/sys/user/max_user_namespaces",
        "Error: cannot re-exec process",
    ]


# -- a caller who decides


def test_a_library_is_told_what_would_be_executed() -> None:
    said = joe("$LEAVE keep pause.pid; echo $?; ls -A; " + PROCESSES)
    kept = said.inside()
    assert kept["argv"][1:] == [str(SOURCE / "tests/interop/leaving.py"), "keep", "pause.pid"]
    assert dict(kept["environment"])["_CONTAINERS_ROOTLESS_UID"] == str(UID)
    assert kept["pause_path"] == "pause.pid"
    ranges = kept["namespace"]["mappings"]["uids"]
    assert [number for one in ranges for number in (one["inside"], one["outside"], one["length"])] == MAP
    assert said.splitlines()[1] == "125"
    assert said.splitlines()[2].split() == NOBODY


# -- faults at system calls


class Left(NamedTuple):
    """What a run with a fault left behind."""

    fault: str
    status: int
    files: list[str]
    processes: list[str]
    error: str
    pid: str

    @property
    def paused(self) -> bool:
        """A whole pause process is there, and its file, and nothing else."""
        return self.files == ["pause.pid"] and self.processes == [f"S podman pause {self.pid}"]

    @property
    def nothing(self) -> bool:
        return not self.files and not self.processes


def left_behind(words: str, faults: Iterable[str], each: str = ":") -> list[Left]:
    """Run with each fault in turn, after ``each``.  Under strace the mapping tools cannot work, so it is the single mapping."""
    script = Path(__file__).with_name("injected.sh").read_text(encoding="utf-8")
    said = joe(f"EACH='{each}'\nWORDS='{words}'\nFAULTS='{' '.join(faults)}'\n{script}", subids="")
    fields = [line.split("|") for line in said.splitlines() if line.count("|") == 5]
    return [
        Left(fault, int(status), files.split(), [one for one in processes.split(",") if one], error, pid)
        for fault, status, files, processes, error, pid in fields
    ]


@pytest.mark.usefixtures("strace")
def test_whatever_the_kernel_refuses_nothing_is_left_behind() -> None:
    refused = {
        "socketpair:error=EMFILE": "too many open files",
        "unshare:error=EPERM": "cannot re-exec process",
        "sendto:error=EPIPE:when=1": "cannot re-exec process",
        "recvfrom:error=EIO:when=1": "cannot re-exec process",
        "recvfrom:error=EIO:when=2": "error setting up the process",
        "setresgid:error=EPERM": "error setting up the process",
        "setresuid:error=EINVAL": "error setting up the process",
        "chdir:error=EACCES": "error setting up the process",
        "setsid:error=EPERM": "error setting up the process: open pause.pid: no such file or directory",
        "renameat2:error=EIO": "error setting up the process: open pause.pid: no such file or directory",
        "renameat2:error=EEXIST": "error setting up the process: open pause.pid: no such file or directory",
    }
    left = left_behind("enter pause.pid then=status:5", refused)
    assert {one.fault: one.error for one in left} == {fault: f"Error: {text}" for fault, text in refused.items()}
    # The last word of a child that was ready can be lost: its pause process is a whole one then.
    assert all((one.nothing or one.paused) and one.status == 125 for one in left), left
    assert sum(one.paused for one in left) <= 1, left


@pytest.mark.usefixtures("strace")
def test_what_can_be_done_without_is_done_without() -> None:
    faults = (
        "renameat2:error=EINVAL",
        "renameat2:error=ENOSYS",
        "execveat:error=ENOSYS",
        "memfd_create:error=EINVAL:when=1",
        "memfd_create:error=EPERM",
    )
    left = left_behind("enter pause.pid then=status:5", faults)
    assert [one.fault for one in left] == [*faults]
    assert all(one.paused and one.status == 5 for one in left), left


@pytest.mark.usefixtures("strace")
def test_whoever_is_killed_no_half_pause_process_is_left() -> None:
    faults = [f"{call}:signal=KILL" for call in ("unshare", "setresuid", "setsid", "renameat2")]
    left = left_behind("enter pause.pid then=status:5", faults)
    assert [one.fault for one in left] == [*faults]
    assert all(one.status == 125 and not one.processes for one in left), left
    assert all("pause.pid" not in one.files for one in left), left


@pytest.mark.usefixtures("strace")
def test_a_join_that_is_refused_leaves_nothing_behind() -> None:
    refused = {
        "setns:error=EPERM:when=1": "cannot set user namespace",
        "setns:error=EPERM:when=2": "cannot set mnt namespace",
        "setresgid:error=EINVAL": "cannot setresgid: Invalid argument",
        "setresuid:error=EINVAL": "cannot setresuid: Invalid argument",
        "chdir:error=ENOENT": "cannot chdir to /run/joe: No such file or directory",
    }
    left = left_behind("join $(cat keep.pid) pause.pid", refused, each="$LEAVE enter keep.pid")
    assert {one.fault: one.error for one in left} == refused
    assert all(one.status == 1 and not one.files and len(one.processes) == 1 for one in left), left


# -- the command itself


def test_the_command_constructs_inside_and_passes_its_status_on() -> None:
    said = joe(
        f"""
        pause=$XDG_RUNTIME_DIR/libpod/tmp/pause.pid
        $PYTHON -m pypod --any-podman container exists nothing; echo status $?
        stat -c %a $pause; readlink /proc/$(cat $pause)/ns/user
        $PYTHON -m pypod --any-podman info --format '{{{{.Host.Security.Rootless}}}} {{{{.Host.IDMappings.UIDMap}}}}'; echo status $?
        $LEAVE short-cut; {PAUSED}
        """
    )
    lines = [line for line in said.splitlines() if line[0] != "{"]
    assert lines[:2] == ["status 1", "600"], said.stderr
    assert said.objects()[-1]["user"] == lines[2]
    assert "status 0" in lines, said.stderr
    assert any(line.startswith("true ") and "200000" in line for line in lines), said
    assert lines[-1] == "1"
