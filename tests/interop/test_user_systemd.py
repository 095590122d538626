"""A scope of a user's systemd, asked for over a real message bus whose systemd is the test's own.

Promises:
- the bus takes what is said, and what it shows of the call has the signature and the values of podman's;
- the end of the job is waited for, whether it is told before or after the job is answered, and that of no other job;
- a refusal has the name and the text of the bus's or systemd's error, and a bus that is not there godbus's text;
- nobody waits for ever: not for an answer, not for a bus that hangs up;
- of several addresses the first that answers is taken, an abstract one and one with escapes too.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from returns.result import Failure, Result, Success

from pypod.effects.linux.message_bus import converse
from pypod.effects.linux.services import LinuxServices
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError
from pypod.pure.systemd.facts import Scope, started
from pypod.pure.systemd.scope import UNKNOWN_PROCESS, starting

SOURCE: Final = Path(__file__).parents[2]
CONFIGURATION: Final = """<busconfig>
  <type>session</type><listen>ADDRESS</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""
SCOPE: Final = Scope("user.slice", "podman-pause-5577006791947779410.scope", 4711)
BODY: Final = [
    SCOPE.unit,
    "replace",
    [
        ["Slice", {"signature": "s", "value": "user.slice"}],
        ["PIDs", {"signature": "au", "value": [4711]}],
        ["Delegate", {"signature": "b", "value": True}],
        ["DefaultDependencies", {"signature": "b", "value": False}],
    ],
    [],
]


@pytest.fixture(autouse=True)
def _possible() -> None:
    if shutil.which("dbus-daemon") is None or shutil.which("dbus-monitor") is None:
        pytest.skip("no dbus-daemon and dbus-monitor here: that a real message bus understands us is NOT shown here")


