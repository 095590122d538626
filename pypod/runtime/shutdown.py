"""Shutting a runtime down (``Runtime.Shutdown``): by force it stops every container first."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.configuration.keys import STOP_TIMEOUT
from pypod.pure.draft import Draft, Locks
from pypod.pure.failure import Problem
from pypod.pure.lifecycle.loading_stage import try_load_containers
from pypod.pure.lifecycle.shutdown import closed, containers_unread, not_stopped
from pypod.pure.program import Program, attempt, notes
from pypod.pure.stopping.stage import stop
from pypod.pure.store.shutdown_stage import shut_down
from pypod.pure.vocabulary.locks import UnmapLockSegment
from pypod.runtime.accessors import valid


class Stopped(Struct, frozen=True):
    """A runtime that was shut down, and how that ended: it is stopped whatever went wrong."""

    draft: Draft
    outcome: Result[None, Problem]


def shutdown(draft: Draft, *, force: bool = False) -> Program[Stopped]:
    """Stop every container by ``force``, then shut the store down, and let the lock segment go.

    Ends with ErrRuntimeStopped where that was done before.  What goes wrong with a container is only logged.
    """
    draft = yield from valid(draft)
    if force and draft.locks is not None:
        draft = yield from _stop_all(draft, draft.locks)
    outcome = yield from shut_down(draft, force=force)
    if draft.locks is not None and draft.locks.handle is not None:
        yield from attempt(UnmapLockSegment(draft.locks.handle))
    return Stopped(stopped(draft), outcome)


def stopped(draft: Draft) -> Draft:
    """The runtime once it is shut down: nothing can be done with it."""
    return msgspec.structs.replace(draft.with_configured(closed(draft.configured)), locks=None)


def deferred_shutdown(draft: Draft, *, force: bool = False) -> Program[Draft]:
    """The same for callers who have no use for how it ended (``Runtime.DeferredShutdown``); a stopped runtime stays as it is."""
    return (yield from shutdown(draft, force=force)).draft if draft.configured.valid else draft


def _stop_all(draft: Draft, locks: Locks) -> Program[Draft]:
    """Every container, with the engine's timeout and not its own; those that are stopped already are told too."""
    loaded = yield from try_load_containers(draft)
    if isinstance(loaded, Failure):
        yield from notes((containers_unread(loaded.failure()),))
        return draft
    draft, objects = loaded.unwrap()
    for container in objects.containers:
        outcome = yield from stop(draft, locks, container, draft.setting(STOP_TIMEOUT))
        if isinstance(outcome, Failure):
            yield from notes((not_stopped(container, outcome.failure()),))
    return draft


__all__ = ["Stopped", "deferred_shutdown", "shutdown", "stopped"]
