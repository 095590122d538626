"""Reading the configuration again (``Runtime.Reload``)."""

from __future__ import annotations

from typing import Final

import msgspec

from pypod.pure.configuration.reload import reloaded
from pypod.pure.configuration.stage import CONFIGURATION
from pypod.pure.draft import Draft, Request
from pypod.pure.facts import Level
from pypod.pure.program import Program, Stage, in_order, note
from pypod.pure.storage.stage import STORAGE_OPTIONS
from pypod.runtime.accessors import valid

_FILES: Final[Stage[Draft]] = in_order(CONFIGURATION, STORAGE_OPTIONS)


def reload(draft: Draft) -> Program[Draft]:
    """The runtime with the configuration of the files as they are now; where one cannot be read it stays as it was.

    As in libpod, what options and the database had said is gone, and what was opened with the former configuration
    (the store, the locks, the database) stays open.
    """
    at = yield from valid(draft)
    fresh = yield from _FILES(Draft(Request(at.request.command)))
    yield from note(Level.INFO, "applied new containers configuration")
    yield from note(Level.INFO, "applied new storage configuration")
    return msgspec.structs.replace(at, configured=reloaded(at.configured, fresh.configured))
