"""The configuration after its files were read again (``Runtime.Reload``)."""

from __future__ import annotations

import msgspec

from pypod.pure.configured import Configured


def reloaded(before: Configured, fresh: Configured) -> Configured:
    """What the files say now; what only construction could find out (paths of programs, the driver in use) stays.

    As in libpod the files' values replace those of options and of the database, which are not asked again.
    """
    found = {name: setting for name, setting in before.settings.entries.items() if name not in fresh.settings.entries}
    settings = msgspec.structs.replace(fresh.settings, entries=fresh.settings.entries.having(found))
    return msgspec.structs.replace(before, settings=settings)
