"""The stages about the state database: opened, merged into the configuration, compared with it, completed."""

from __future__ import annotations

import msgspec

from pypod.pure.configuration.keys import RUN_ROOT as RUN_ROOT_KEY
from pypod.pure.configuration.keys import STATE_TYPE
from pypod.pure.database import decide
from pypod.pure.database.facts import DatabaseFacts
from pypod.pure.draft import Draft
from pypod.pure.program import Program, attempt, debug, need, notes, settle, stage
from pypod.pure.vocabulary.changes import MakeDirectories
from pypod.pure.vocabulary.database import CreateDatabase, ReadDatabase, UpdateDatabase
from pypod.pure.vocabulary.files import CheckWritable
from pypod.pure.vocabulary.host import SessionIsValid


def _open(draft: Draft) -> Program[Draft]:
    settle(decide.supported_state(draft.setting(STATE_TYPE)))
    path = decide.database_path(draft.configured)
    yield from debug(decide.initializing(path))
    yield from need(CreateDatabase(path), decide.unopened(path))
    facts = yield from need(ReadDatabase(path), decide.unopened(path))
    facts = yield from _complete(path, facts)
    return msgspec.structs.replace(draft, database_path=path, database=facts)


def _complete(path: str, facts: DatabaseFacts) -> Program[DatabaseFacts]:
    """With every bucket that libpod expects, all missing ones made in one transaction."""
    missing = decide.missing_buckets(facts)
    if not missing:
        return facts
    yield from need(UpdateDatabase(path, missing), decide.unmade)
    return (yield from need(ReadDatabase(path), decide.unreadable(path)))


def _facts(draft: Draft) -> Program[DatabaseFacts]:
    """What the database said when it was opened; it is asked now where that stage has not run."""
    if draft.database is not None:
        return draft.database
    path = draft.database_path or decide.database_path(draft.configured)
    return (yield from need(ReadDatabase(path), decide.unreadable(path)))


def _merge(draft: Draft) -> Program[Draft]:
    facts = yield from _facts(draft)
    configured, said = decide.merged(draft.configured, facts)
    yield from notes(said)
    return draft.with_configured(configured)


def _ready_run_root(draft: Draft) -> Program[Draft]:
    if decide.session_matters(draft.surroundings):
        session = yield from attempt(SessionIsValid(draft.surroundings.rootless_uid))
        if not session.value_or(False):
            yield from _make_run_root(draft.setting(RUN_ROOT_KEY))
    yield from notes(decide.using(draft.configured))
    return draft


def _make_run_root(path: str) -> Program[None]:
    """Makes a run root that is missing; warns of one that is there and not ours."""
    usable = yield from attempt(CheckWritable(path))
    if decide.run_root_is_missing(usable):
        made = yield from attempt(MakeDirectories(path, 0o700))
        usable = made.map(lambda _: None)
    yield from notes(decide.run_root_warning(usable))


def _validate(draft: Draft) -> Program[Draft]:
    facts = yield from _facts(draft)
    missing = settle(decide.validated(draft.configured, facts))
    if missing:
        path = draft.database_path
        yield from need(UpdateDatabase(path, missing), decide.unsaved(path))
        facts = decide.completed(facts, missing)
    return msgspec.structs.replace(draft, database=facts)


def _set_namespace(draft: Draft) -> Program[Draft]:
    yield from debug(decide.namespace_set(draft.configured))
    return draft


STATE = stage("state", _open)
DATABASE_MERGE = stage("database-merge", _merge)
RUN_ROOT = stage("run-root", _ready_run_root)
DATABASE_VALIDATION = stage("database-validation", _validate)
NAMESPACE = stage("namespace", _set_namespace)
