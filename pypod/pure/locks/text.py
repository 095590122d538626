"""The text of ``pypod locks``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from pypod.pure.locks.decide import LockKind
from pypod.pure.locks.holders import Held, Hold
from pypod.pure.locks.report import Line, Report, subject_of
from pypod.pure.state.ps import columns


def render(report: Report) -> str:
    """The text for people: the answer, where the locks are, each lock, what is wrong."""
    return "\n".join((*_head(report), *_locks(report), *_wrong(report)))


def _head(report: Report) -> Iterable[str]:
    if report.unread and not report.conflicts:
        yield "It cannot be told whether there are conflicts."
    else:
        yield f"Conflicts: {len(report.conflicts)}." if report.conflicts else "No conflicts."
    what = "Lock segment" if report.kind is LockKind.SHM else "Lock files in"
    if not report.there:
        yield f"{what} {report.path}: not there yet, Podman's next command makes it"
    elif report.kind is LockKind.SHM:
        yield f"{what} {report.path} · {report.size:,} bytes · {report.total:,} locks: {_counts(report)}"
    else:
        yield f"{what} {report.path} · {_counts(report)}"
    if report.unread:
        yield f"The database cannot be read, so nobody is known to own a lock: {report.unread}"
    elif report.database:
        up = "" if not report.refresh else " · the runtime is not up: its next start allocates the locks"
        yield f"Database {report.database}{up}"
    else:
        yield "There is no database yet: Podman's first command makes it."
    yield ""


def _counts(report: Report) -> str:
    free = "" if report.free is None else f", {report.free:,} free"
    return f"{report.used:,} used{free}, {report.held:,} held"


def _locks(report: Report) -> Iterable[str]:
    rows = [row for line in report.locks if line.owners or line.held for row in _rows(line)]
    if rows:
        yield from columns([("LOCK", "OWNER", "NAME", "STATE"), *rows]).splitlines()
        yield ""
    if report.segment_mutex is not None:
        what = subject_of(report.segment_mutex)
        yield f"{what[0].upper()}{what[1:]}: {_state(report.segment_mutex)}"
        yield ""
    if report.unowned:
        yield (
            "Allocated to no object of this database, perhaps to one of another root of this user: "
            f"{_ranges(report.unowned)}"
        )
        yield ""


def _rows(line: Line) -> Iterable[Sequence[str]]:
    """One for each owner; what is to say of the lock stands in the first."""
    states = (*(() if line.allocated else ("not allocated",)), *((_state(line.held),) if line.held else ()))
    said = ", ".join(states) or "-"
    if not line.owners:
        yield str(line.number), "-", "-", said
    for owner in line.owners:
        yield str(line.number), f"{owner.kind} {owner.id[:12]}", owner.name, said
        said = "-"


def _state(held: Held) -> str:
    waits = ", others wait" if held.awaited else ""
    if held.hold is Hold.ABANDONED:
        return f"its holder, thread {held.thread}, died{waits}: whoever takes it next takes it over"
    if held.hold is not Hold.HELD:
        return "not recoverable" if held.hold is Hold.RUINED else "never made"
    if not held.process:
        return f"held by thread {held.thread}, which is not to be seen{waits}"
    thread = f"thread {held.thread} of " if held.thread not in (0, held.process) else ""
    return f"held by {thread}process {held.process} ({held.command}){waits}"


def _ranges(numbers: Sequence[int]) -> str:
    """``0-3, 7, 9-11``."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _wrong(report: Report) -> Iterable[str]:
    if report.conflicts:
        yield "Conflicts"
        yield from (f"  {one.message}" for one in report.conflicts)
        yield ""
