"""Refreshing the state after a reboot."""

from __future__ import annotations

from typing import Final

import msgspec

from pypod.pure.configuration.keys import TMP_DIR
from pypod.pure.database.facts import StateObjects
from pypod.pure.database.lifecycle import reset_for_reboot
from pypod.pure.draft import Draft
from pypod.pure.events.line import REFRESH as REFRESHED
from pypod.pure.events.stage import write_event
from pypod.pure.lifecycle.decide import ALIVE_MODE, alive_file, wrapped
from pypod.pure.lifecycle.refresh import (
    CONTAINER_ENVIRONMENT,
    RESTART,
    graph_root_mounted,
)
from pypod.pure.program import Program, attempt, debug, need, settle
from pypod.pure.store.stage import open_store
from pypod.pure.vocabulary.changes import CreateFile
from pypod.pure.vocabulary.database import ReadObjects, UpdateDatabase
from pypod.pure.vocabulary.files import ReadFile

_NO_OBJECTS: Final = StateObjects()


def refresh(draft: Draft) -> Program[Draft]:
    """Reset the database, then give every object what it lost at the reboot; at last the host counts as up again."""
    if draft.store is None:
        draft = yield from open_store(draft)
    yield from debug(RESTART)
    objects = yield from need(ReadObjects(draft.database_path))
    if not graph_root_mounted((yield from attempt(ReadFile(CONTAINER_ENVIRONMENT)))):
        changes = settle(reset_for_reboot(objects))
        yield from need(UpdateDatabase(draft.database_path, changes))
    if objects != _NO_OBJECTS and draft.store is not None and draft.locks is not None:
        # Loaded here: the first construction of all finds none.
        from pypod.pure.lifecycle.refresh_objects_stage import refresh_objects

        draft = yield from refresh_objects(draft, draft.store, draft.locks, objects)
    path = alive_file(draft.setting(TMP_DIR))
    yield from need(CreateFile(path, ALIVE_MODE), wrapped("error creating runtime status file"))
    yield from write_event(draft, REFRESHED)
    return msgspec.structs.replace(draft, refresh=False)
