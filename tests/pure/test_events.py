"""Events: the backend, the lines that libpod writes, and what happens where they cannot be written."""

from __future__ import annotations

import errno

import msgspec
import pytest
from returns.result import Failure, Success

from pypod.pure.configuration.keys import EVENTS_LOGFILE_PATH, EVENTS_LOGGER
from pypod.pure.draft import Draft
from pypod.pure.events.decide import decide_backend, journal_to_read
from pypod.pure.events.line import REFRESH, RENUMBER, Event, human_text, journal_payload, json_line
from pypod.pure.events.stage import EVENTS, write_event
from pypod.pure.facts import Changed, Handle
from pypod.pure.failure import HostError
from pypod.pure.program import drive
from pypod.pure.settings import BUILTIN
from pypod.pure.vocabulary.changes import AppendFile, CreateFile, MakeDirectories
from pypod.pure.vocabulary.host import ReadClock
from pypod.pure.vocabulary.locks import ReleaseFileLock, TakeFileLock
from pypod.pure.vocabulary.services import SendToJournal
from tests.pure.conversation import Conversation

TIME = "2026-11-23T14:02:06.661081947Z"
LOG = "/run/libpod/events/events.log"
LOCK = f"{LOG}.lock"

LINES = (
    (REFRESH, '{"Status":"refresh","Time":"TIME","Type":"system","Attributes":null}'),
    (RENUMBER, '{"Status":"renumber","Time":"TIME","Type":"system","Attributes":null}'),
    (
        Event("container", "create", "8215", "d1", "localhost/bb:1", attributes=(("b", "2"), ("a", "1"))),
        '{"ID":"8215","Image":"localhost/bb:1","Name":"d1","Status":"create","Time":"TIME","Type":"container","Attributes":{"a":"1","b":"2"}}',
    ),
    (
        Event("container", "died", "8215", "d1", "localhost/bb:1", exit_code=3),
        '{"ContainerExitCode":3,"ID":"8215","Image":"localhost/bb:1","Name":"d1","Status":"died","Time":"TIME","Type":"container","Attributes":null}',
    ),
    (
        Event("network", "connect", "0d86", "d3", network="podman"),
        '{"ID":"0d86","Name":"d3","network":"podman","Status":"connect","Time":"TIME","Type":"network","Attributes":null}',
    ),
    (
        Event("container", "start", attributes=(("x", "<a&b>é"),)),
        '{"Status":"start","Time":"TIME","Type":"container","Attributes":{"x":"\\u003ca\\u0026b\\u003eé"}}',
    ),
    (Event("container", "start", attributes=()), '{"Status":"start","Time":"TIME","Type":"container","Attributes":{}}'),
)


@pytest.mark.parametrize(("event", "line"), LINES)
def test_line(event: Event, line: str) -> None:
    assert json_line(event, TIME) == f"{line}\n".replace("TIME", TIME).encode()


def test_journal_payload() -> None:
    assert journal_payload(Event("volume", "create", name="vvj3"), TIME) == (
        b"PRIORITY=6\n"
        b"MESSAGE=2026-11-23 14:02:06.661081947 +0000 UTC volume create vvj3\n"
        b"SYSLOG_IDENTIFIER=podman\n"
        b"PODMAN_EVENT=create\n"
        b"PODMAN_TYPE=volume\n"
        b"PODMAN_TIME=2026-11-23T14:02:06.661081947Z\n"
        b"PODMAN_NAME=vvj3\n"
    )


def test_journal_value_with_newline_is_given_by_its_length() -> None:
    payload = journal_payload(Event("volume", "create", name="a\nb"), TIME)
    assert payload.endswith(b"PODMAN_NAME\n\x03\0\0\0\0\0\0\0a\nb\n")


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (REFRESH, "system refresh"),
        (Event("network", "connect", "ab", "c", network="podman"), "network connect ab (container=ab, name=podman)"),
        (Event("image", "tag", "ab", "x:1"), "image tag ab x:1"),
        (Event("pod", "kill", "ab", "p"), "pod kill ab (image=, name=p)"),
        (
            Event("container", "start", "ab", "c", "i", attributes=(("k", "v"),)),
            "container start ab (image=i, name=c, k=v)",
        ),
    ],
)
def test_human_text(event: Event, text: str) -> None:
    assert human_text(event, "2026-11-23T15:02:06.5+01:00") == f"2026-11-23 15:02:06.5 +0100 +0100 {text}"


