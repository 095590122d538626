"""What the process does to itself and to others on the real machine, in child processes of its own."""

from __future__ import annotations

import errno
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from returns.result import Failure, Success

from pypod.effects.linux.own_process import LinuxProcessChanged
from pypod.effects.linux.services import LinuxServices
from pypod.effects.linux.shutdown import Shutdown, inhibited
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, Diagnostic
from pypod.pure.failure import HostError
from tests.fixtures.apart import counted_descriptors


def _child(run: Callable[[int], None]) -> tuple[int, str]:
    """The exit status of a child process, and what it said."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        run(writer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said


def _watched(writer: int) -> LinuxProcessChanged:
    def say(said: Diagnostic) -> None:
        os.write(writer, f"{said.level.value}: {said.message}\n".encode())

    process = LinuxProcessChanged(Shutdown(say))
    assert process.handle_signals("libpod") == Success(NOTHING_CHANGED)
    assert process.handle_signals("libpod") == Failure(HostError(errno.EEXIST, "", "libpod"))
    return process


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupt"), (signal.SIGTERM, "terminated")])
def test_a_signal_ends_a_command_with_status_1(number: int, word: str) -> None:
    def run(writer: int) -> None:
        _watched(writer)
        os.kill(os.getpid(), number)
        time.sleep(30)

    said = f"info: Received shutdown signal {word}, terminating!\ninfo: Invoking shutdown handler libpod\n"
    assert _child(run) == (1, said)


def test_what_is_inhibited_comes_to_its_end_and_further_signals_are_swallowed() -> None:
    def run(writer: int) -> None:
        _watched(writer)
        with inhibited(), inhibited():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                os.kill(os.getpid(), number)
            time.sleep(0.2)
            os.write(writer, b"still here\n")
        time.sleep(30)

    status, said = _child(run)
    assert status == 1
    assert said.count("Received") == 1
    assert said.index("still here") < said.index("Invoking")


def test_a_command_that_waits_in_the_kernel_is_ended_too() -> None:
    def run(writer: int) -> None:
        _watched(writer)
        reader, _open = os.pipe()
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
        os.read(reader, 1)

    assert _child(run)[0] == 1


def test_a_child_of_a_command_has_no_handlers() -> None:
    def run(writer: int) -> None:
        _watched(writer)
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        os.write(writer, str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())

    assert _child(run) == (0, "-15")


def test_in_somebody_elses_program_no_signal_is_touched() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    process = LinuxProcessChanged()
    assert process.handle_signals("libpod") == Success(NOTHING_CHANGED)
    assert process.handle_signals("libpod") == Failure(HostError(errno.EEXIST, "", "libpod"))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_interrupt_waits_for_what_is_inhibited() -> None:
    def run(writer: int) -> None:
        # A test runner that was started in the background has it ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with inhibited():
                os.kill(os.getpid(), signal.SIGINT)
                os.write(writer, b"done ")
        except KeyboardInterrupt:
            os.write(writer, b"interrupted")

    assert _child(run) == (0, "done interrupted")


def test_variables_are_set_as_the_kernel_takes_them() -> None:
    process = LinuxProcessChanged()

    def run(writer: int) -> None:
        assert process.set_variable("PYPOD_TEST", "a=b") == Success(NOTHING_CHANGED)
        os.write(writer, os.environ["PYPOD_TEST"].encode())

    assert _child(run) == (0, "a=b")
    for name, value in (("", "x"), ("a=b", "x"), ("a\0", "x"), ("a", "\0")):
        assert process.set_variable(name, value) == Failure(HostError(errno.EINVAL, "setenv", name))
    assert process.set_variable("a", "\ud800").failure().errno == errno.EINVAL


def test_processes_are_limited_and_the_hard_limit_never_raised_without_leave() -> None:
    process = LinuxProcessChanged()

    def run(writer: int) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
        lower = 1000 if hard == resource.RLIM_INFINITY else hard - 1
        assert process.limit_processes(lower, lower) == Success(NOTHING_CHANGED)
        assert resource.getrlimit(resource.RLIMIT_NPROC) == (lower, lower)
        assert process.limit_processes(lower, lower - 1) == Failure(HostError(errno.EINVAL, "setrlimit", ""))
        if os.getuid() == 0:
            os.setresuid(65534, 65534, 65534)
        assert process.limit_processes(lower, lower + 1) == Failure(HostError(errno.EPERM, "setrlimit", ""))
        os.write(writer, b"limited")

    assert _child(run) == (0, "limited")


@pytest.mark.parametrize("size", [10, 4 << 20])
def test_a_datagram_reaches_the_journal_whole(tmp_path: Path, size: int) -> None:
    path, payload = f"{tmp_path}/socket", b"x" * size
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(path)
        journal.settimeout(10)
        with counted_descriptors():
            sent = LinuxServices(path).send_to_journal(payload)
        assert sent == Success(Changed((Change(path, detail=f"{size} bytes"),)))
        received, files, _, _ = socket.recv_fds(journal, 1 << 16, 1)
        if files:
            with os.fdopen(files[0], "rb") as file:
                file.seek(0)
                received = file.read()
        assert received == payload


def test_a_journal_that_is_not_there_is_told_as_go_tells_it(tmp_path: Path) -> None:
    refused = LinuxServices(f"{tmp_path}/socket").send_to_journal(b"x").failure()
    assert refused.message == f"write unixgram @<rand>->{tmp_path}/socket: sendmsg: no such file or directory"


def test_processes_are_signalled_and_never_groups_of_them() -> None:
    services = LinuxServices()
    child = os.fork()
    if child == 0:
        time.sleep(30)
        os._exit(0)
    assert services.kill_process(child, 0) == Success(NOTHING_CHANGED)
    assert services.kill_process(child, 9) == Success(Changed((Change(f"/proc/{child}", detail="signal 9"),)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    for pid in (child, 0, -1, -child):
        assert services.kill_process(pid, 9) == Failure(HostError(errno.ESRCH, "kill", str(pid)))
