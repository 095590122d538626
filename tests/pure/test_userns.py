"""What is decided about leaving for a user namespace: command line, environment, maps, signals, statuses and texts."""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping

import pytest
from returns.result import Failure, Result, Success

from pypod.pure.facts import Identity, Stream
from pypod.pure.failure import Departed, HostError
from pypod.pure.program import drive
from pypod.pure.userns import reexec
from pypod.pure.userns.decide import c_text, leading_number, not_cloned, not_reexecuted, telling_switches
from pypod.pure.userns.facts import IdMappings, IdRange, NamespaceOf
from pypod.pure.userns.pause_program import NAME, pause_program
from pypod.pure.userns.stage import become_root
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.namespaces import EnterUserNamespace
from pypod.pure.vocabulary.process import LookUpUser, ReadVariable
from tests.pure.conversation import Conversation

MAXIMUM = "/proc/sys/user/max_user_namespaces"
CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
LEFT = reexec.reexecution(("/usr/bin/python3", "-m", "pypod"), 1000, 100, NamespaceOf(7), "/run/pause.pid")


def test_the_command_line_keeps_its_words_and_gets_the_interpreters_path() -> None:
    assert reexec.command_line("/v/bin/python", ("python3", "-m", "pypod")) == ("/v/bin/python", "-m", "pypod")
    assert reexec.command_line("", ("./embedded", "word")) == ("./embedded", "word")
    assert reexec.command_line("/v/bin/python", ()) == ()


def test_the_child_is_told_who_it_was() -> None:
    assert dict(LEFT.environment) == {
        "_CONTAINERS_USERNS_CONFIGURED": "init",
        "_CONTAINERS_ROOTLESS_UID": "1000",
        "_CONTAINERS_ROOTLESS_GID": "100",
    }
    own = {"A": "b", "_CONTAINERS_ROOTLESS_UID": "5"}
    assert reexec.child_environment(own, LEFT, 10, 11) == {"A": "b", **dict(LEFT.environment)}
    assert reexec.without_pause_process(LEFT).pause_path == ""


@pytest.mark.parametrize(
    ("environment", "passed_on"),
    [
        ({"LISTEN_PID": "10", "LISTEN_FDS": "2"}, "11"),
        ({"LISTEN_PID": " 10x", "LISTEN_FDS": "2"}, "11"),
        ({"LISTEN_PID": "12", "LISTEN_FDS": "2"}, "12"),
        ({"LISTEN_PID": "10"}, "10"),
    ],
)
def test_sockets_are_passed_on_by_whom_they_were_meant_for(environment: Mapping[str, str], passed_on: str) -> None:
    assert reexec.child_environment(environment, LEFT, 10, 11)["LISTEN_PID"] == passed_on


def test_the_descriptors_of_sockets_begin_at_three() -> None:
    assert [*reexec.listening({"LISTEN_FDS": "2"})] == [3, 4]
    assert [*reexec.listening({"LISTEN_FDS": "-2"})] == [*reexec.listening({})] == []


def test_numbers_are_read_as_strtol_reads_them() -> None:
    assert [leading_number(text) for text in ("12", " +3 4", "-5x", "x", "")] == [12, 3, -5, 0, 0]
    assert leading_number("9" * 50) > 0


def test_maps_are_written_as_podman_writes_them() -> None:
    assert reexec.single_map(1000) == b"0 1000 1\n"
    everything = b"         0          0 4294967295\n"
    assert reexec.copied_map(everything) == b"0 0 1\n1 1 4294967294\n"
    assert reexec.copied_map(b"0 1000 1\n") == b"0 1000 1\n"
    ranges = (IdRange(0, 1001, 1), IdRange(1, 200000, 5), IdRange(6, 300000, 10))
    assert " ".join(reexec.mapping_command("/usr/bin/newuidmap", 9, ranges)) == (
        "/usr/bin/newuidmap 9 0 1001 1 1 200000 5 6 300000 10"
    )


def test_signals_are_forwarded_but_for_three() -> None:
    assert [number for number in range(65) if not reexec.is_forwarded(number)] == [13, 17, 20]
    assert [reexec.exit_status(code) for code in (0, 7, -9, -15)] == [0, 7, 137, 143]


