"""Whether a plan still holds: what it rests on, checked again before it is applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from pypod.pure.plan.actions import NAMES
from pypod.pure.plan.diff import difference
from pypod.pure.plan.facts import Action, Plan

_UNMADE: Final = "none"
_LEAVING: Final = frozenset((NAMES["EnterUserNamespace"], "leave"))
"""After these everything happens in another process."""


class Stale(Struct, frozen=True):
    """The first thing that is not as it was planned: what it is, and how it was and is."""

    what: str
    before: str
    now: str


def unapplyable(plan: Plan) -> str:
    """Why a plan is not one to be applied; empty where it is."""
    if plan.applyable:
        return ""
    if plan.errored:
        return "Podman would stop, so there is nothing to apply"
    if plan.host.source != "live":
        return f"it is for a described host ({plan.host.source}), not for this machine"
    if any(action.deferred or action.action in _LEAVING for action in plan.actions):
        return "part of it happens in a re-executed process and cannot be saved: run `pypod apply` without a plan"
    return "it was made as another user than the one whose Podman it is for"


def stale(saved: Plan, now: Plan) -> Stale | None:
    """The first difference between a saved plan and one made now; ``None`` where the saved one still holds.

    The pins are compared first, because they name what was changed; then the changes, then the settings.
    """
    return next(_differences(saved, now), None)


def _differences(saved: Plan, now: Plan) -> Iterator[Stale]:
    if saved.host.boot_id != now.host.boot_id:
        yield Stale("the boot of the host", saved.host.boot_id, now.host.boot_id)
    for path in sorted({*saved.pins.files, *now.pins.files}):
        before, after = saved.pins.files.get(path, _UNMADE), now.pins.files.get(path, _UNMADE)
        if before != after:
            yield Stale(path, before, after)
    txid, later = saved.pins.database_txid, now.pins.database_txid
    if txid != later:
        yield Stale("the last transaction of the database", _text(txid), _text(later))
    if saved.pins.alive_mtime != now.pins.alive_mtime:
        yield Stale("the time of the alive file", _text(saved.pins.alive_mtime), _text(now.pins.alive_mtime))
    found = difference(saved, now)
    for action in (*found.removed, *found.added):
        was = action in found.removed
        yield Stale(action.describe, "planned" if was else "not planned", "not needed" if was else "needed")
    for setting in found.settings:
        yield Stale(f"the setting {setting.name}", _text(setting.before), _text(setting.after))
    if saved.command != now.command:
        yield Stale("the command", saved.command, now.command)
    if saved.outcome != now.outcome:
        yield Stale("the outcome", saved.outcome, now.outcome)


def _text(value: object) -> str:
    return _UNMADE if value is None else str(value)


def undone(planned: Plan, done: Plan) -> tuple[Action, ...]:
    """The planned changes that a run which failed midway did not come to."""
    return difference(done, planned).added
