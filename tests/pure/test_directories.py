"""The runtime's own directories: modes, and libpod's words where one cannot be made."""

from __future__ import annotations

import errno

import pytest
from returns.result import Failure, Success

from pypod.pure.configuration.keys import EVENTS_LOGFILE_PATH, STATIC_DIR, TMP_DIR
from pypod.pure.directories.stage import BOOT_DIRECTORY, EVENTS_DIRECTORY, STATIC_DIRECTORY, TMP_DIRECTORY
from pypod.pure.draft import Draft
from pypod.pure.facts import Changed
from pypod.pure.failure import Departed, HostError
from pypod.pure.program import Stage, drive
from pypod.pure.settings import BUILTIN
from pypod.pure.vocabulary.changes import MakeDirectories
from tests.pure.conversation import Conversation

DRAFT = (
    Draft()
    .claim(STATIC_DIR, "/var/lib/libpod", BUILTIN)
    .claim(TMP_DIR, "/run/libpod", BUILTIN)
    .claim(EVENTS_LOGFILE_PATH, "/run/libpod/events/events.log", BUILTIN)
)

CASES = (
    (STATIC_DIRECTORY, "/var/lib/libpod", 0o700, "error creating runtime static files directory"),
    (TMP_DIRECTORY, "/run/libpod", 0o751, "error creating tmpdir"),
    (EVENTS_DIRECTORY, "/run/libpod/events", 0o700, "error creating events dirs"),
    (BOOT_DIRECTORY, "/run/libpod", 0o755, "error creating runtime temporary files directory"),
)


@pytest.mark.parametrize(("stage", "path", "mode", "words"), CASES)
def test_directory(stage: Stage[Draft], path: str, mode: int, words: str) -> None:
    host = Conversation(((MakeDirectories(path, mode), Success(Changed())),))
    assert drive(stage(DRAFT), host) == Success(DRAFT)
    host.check_finished()


@pytest.mark.parametrize(("stage", "path", "mode", "words"), CASES)
def test_refusal(stage: Stage[Draft], path: str, mode: int, words: str) -> None:
    refusal = HostError(errno.ENOTDIR, "mkdir", "/run")
    host = Conversation(((MakeDirectories(path, mode), Failure(refusal)),))
    ended = drive(stage(DRAFT), host)
    assert isinstance(ended, Failure)
    problem = ended.failure()
    assert not isinstance(problem, Departed)
    assert problem.message == f"{words}: mkdir /run: not a directory"
    assert problem.cause == refusal


def test_a_directory_that_came_in_between_is_taken() -> None:
    host = Conversation(((MakeDirectories("/run/libpod", 0o751), Failure(HostError(errno.EEXIST, "mkdir", "/run"))),))
    assert drive(TMP_DIRECTORY(DRAFT), host) == Success(DRAFT)
