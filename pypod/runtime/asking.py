"""Running the decisions of libpod's state on a database: looking, deciding, and one transaction that expects what was seen.

Rule 1: no lock is held between looking and writing.  Where Podman changed something that a decision rests on, the
        transaction is not made (ESTALE), and it is looked and decided anew.
Rule 2: what does not touch a decision does not disturb it: a transaction expects the places that were looked at, no others.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.database.buckets import Buckets
from pypod.pure.database.decide import unopened
from pypod.pure.database.facts import ExpectSight, Look, Sight
from pypod.pure.database.view import Wanting, considered, together
from pypod.pure.facts import Changed
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.program import Program, attempt, need, notes, settle
from pypod.pure.state.registries import Changes
from pypod.pure.state.retrieval import Retrieved, Scope
from pypod.pure.vocabulary.database import ReadPlaces, UpdateDatabase

T = TypeVar("T")
Question: TypeAlias = Callable[[Buckets], Result[T, Problem]]
"""A decision that is made by looking at a database."""

ATTEMPTS: Final = 20
"""How often a transaction is tried that others keep overtaking."""


class StateAt(Struct, frozen=True):
    """A state: its database's path, and what of it is seen (all of it, unless a namespace is set)."""

    path: str
    scope: Scope = Scope()


def ask(state: StateAt, question: Question[T]) -> Program[T]:
    """What is in a database: a decision that changes nothing.  All that it looks at is of one transaction."""
    _, answer = yield from _decide(state, question)
    return settle(answer)


def ask_for_all(state: StateAt, question: Question[Retrieved[T]]) -> Program[tuple[T, ...]]:
    """All objects of a kind, and what libpod logs of those that cannot be loaded."""
    found = yield from ask(state, question)
    yield from notes(found.said)
    return found.objects


def change(state: StateAt, decision: Callable[[Buckets], Changes]) -> Program[None]:
    """One transaction that a decision made.  Ends with its Problem, or with a refusal where others commit all the time."""
    for left in reversed(range(ATTEMPTS)):
        sights, decided = yield from _decide(state, decision)
        wanted = UpdateDatabase(state.path, settle(decided), tuple(map(ExpectSight, sights)))
        written = yield from attempt(wanted)
        if not left or not overtaken(written):
            settle(written.alt(unwritten(state.path)))
            return


def overtaken(written: Result[Changed, HostError]) -> bool:
    """Whether a transaction was not made because something was changed that it expects."""
    return isinstance(written, Failure) and written.failure().errno == errno.ESTALE


def _decide(state: StateAt, question: Question[T]) -> Program[tuple[tuple[Sight, ...], Result[T, Problem]]]:
    """Look as often as a decision wants to see more; each time at all places, so that they are of one transaction."""
    looks: tuple[Look, ...] = ()
    sights: tuple[Sight, ...] = ()
    answer = considered(question, sights)
    while isinstance(answer, Wanting):
        looks = together(looks, answer.looks)
        sights = yield from need(ReadPlaces(state.path, looks), unopened(state.path))
        answer = considered(question, sights)
    return sights, answer


def unwritten(path: str) -> Callable[[HostError], Problem]:
    """A transaction that was not made."""

    def problem(error: HostError) -> Problem:
        if error.errno == errno.ESTALE:
            return Refused(f"{path} is changed by others all the time: {error.reason}", path, cause=error)
        if error.call == "open":
            return unopened(path)(error)
        return Refused(error.message, path, cause=error).wrapped(f"error updating database {path}")

    return problem
