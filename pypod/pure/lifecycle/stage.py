"""The end of construction under the alive lock: the lock, the namespace, new lock numbers, the refresh, the finish.

What only some hosts and some commands come to is loaded when they do: most constructions find a runtime that is up.
"""

from __future__ import annotations

import msgspec
from returns.result import Result

from pypod.pure.configuration.keys import TMP_DIR
from pypod.pure.draft import Draft
from pypod.pure.facts import Handle
from pypod.pure.failure import Problem
from pypod.pure.lifecycle.decide import Alive, alive, alive_file, alive_lock, finished, unlocked
from pypod.pure.program import Program, Stage, attempt, settle, stage
from pypod.pure.store.lockfile_stage import holding, make_lock_file
from pypod.pure.vocabulary.files import Stat


def under_alive_lock(inner: Stage[Draft]) -> Stage[Draft]:
    """The stage that holds the alive lock around ``inner``.

    A process that must leave for a user namespace lets the lock go first: its successor takes it.  Where it turns out
    not to leave, it goes on without the lock.
    """

    def run(draft: Draft) -> Program[Draft]:
        lock = alive_lock(draft.setting(TMP_DIR))
        settle((yield from make_lock_file(lock)).alt(unlocked))

        def use(held: Handle) -> Program[Draft | None]:
            verdict = settle((yield from _look(draft, needs_userns=draft.surroundings.needs_userns)))
            if verdict is Alive.LEAVE:
                return None
            ready = msgspec.structs.replace(draft, alive=held, refresh=verdict is Alive.REFRESH)
            return msgspec.structs.replace((yield from inner(ready)), alive=None)

        done = yield from holding(lock, use)
        if done is not None:
            return done
        from pypod.pure.userns.stage import USER_NAMESPACE

        stayed = yield from USER_NAMESPACE(draft)
        verdict = settle((yield from _look(stayed, needs_userns=False)))
        return (yield from inner(msgspec.structs.replace(stayed, refresh=verdict is Alive.REFRESH)))

    return stage("alive", run)


def _look(draft: Draft, *, needs_userns: bool) -> Program[Result[Alive, Problem]]:
    path = alive_file(draft.setting(TMP_DIR))
    status = yield from attempt(Stat(path))
    return alive(status, path, needs_userns=needs_userns)


def _renumber(draft: Draft) -> Program[Draft]:
    if not draft.configured.renumber or draft.locks is None:
        return draft
    from pypod.pure.lifecycle.renumber_stage import renumber

    return (yield from renumber(draft, draft.locks))


def _refresh(draft: Draft) -> Program[Draft]:
    if not draft.refresh:
        return draft
    from pypod.pure.lifecycle.refresh_stage import refresh

    return (yield from refresh(draft))


def _migrate(draft: Draft) -> Program[Draft]:
    if not draft.configured.migrate or draft.locks is None:
        return draft
    from pypod.pure.lifecycle.migrate_stage import migrate

    return (yield from migrate(draft, draft.locks))


def _finish(draft: Draft) -> Program[Draft]:
    yield from ()
    return draft.with_configured(finished(draft.configured))


RENUMBER = stage("renumber", _renumber)
REFRESH = stage("refresh", _refresh)
FINISH = stage("finish", _finish)
MIGRATE = stage("migrate", _migrate)
