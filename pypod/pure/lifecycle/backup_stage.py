"""The database put in safety before it is rewritten: pypod's own, where it is asked for."""

from __future__ import annotations

from pypod.pure.draft import Draft
from pypod.pure.lifecycle.guards import not_backed_up
from pypod.pure.program import Program, need, refused, stage
from pypod.pure.vocabulary.database import BackUpDatabase


def _back_up(draft: Draft) -> Program[Draft]:
    """Copy the database to a new file, which is on the disk before anything else happens."""
    if draft.request.backup:
        path = draft.database_path
        yield from need(BackUpDatabase(path, draft.request.backup), refused(not_backed_up(path)))
    return draft


BACKUP = stage("backup", _back_up)