class Bus:
    """A running bus at ``address``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *words: str) -> subprocess.Popen[str]:
        """A program beside it, until the test is over."""
        environment = os.environ | {"PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
        self.started.append(process)
        return process

    def daemon(self, place: Path, address: str) -> subprocess.Popen[str]:
        """The bus itself, which tells its address.  It starts no services."""
        configuration = place / "session.conf"
        configuration.write_text(CONFIGURATION.replace("ADDRESS", address), encoding="utf-8")
        return self.run("dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address=1")

    def systemd(self, answer: str) -> subprocess.Popen[str]:
        """Its systemd, once it has the name."""
        script = str(Path(__file__).with_name("user_systemd.py"))
        process = self.run(sys.executable, script, self.address, answer)
        assert line_of(process) == "ready"
        return process

    def end(self) -> None:
        for process in reversed(self.started):
            process.kill()
            process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    running = Bus("")
    try:
        running.address = line_of(running.daemon(tmp_path, f"unix:path={tmp_path}/bus"))
        yield running
    finally:
        running.end()


def start(address: str, scope: Scope = SCOPE) -> Result[Changed, HostError]:
    return LinuxServices().start_scope(address, os.getuid(), scope)


def seen_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line_of(process))
    return found


@pytest.mark.parametrize("answer", ["done", "early"])
def test_a_scope_is_started_and_its_job_waited_for(bus: Bus, answer: str) -> None:
    systemd = bus.systemd(answer)
    assert start(bus.address) == Success(started(SCOPE))
    assert seen_of(systemd) == {"member": "StartTransientUnit", "signature": "ssa(sv)a(sa(sv))", "body": BODY}


def test_what_the_bus_itself_shows_of_the_call(bus: Bus) -> None:
    monitor = bus.run("dbus-monitor", "--address", bus.address, "--monitor")
    bus.systemd("done")
    start(bus.address).unwrap()
    shown = ""
    while "member=JobRemoved" not in shown.partition("member=StartTransientUnit")[2]:
        shown += f"{line_of(monitor)}\n"
    call = shown.partition("member=StartTransientUnit\n")[2].partition("method return")[0].partition("signal ")[0]
    assert (
        re.sub(r"\s+", " ", call).strip()
        == re.sub(
            r"\s+",
            " ",
            f"""
        string "{SCOPE.unit}" string "replace"
        array [
          struct {{ string "Slice" variant string "user.slice" }}
          struct {{ string "PIDs" variant array [ uint32 4711 ] }}
          struct {{ string "Delegate" variant boolean true }}
          struct {{ string "DefaultDependencies" variant boolean false }}
        ]
        array [ ]
        """,
        ).strip()
    )
    assert "interface=org.freedesktop.systemd1.Manager; member=StartTransientUnit" in shown
    assert "path=/org/freedesktop/systemd1; interface" in shown


def test_a_refusal_has_systemds_name_and_text(bus: Bus) -> None:
    bus.systemd("refused")
    error = start(bus.address).failure()
    assert (error.subject, error.message) == ("org.freedesktop.systemd1.Failed", "Unit is masked.")


def test_a_process_that_ended_is_told_by_the_name(bus: Bus) -> None:
    bus.systemd("gone")
    assert start(bus.address).failure().subject == UNKNOWN_PROCESS


def test_without_a_systemd_the_bus_says_so(bus: Bus) -> None:
    error = start(bus.address).failure()
    assert error.subject == "org.freedesktop.DBus.Error.ServiceUnknown"
    assert error.message == "The name org.freedesktop.systemd1 was not provided by any .service files"


def test_nobody_waits_for_ever(bus: Bus) -> None:
    bus.systemd("silent")
    begun = time.monotonic()
    refused = converse(bus.address, starting(SCOPE, os.getuid()), patience=0.5)
    assert 0.4 < time.monotonic() - begun < 5
    assert refused.failure().errno == errno.ETIMEDOUT


def test_a_systemd_that_goes_is_an_error_of_the_bus(bus: Bus) -> None:
    bus.systemd("hang-up")
    assert start(bus.address).failure().subject == "org.freedesktop.DBus.Error.NoReply"


def test_a_bus_that_goes_is_an_end_of_file(bus: Bus) -> None:
    systemd = bus.systemd("silent")
    daemon = bus.started[0]
    os.kill(daemon.pid, 19)
    waiting = bus.run(sys.executable, "-c", _START, bus.address)
    os.kill(daemon.pid, 18)
    seen_of(systemd)
    daemon.kill()
    assert line_of(waiting) == "EOF"


_START: Final = """
import os, sys
from pypod.effects.linux.services import LinuxServices
from pypod.pure.systemd.facts import Scope
print(LinuxServices().start_scope(sys.argv[1], os.getuid(), Scope("user.slice", "x.scope", 1)).failure().message)
"""


def test_another_user_is_not_let_in(bus: Bus) -> None:
    """The bus asks the kernel who it is that says it is somebody else."""
    refused = LinuxServices().start_scope(bus.address, os.getuid() + 1, SCOPE)
    assert refused.failure().message == "dbus: authentication failed"


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("unix:path=/no/such/bus", "dial unix /no/such/bus: connect: no such file or directory"),
        ("unix:path=/etc/passwd", "dial unix /etc/passwd: connect: connection refused"),
        ("unix:abstract=no/such", "dial unix @no/such: connect: connection refused"),
        (f"unix:path=/{'x' * 107}", f"dial unix /{'x' * 107}: connect: invalid argument"),
        ("unix:path=/a%00b", "dial unix /a\0b: connect: invalid argument"),
        ("tcp:host=localhost", "dbus: unsupported address (must set host and port)"),
        ("unix:path=/no/such/bus;nothing", "dbus: invalid bus address (no transport)"),
    ],
)
def test_where_no_bus_is(address: str, text: str) -> None:
    assert start(address).failure().message == text


def test_the_first_address_that_answers_is_taken(bus: Bus) -> None:
    bus.systemd("done")
    assert isinstance(start(f"tcp:host=x;unix:path=/no/such/bus;{bus.address}"), Success)
    escaped = bus.address.partition(",")[0].replace("bus", "%62us")
    assert isinstance(start(escaped), Success)


def test_an_abstract_address(bus: Bus, tmp_path: Path) -> None:
    name = f"pypod-{os.getpid()}-{time.monotonic_ns()}"
    bus.address = line_of(bus.daemon(tmp_path, f"unix:abstract={name}"))
    assert name in bus.address
    bus.systemd("done")
    assert isinstance(start(bus.address), Success)


def test_nothing_stays_open(bus: Bus) -> None:
    bus.systemd("done")
    before = len([*Path("/proc/self/fd").iterdir()])
    for address in (bus.address, "unix:path=/no/such/bus", "unix:path=/etc/passwd"):
        answer = start(address)
        assert isinstance(answer, Success | Failure)
    assert len([*Path("/proc/self/fd").iterdir()]) == before