@pytest.mark.parametrize(
    ("logger", "systemd", "backend"),
    [("file", True, "file"), ("FILE", False, "file"), ("Journald", True, "journald"), ("none", True, "none")],
)
def test_backend(logger: str, systemd: bool, backend: str) -> None:
    assert decide_backend(logger, systemd) == Success(backend)


@pytest.mark.parametrize(
    ("logger", "systemd", "text"),
    [
        ("json", True, "unknown event logger type: JSON"),
        ("", True, "unknown event logger type: "),
        ("null", True, "unknown event logger type: NULL"),
        ("journald", False, "eventer creation: No support for journald logging"),
    ],
)
def test_no_backend(logger: str, systemd: bool, text: str) -> None:
    backend = decide_backend(logger, systemd)
    assert isinstance(backend, Failure)
    assert backend.failure().message == text


def with_backend(backend: str) -> Draft:
    draft = Draft().claim(EVENTS_LOGFILE_PATH, LOG, BUILTIN).claim(EVENTS_LOGGER, backend, BUILTIN)
    return msgspec.structs.replace(draft, events_logger=backend)


def test_stage_says_the_raw_setting() -> None:
    host = Conversation(())
    ended = drive(EVENTS(with_backend("FILE")), host)
    assert ended.map(lambda draft: draft.events_logger) == Success("file")
    assert host.said == [("debug", "Initializing event backend FILE")]


HANDLE = Handle(1, LOCK)
OPENED = ((ReadClock(), Success(TIME)), (CreateFile(LOCK, 0o644), Success(Changed())))
TAKEN = (*OPENED, (TakeFileLock(LOCK), Success(HANDLE)))
APPEND = AppendFile(LOG, 0o700, json_line(REFRESH, TIME))


def test_file_backend_writes_under_its_lock() -> None:
    host = Conversation((*TAKEN, (APPEND, Success(Changed())), (ReleaseFileLock(HANDLE), Success(None))))
    assert drive(write_event(with_backend("file"), REFRESH), host) == Success(None)
    host.check_finished()
    assert host.said == []


def test_unwritable_log_is_only_said() -> None:
    refusal = Failure(HostError(errno.EISDIR, "open", LOG))
    host = Conversation((*TAKEN, (APPEND, refusal), (ReleaseFileLock(HANDLE), Success(None))))
    assert drive(write_event(with_backend("file"), REFRESH), host) == Success(None)
    host.check_finished()
    assert host.said == [("error", f'unable to write system event: "open {LOG}: is a directory"')]


def test_missing_directory_of_the_lock_is_made() -> None:
    missing = (CreateFile(LOCK, 0o644), Failure(HostError(errno.ENOENT, "open", LOCK)))
    unmade = HostError(errno.EROFS, "mkdir", "/run/libpod")
    host = Conversation((OPENED[0], missing, (MakeDirectories("/run/libpod/events", 0o700), Failure(unmade))))
    assert drive(write_event(with_backend("file"), REFRESH), host) == Success(None)
    host.check_finished()
    text = f'error opening \\"{LOCK}\\": creating locker directory: mkdir /run/libpod: read-only file system'
    assert host.said == [("error", f'unable to write system event: "{text}"')]


def test_journald_without_a_journal_is_only_said() -> None:
    refusal = Failure(HostError(errno.ENOENT, "sendmsg", "/run/systemd/journal/socket"))
    payload = journal_payload(Event("container", "start"), TIME)
    host = Conversation(((ReadClock(), Success(TIME)), (SendToJournal(payload), refusal)))
    assert drive(write_event(with_backend("journald"), Event("container", "start")), host) == Success(None)
    host.check_finished()
    assert host.said == [(
        "error",
        'unable to write pod event: "write unixgram @00000->/run/systemd/journal/socket: sendmsg: no such file or directory"',
    )]  # fmt: skip


def test_no_backend_writes_nothing() -> None:
    host = Conversation(((ReadClock(), Success(TIME)),))
    assert drive(write_event(with_backend("none"), RENUMBER), host) == Success(None)
    host.check_finished()


@pytest.mark.parametrize(
    ("numbers", "readable"),
    [((errno.ENOENT, errno.ENOENT), False), ((errno.ENOENT, errno.EACCES), True), ((errno.ENOENT, 0), True)],
)
def test_a_journal_that_cannot_be_looked_at_may_have_entries(numbers: tuple[int, ...], readable: bool) -> None:
    looked = [Failure(HostError(number, "stat", "/j")) if number else Success(None) for number in numbers]
    assert isinstance(journal_to_read(looked), Success) is readable
