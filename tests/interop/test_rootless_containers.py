"""Real containers of an unprivileged user whose pause process is gone, and the message bus of the user's session.

Promises:
- the next command joins the namespaces of the monitor of a container that runs, and leaves a pause process there, which
  podman and pypod join from then on; also where only the root of a namespace may read what the monitor wrote;
- a plan tells it, and changes nothing;
- of many at once one makes the pause process;
- a monitor that ended is passed over, and a new namespace made;
- the pause process that was made is moved into a scope of its own, at the end and whatever comes of it;
- a file is read from within a namespace, or the reason told, and nothing is left of that.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.interop.joe import PAUSED, joe
from tests.interop.unprivileged import SOURCE

pytestmark = pytest.mark.usefixtures("joes_machine")

SUBIDS: Final = "joe:200000:65536\n"
BESIDE: Final = r"""
flags="--root $HOME/root --runroot $HOME/run --storage-driver vfs --runtime runc --cgroup-manager cgroupfs"
flags="$flags --events-backend file"
pause=$XDG_RUNTIME_DIR/libpod/tmp/pause.pid
ours="$PYTHON -m pypod $flags --any-podman"
podman() { command podman $flags "$@"; }
namespaces() { echo $(readlink /proc/$1/ns/user) $(readlink /proc/$1/ns/mnt); }
begin() {
    podman run -d --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --net none --name "$@" tiny /busybox sleep 1000
}
mkdir image && cp $(command -v busybox) image/busybox && tar -C image -cf image.tar . && podman import -q image.tar tiny
"""
ALONE: Final = "kill -9 $(cat $pause); monitor=$(pgrep -o conmon); namespaces $monitor > monitors\n"
"""The pause process is gone, its file is not."""

AT_REST: Final = """
processes() { ps -eo pid,comm | grep -v -e ps -e sh -e grep; }
for _ in $(seq 100); do
    processes > /dev/shm/processes; sleep 0.1; processes > /dev/shm/after
    cmp -s /dev/shm/processes /dev/shm/after && break
