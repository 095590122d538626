"""The runtime's own directories, each made where construction comes to it."""

from __future__ import annotations

from returns.result import Failure

from pypod.pure.configuration.keys import EVENTS_LOGFILE_PATH, STATIC_DIR, TMP_DIR
from pypod.pure.directories.decide import (
    OwnDirectory,
    boot_directory,
    events_directory,
    is_present,
    static_directory,
    tmp_directory,
)
from pypod.pure.draft import Draft
from pypod.pure.program import Program, attempt, refused, settle, stage
from pypod.pure.vocabulary.changes import MakeDirectories


def _make(directory: OwnDirectory) -> Program[None]:
    made = yield from attempt(MakeDirectories(directory.path, directory.mode))
    if isinstance(made, Failure) and not is_present(made.failure()):
        settle(made.alt(refused(directory.unmade)))


def _static(draft: Draft) -> Program[Draft]:
    yield from _make(static_directory(draft.setting(STATIC_DIR)))
    return draft


def _tmp(draft: Draft) -> Program[Draft]:
    yield from _make(tmp_directory(draft.setting(TMP_DIR)))
    return draft


def _events(draft: Draft) -> Program[Draft]:
    yield from _make(events_directory(draft.setting(EVENTS_LOGFILE_PATH)))
    return draft


def _boot(draft: Draft) -> Program[Draft]:
    yield from _make(boot_directory(draft.setting(TMP_DIR)))
    return draft


STATIC_DIRECTORY = stage("static-directory", _static)
TMP_DIRECTORY = stage("tmp-directory", _tmp)
EVENTS_DIRECTORY = stage("events-directory", _events)
BOOT_DIRECTORY = stage("boot-directory", _boot)
