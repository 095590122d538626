"""Looking into the state database without constructing a runtime: which one it is, and what it holds.

No lock is waited for and nothing is changed; every program here only observes, but for what loading the configuration
would change, which a planning host does not do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from returns.result import Failure, Result

from pypod.pure.configuration.stage import CONFIGURATION
from pypod.pure.database.decide import unopened
from pypod.pure.draft import Draft, Request
from pypod.pure.failure import Problem
from pypod.pure.installed.stage import installed_podman
from pypod.pure.options.stage import OPTIONS, OPTIONS_MADE
from pypod.pure.program import Program, Stage, attempt, in_order, need, settle
from pypod.pure.state.choice import absent, chosen, holds_something, places
from pypod.pure.state.facts import Backend, Containers, Content, Listed, References
from pypod.pure.state.moments import nanoseconds
from pypod.pure.storage.stage import STORAGE_OPTIONS
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.host import ReadClock
from pypod.pure.vocabulary.state import CheckPages, ListContainers, ReadContainers, ReadContent, ReadReferences
from pypod.pure.xdg.stage import XDG_DIRECTORIES

if TYPE_CHECKING:
    from pypod.pure.state.report import Report
    from pypod.pure.state.summary import Summary

TO_THE_STATE: Final[Stage[Draft]] = in_order(CONFIGURATION, OPTIONS_MADE, XDG_DIRECTORIES, STORAGE_OPTIONS, OPTIONS)
"""As much of the construction as decides where the database is."""


class Wanted(Struct, frozen=True):
    """The database that is asked for: a file, or where it is empty the one that this request's runtime would use."""

    request: Request = Request()
    file: str = ""


class Where(Struct, frozen=True):
    """A database, why it is that one, and the path of one of the other kind that is there too."""

    path: str
    because: str = ""
    other: str = ""
    is_there: bool = True


def find(wanted: Wanted, *, explained: bool = False) -> Program[Where]:
    """The database in use.  It need not be there: before Podman's first command there is none.

    Podman's version is asked for where it decides, or where the reason shall be ``explained``.
    """
    if wanted.file:
        return Where(wanted.file)
    draft = yield from TO_THE_STATE(Draft(wanted.request))
    return (yield from located(draft, wanted, explained=explained))


def located(draft: Draft, wanted: Wanted, *, explained: bool = False) -> Program[Where]:
    """The database in use, by the configuration of a draft that came :data:`TO_THE_STATE`."""
    if wanted.file:
        return Where(wanted.file)
    where = places(draft.configured)
    bolt = holds_something((yield from attempt(Stat(where.bolt))))
    sqlite = holds_something((yield from attempt(Stat(where.sqlite))))
    installed = (yield from installed_podman()) if explained or sqlite or where.wanted else ""
    choice = chosen(where, installed, bolt=bolt, sqlite=sqlite)
    return Where(choice.path, choice.because, choice.other, bolt if choice.backend is Backend.BOLT else sqlite)


def list_ids(wanted: Wanted) -> Program[tuple[Listed, ...]]:
    """The ids and names of the containers; nothing of them is decoded."""
    where = yield from find(wanted)
    if not where.is_there:
        return ()
    return (yield from need(ListContainers(where.path), unopened(where.path)))


class Listing(Struct, frozen=True):
    """The containers, and the time at which they were looked at, in nanoseconds since the epoch."""

    containers: Containers
    now: int


def list_containers(wanted: Wanted) -> Program[Listing]:
    """What ``ps`` shows."""
    where = yield from find(wanted)
    now = nanoseconds((yield from need(ReadClock()))) or 0
    if not where.is_there:
        return Listing(Containers(Backend.BOLT), now)
    return Listing((yield from need(ReadContainers(where.path), unopened(where.path))), now)


def show(wanted: Wanted) -> Program[Summary]:
    """The database at a glance, and whether another one is beside it."""
    from pypod.pure.state.summary import summary_of

    where = yield from _present(wanted, explained=True)
    held = yield from need(ReadReferences(where.path), unopened(where.path))
    elsewhere: References | None = None
    if where.other:
        elsewhere = (yield from attempt(ReadReferences(where.other))).value_or(None)
    return summary_of(held, where.path, where.because, where.other, elsewhere)


def check(wanted: Wanted) -> Program[Report]:
    """What is wrong with it.  Pages that are too damaged for anything else are a finding, not a failure."""
    from pypod.pure.state.report import report_of

    where = yield from _present(wanted)
    pages = yield from need(CheckPages(where.path), unopened(where.path))
    held = yield from attempt(ReadReferences(where.path))
    if isinstance(held, Failure):
        return report_of(where.path, pages or (held.failure().message,), None)
    return report_of(where.path, pages, held.unwrap())


def export(wanted: Wanted) -> Program[Content]:
    """Everything in it."""
    where = yield from _present(wanted)
    return (yield from need(ReadContent(where.path), unopened(where.path)))


def _present(wanted: Wanted, *, explained: bool = False) -> Program[Where]:
    where = yield from find(wanted, explained=explained)
    missing: Result[Where, Problem] = Failure(absent(where.path))
    return where if where.is_there else settle(missing)


__all__ = ["Listing", "Wanted", "Where", "check", "export", "find", "list_containers", "list_ids", "located", "show"]