def test_the_childs_lines_are_podmans() -> None:
    assert reexec.refused_call("setresuid", errno.EINVAL) == "cannot setresuid: Invalid argument"
    assert reexec.refused_join("mnt") == "cannot set mnt namespace"
    assert reexec.refused_execution("pypod", errno.ENOENT) == "failed to execvp pypod: No such file or directory"
    assert reexec.refused_temporary(errno.EACCES) == "error creating temporary file: Permission denied"
    assert c_text(errno.EPERM) == "Operation not permitted"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (HostError(errno.ENOSPC, "clone", ""), "cannot re-exec process"),
        (HostError(errno.ENOENT, "open", "/proc/9/ns/user"), "cannot re-exec process"),
        (HostError(errno.EAGAIN, "fork", ""), "cannot re-exec process"),
        (HostError(errno.EMFILE, "socketpair", ""), "too many open files"),
        (HostError(errno.ENOENT, "getwd", ""), "error getting current working directory: No such file or directory"),
        (
            HostError(0, "newuidmap", "/usr/bin/newuidmap", "exit status 1"),
            "cannot setup namespace using newuidmap: exit status 1",
        ),
        (HostError(0, "newgidmap", "/x", "signal: killed"), "cannot setup namespace using newgidmap: signal: killed"),
        (
            HostError(errno.EPERM, "write", "/proc/9/uid_map"),
            "cannot write uid_map: write /proc/9/uid_map: operation not permitted",
        ),
        (
            HostError(errno.EACCES, "open", "/proc/9/setgroups"),
            "cannot write setgroups file: open /proc/9/setgroups: permission denied",
        ),
        (HostError(0, "setup", "/p"), "error setting up the process"),
        (HostError(errno.ENOENT, "setup", "/p", "open /p: x"), "error setting up the process: open /p: x"),
        (HostError(errno.ECHILD, "wait", ""), "error waiting for the re-exec process"),
        (HostError(0, "", "", reexec.REEXECUTION_NEEDED), reexec.REEXECUTION_NEEDED),
    ],
)
def test_a_failure_is_told_in_podmans_words(error: HostError, text: str) -> None:
    problem = not_reexecuted(error)
    assert problem.message == text
    assert problem.cause == error
    assert bool(problem.hint) == (error.call == "clone")


def test_switches_are_looked_at_where_no_namespace_could_be_made_alone() -> None:
    forbidden = not_reexecuted(HostError(errno.ENOSPC, "clone", ""))
    assert telling_switches(forbidden) == (MAXIMUM, CLONE)
    assert telling_switches(not_reexecuted(HostError(errno.ENOENT, "open", "/proc/9/ns/user"))) == ()
    said = not_cloned(forbidden, ((MAXIMUM, b"0\n"), (CLONE, b"")))
    assert [one.message for one in said] == [
        "cannot clone: No space left on device",
        f"user namespaces are not enabled in {MAXIMUM}",
    ]
    assert {one.stream for one in said} == {Stream.STDERR}
    assert len(not_cloned(forbidden, ((MAXIMUM, b"96365\n"), (CLONE, b"1\n")))) == 1


def test_the_lines_come_before_the_failure() -> None:
    maps = IdMappings((IdRange(0, 1000, 1),), (IdRange(0, 1000, 1),))
    refused: Result[int, HostError] = Failure(HostError(errno.EPERM, "clone", ""))
    nothing: Result[bytes, HostError] = Failure(HostError(errno.ENOENT, "open", "x"))
    host = Conversation(
        [
            (ReadVariable("_CONTAINERS_USERNS_CONFIGURED"), Success(None)),
            (ReadFile("/proc/self/mountinfo"), nothing),
            (ReadVariable("USER"), Success("joe")),
            (LookUpUser(1000), Success(None)),
            (ReadFile("/etc/subuid"), Success(b"")),
            (ReadFile("/etc/subgid"), Success(b"")),
            (EnterUserNamespace("/run/pause.pid", maps), refused),
            (ReadFile(MAXIMUM), Success(b"96365\n")),
            (ReadFile(CLONE), Success(b"0\n")),
        ]
    )
    ended = drive(become_root(Identity(1000, 1000, 1000, 1000, 0), "/run/pause.pid"), host)
    host.check_finished()
    assert host.said[-2:] == [
        ("error", "cannot clone: Operation not permitted"),
        ("error", f"user namespaces are not enabled in {CLONE}"),
    ]
    assert isinstance(ended, Failure)
    problem = ended.failure()
    assert not isinstance(problem, Departed)
    assert problem.message == "cannot re-exec process"


@pytest.mark.parametrize(("machine", "number"), [("x86_64", 62), ("aarch64", 183)])
def test_the_pause_program_is_an_executable_of_one_segment(machine: str, number: int) -> None:
    program = pause_program(machine)
    assert program is not None
    assert program[:4] == b"\x7fELF"
    assert struct.unpack_from("<HH", program, 16) == (2, number)
    entry, headers = struct.unpack_from("<QQ", program, 24)
    kind, flags, offset, address, _, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", program, headers)
    assert (kind, flags, offset) == (1, 5, 0), "loaded to be read and executed, never to be written"
    assert in_file == in_memory == len(program)
    assert headers + 2 * 56 == entry - address
    assert program.endswith(NAME.encode() + b"\0")
    assert len(NAME) < 16


def test_the_pause_programs_name_is_where_its_code_looks_for_it() -> None:
    intel, arm = pause_program("x86_64"), pause_program("aarch64")
    assert intel is not None
    assert arm is not None
    code = intel[176:]
    assert code[17 + struct.unpack_from("<i", code, 13)[0] :] == NAME.encode() + b"\0"
    code = arm[176:]
    (address,) = struct.unpack_from("<I", code, 4)
    assert code[4 + (address >> 5 & 0x7FFFF) * 4 + (address >> 29 & 3) :] == NAME.encode() + b"\0"


def test_where_there_is_no_pause_program_there_is_none() -> None:
    assert pause_program("m68k") is None