done
"""
"""Who runs, once the one that was killed is gone and the container has become the program that it is to run."""

IDS: Final = "--uidmap 0:100:1000 --gidmap 0:100:1000"
THEIRS: Final = (
    r"podman unshare sh -c 'cd run/vfs-containers/*/userdata && chown 7:7 conmon.pid && chmod 600 conmon.pid'"
)
"""What the monitor wrote is for nobody but the root of a namespace."""


@pytest.fixture
def _containers() -> None:
    missing = [name for name in ("podman", "conmon", "runc", "busybox", "pgrep", "tar") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)} here: that the monitor of a container is joined is NOT shown here")


CONTAINERS: Final = pytest.mark.usefixtures("_containers")


@CONTAINERS
@pytest.mark.parametrize(("ids", "theirs"), [("", ""), (IDS, ""), (IDS, THEIRS)])
def test_the_monitor_of_a_container_is_joined(ids: str, theirs: str) -> None:
    said = joe(
        f"""{BESIDE}
        begin one {ids} > id; {theirs}
        {ALONE}
        cat $HOME/run/vfs-containers/*/userdata/conmon.pid > /dev/null 2>&1; echo reading $?
        $ours container exists one; echo status $?
        cat monitors; namespaces $(cat $pause); stat -c '%a %U' $pause
        podman ps -q --no-trunc; cat id; $ours container exists one; echo status $?
        {PAUSED}
        """,
        SUBIDS,
    )
    lines = said.splitlines()[1:]
    assert lines[0] == f"reading {1 if theirs else 0}", said.stderr
    assert lines[1] == "status 0", said.stderr
    assert lines[2] == lines[3], "the pause process is where the monitor is"
    assert lines[4] == "600 joe"
    assert lines[5] == lines[6]
    assert lines[7:] == ["status 0", "1"]


@CONTAINERS
def test_a_plan_tells_it_and_changes_nothing() -> None:
    said = joe(
        f"""{BESIDE}
        begin one {IDS} > id; {THEIRS}
        {ALONE}
        find $HOME $XDG_RUNTIME_DIR -printf '%p %m %U %s %T@\\n' 2> /dev/null | sort > /dev/shm/before
        {AT_REST}
        $PYTHON -m pypod $flags plan --for info --verbose
        find $HOME $XDG_RUNTIME_DIR -printf '%p %m %U %s %T@\\n' 2> /dev/null | sort | diff /dev/shm/before - && echo same
        processes > /dev/shm/after; cmp /dev/shm/processes /dev/shm/after && echo same
        echo monitor $monitor
        """,
        SUBIDS,
    )
    monitor = said.splitlines()[-1].split()[1]
    assert f"joins process {monitor}" in said, said.stderr
    assert said.splitlines().count("same") == 2, said


@CONTAINERS
def test_of_many_at_once_one_makes_the_pause_process() -> None:
    said = joe(
        f"""{BESIDE}
        begin one > id; {ALONE} rm $pause
        for number in 1 2 3 4 5 6; do $ours container exists one & all="$all $!"; done
        for one in $all; do wait $one; echo status $?; done
        cat monitors; namespaces $(cat $pause); {PAUSED}; ls ${{pause%/*}} | grep pause
        """,
        SUBIDS,
    )
    lines = said.splitlines()[1:]
    assert lines[:6] == ["status 0"] * 6, said.stderr
    assert lines[6] == lines[7]
    assert lines[8:] == ["1", "pause.pid"]


@CONTAINERS
def test_a_monitor_that_ended_is_passed_over() -> None:
    said = joe(
        f"""{BESIDE}
        begin one > id; {ALONE} kill -9 $monitor; for _ in $(seq 50); do kill -0 $monitor 2> /dev/null || break; sleep 0.1; done
        $ours container exists one; echo status $?
        namespaces $(cat $pause) | cat - monitors | sort -u | wc -l; {PAUSED}
        """,
        SUBIDS,
    )
    assert said.splitlines()[1:] == ["status 0", "2", "1"], said.stderr


# -- the message bus of the session

BUS: Final = rf"""
cat > session.conf <<'END'
<busconfig>
  <type>session</type><listen>unix:path=/run/joe/socket</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
END
dbus-daemon --config-file=session.conf --nofork --print-address=1 > address &
seen() {{ for _ in $(seq 100); do grep -q "$1" "$2" 2> /dev/null && return; sleep 0.05; done; exit 77; }}
seen unix address
systemd() {{
    $PYTHON {SOURCE}/tests/interop/user_systemd.py $(cat address) $1 > calls &
    seen ready calls
}}
pause=$XDG_RUNTIME_DIR/libpod/tmp/pause.pid
ours="$PYTHON -m pypod --storage-driver vfs --any-podman --log-level debug container exists nothing"
"""


@pytest.fixture
def _bus() -> None:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("no dbus-daemon here: that the pause process is moved into a scope is NOT shown here")


MESSAGE_BUS: Final = pytest.mark.usefixtures("_bus")
MOVED: Final = "Failed to add pause process to systemd sandbox cgroup: "


@MESSAGE_BUS
@pytest.mark.parametrize(
    "where", ["export DBUS_SESSION_BUS_ADDRESS=$(cat address)", "ln -s $HOME/socket $XDG_RUNTIME_DIR/bus"]
)
def test_the_pause_process_is_moved_into_a_scope(where: str) -> None:
    said = joe(
        f"{BUS}\nsystemd done; {where}; $ours; echo status $?; cat $pause; echo; cat calls; $ours; wc -l < calls"
    )
    lines = said.splitlines()
    assert lines[0] == "status 1", said.stderr
    (call,) = said.objects()
    unit, mode, properties, auxiliary = call["body"]
    assert unit.startswith("podman-pause-")
    assert (call["member"], call["signature"], mode, auxiliary) == (
        "StartTransientUnit",
        "ssa(sv)a(sa(sv))",
        "replace",
        [],
    )
    assert dict(properties)["PIDs"] == {"signature": "au", "value": [int(lines[1])]}
    assert lines[-1].strip() == "2", "one that is joined is not moved again"
    assert MOVED not in said.stderr


@MESSAGE_BUS
def test_a_caller_who_leaves_has_it_moved_too() -> None:
    said = joe(
        f"""{BUS}
        systemd done; export DBUS_SESSION_BUS_ADDRESS=$(cat address)
        cat > caller.py <<'END'
import os, sys, pypod
opened = pypod.open_runtime(flags=(("storage-driver", "vfs"),), any_podman=True)
if os.environ.get("_CONTAINERS_USERNS_CONFIGURED"):
    print(opened.map(lambda runtime: runtime.shutdown()).map(lambda _: "constructed").value_or("refused"), flush=True)
    sys.exit(5)
sys.exit(pypod.leave_for(opened.failure()).unwrap())
END
        $PYTHON caller.py; echo status $?; cat $pause; echo; cat calls
        """
    )
    lines = said.splitlines()
    assert lines[:2] == ["constructed", "status 5"], said.stderr
    (call,) = said.objects()
    assert dict(call["body"][2])["PIDs"]["value"] == [int(lines[2])]


@MESSAGE_BUS
def test_it_is_tried_three_times_each_time_by_another_name() -> None:
    said = joe(
        f"{BUS}\nsystemd twice; export DBUS_SESSION_BUS_ADDRESS=$(cat address); $ours; echo status $?; cat calls"
    )
    units = [call["body"][0] for call in said.objects()]
    assert len(units) == len({*units}) == 3
    assert said.splitlines()[0] == "status 1"
    assert MOVED not in said.stderr


@MESSAGE_BUS
@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("refused", "Unit is masked."),
        ("gone", ""),
        ("hang-up", "The name org.freedesktop.systemd1 was not provided by any .service files"),
    ],
)
def test_what_does_not_work_is_only_said(answer: str, text: str) -> None:
    said = joe(
        f"{BUS}\nsystemd {answer}; export DBUS_SESSION_BUS_ADDRESS=$(cat address); $ours; echo status $?; {PAUSED}"
    )
    assert said.splitlines() == ["status 1", "1"], said.stderr
    last = said.stderr.splitlines()[-1]
    assert (f"{MOVED}{text}" in last) == bool(text), last


# -- reading from within a namespace


READING: Final = """
mkdir bin theirs; echo 4711 > theirs/pid
printf 12345678901234567890123456789012345 > long
$LEAVE enter pause.pid then=status:0 > inside
"""


def test_a_file_is_read_as_root_of_a_namespace() -> None:
    said = joe(
        f"""{READING}
        theirs='chown 7:7 theirs theirs/pid; chmod 600 theirs/pid; chmod 700 theirs'
        nsenter -t $(cat pause.pid) -U --preserve-credentials sh -c "$theirs"
        cat theirs/pid 2>&1; $LEAVE read /run/joe/theirs/pid; $LEAVE read /run/joe/long; $LEAVE read long
        $LEAVE read /nowhere; $LEAVE read /run/joe; ps -eo comm= | sort | tr '\\n' ' '
        """
    )
    assert "theirs/pid: Permission denied" in said, said
    theirs, long, relative, nowhere, directory = said.objects()
    assert theirs["answers"] == ["4711\n"] * 3
    assert long["answers"] == relative["answers"] == ["12345678901234567890123456789012"] * 3
    assert nowhere["answers"] == ["open /nowhere: no such file or directory"] * 3
    assert directory["answers"] == ["open /run/joe: is a directory"] * 3
    for one in said.objects():
        assert one["before"] == one["after"]
        assert not one["child"]
        assert one["mask"]


@pytest.mark.parametrize(
    ("tool", "body", "text"),
    [
        ("newuidmap", "exit 3", "newuidmap"),
        ("newgidmap", "kill -9 $$", "newgidmap"),
        ("newuidmap", "kill -9 $1", "setup"),
    ],
)
def test_a_tool_that_fails_leaves_no_namespace(tool: str, body: str, text: str) -> None:
    said = joe(
        f"""{READING}
        printf '#!/bin/sh\\n%s\\n' '{body}' > bin/{tool}; chmod +x bin/{tool}
        PATH=$PWD/bin:$PATH $LEAVE read /run/joe/long
        """
    )
    read = said.inside()
    assert all(text in answer for answer in read["answers"]), read
    assert not read["child"]
    assert read["before"] == read["after"]


def test_where_there_are_no_namespaces_nothing_is_read() -> None:
    within = (sys.executable, str(Path(__file__).with_name("forbidden.py")))
    read = joe("echo 1 > long; $LEAVE read /run/joe/long", within=within, subids="joe:5000:5\n").inside()
    assert read["answers"] == ["clone : no space left on device"] * 3
    assert not read["child"]
