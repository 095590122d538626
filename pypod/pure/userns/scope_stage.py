"""Moving the pause process into a scope of its own, once the child that made it is done."""

from __future__ import annotations

from returns.result import Failure, Result

from pypod.pure.dbus.address import UNDETERMINED
from pypod.pure.dbus.session_stage import session_bus
from pypod.pure.draft import Draft, Request
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError
from pypod.pure.program import Program, attempt, notes, stage
from pypod.pure.surroundings.stage import look_around
from pypod.pure.userns.scope import ATTEMPTS, DIGITS, not_moved, process_to_move, scope_of, why_not
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.host import DrawToken
from pypod.pure.vocabulary.services import StartScope


def move_pause_process(draft: Draft, path: str) -> Program[None]:
    """Try three times, each time with the process that the file names then and with another name for the scope.

    What does not work is only said: the namespace is there without it.
    """

    def run(known: Draft) -> Program[Draft]:
        why = ""
        for _ in range(ATTEMPTS):
            read = process_to_move(path, (yield from attempt(ReadFile(path))))
            if isinstance(read, Failure):
                why = read.failure()
                continue
            pid = read.unwrap()
            if pid is None:
                return known
            why = why_not((yield from _move(known, pid)))
            if not why:
                return known
        first_process = yield from attempt(ReadFile("/proc/1/comm"))
        yield from notes((not_moved(why, first_process, unified=known.surroundings.unified),))
        return known

    yield from stage("pause-scope", run)(draft)


def move_after_leaving(path: str) -> Program[None]:
    """The same for a process that left of its own accord, and knows nothing but where it put the id."""
    around = yield from look_around()
    yield from move_pause_process(Draft(Request(), surroundings=around), path)


def _move(draft: Draft, pid: int) -> Program[Result[Changed, HostError]]:
    around = draft.surroundings
    address = yield from session_bus(around.identity.uid)
    if not address:
        return Failure(HostError(0, "", "", UNDETERMINED))
    token = yield from attempt(DrawToken(DIGITS))
    if isinstance(token, Failure):
        return Failure(token.failure())
    return (yield from attempt(StartScope(address, around.rootless_uid, scope_of(pid, token.unwrap()))))
