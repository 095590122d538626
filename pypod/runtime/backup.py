"""Where a database is backed up before it is rewritten."""

from __future__ import annotations

from returns.result import Failure

from pypod.pure.program import Program, attempt, need
from pypod.pure.state.restore import backup_path
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.host import ReadClock


def free_backup_path(path: str) -> Program[str]:
    """The backup's path by the clock, one at which nothing is: two commands of one second each have their own."""
    clock = yield from need(ReadClock())
    earlier = 0
    # Whatever cannot be looked at is left to the backup itself, which never writes over anything.
    while not isinstance((yield from attempt(Stat(backup_path(path, clock, earlier)))), Failure):
        earlier += 1
    return backup_path(path, clock, earlier)
