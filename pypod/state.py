"""The state of this machine's Podman, for tooling: where it is, and running libpod's operations on it::

    from pypod import state
    from pypod.runtime import containers

    held = state.find().unwrap()                                  # or state.at("/srv/libpod/bolt_state.db")
    web = state.run(containers.look_up(held, "web")).unwrap()     # a name, an id, a unique prefix
    state.run(containers.remove(held, web))                       # Result[None, Ending]: libpod's own refusals

The operations are programs in ``pypod.runtime``: ``containers``, ``pods``, ``volumes``, ``sessions``, ``networks``.  Each
that changes something is one transaction; nothing that Podman does meanwhile is lost.
"""

from __future__ import annotations

from typing import Final, TypeVar

from returns.result import Result

from pypod.effects.linux.databases import DatabaseHost
from pypod.effects.linux.transaction import LinuxDatabaseChanges
from pypod.effects.live import planning_host
from pypod.pure.draft import Request
from pypod.pure.failure import Ending
from pypod.pure.program import Program, drive
from pypod.pure.state.retrieval import Scope
from pypod.runtime.asking import StateAt
from pypod.runtime.state import Wanted
from pypod.runtime.state import find as _find

T = TypeVar("T")
_PLAIN: Final = Request()


def find(request: Request = _PLAIN, *, namespace: str = "", locks: int = 0) -> Result[StateAt, Ending]:
    """The state that the configuration leads to.  ``locks``: how many locks there are, to leave out what has none."""
    where = drive(_find(Wanted(request)), planning_host())
    return where.map(lambda found: at(found.path, namespace=namespace, locks=locks))


def at(path: str, *, namespace: str = "", locks: int = 0) -> StateAt:
    """The state in this file, as a namespace sees it (empty: all of it).  A ``db.sql`` can only be looked into."""
    return StateAt(path, Scope(namespace, locks))


def run(program: Program[T]) -> Result[T, Ending]:
    """Run operations on a state of this machine: looking, and transactions, under bbolt's own lock; nothing else."""
    return drive(program, DatabaseHost(LinuxDatabaseChanges()))
