"""The difference of two plans: what one would do that the other would not, and which settings differ."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from toolz.itertoolz import concatv, unique

from pypod.pure.plan.facts import Action, Plan


class SettingDifference(Struct, frozen=True):
    """A setting with two values; ``None`` where one plan does not have it."""

    name: str
    before: Any
    after: Any


class PlanDifference(Struct, frozen=True):
    """What differs: actions of the second plan only, of the first only, settings, and the two outcomes where they differ."""

    added: tuple[Action, ...] = ()
    removed: tuple[Action, ...] = ()
    settings: tuple[SettingDifference, ...] = ()
    outcomes: tuple[str, str] | None = None

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.settings or self.outcomes)


def difference(before: Plan, after: Plan) -> PlanDifference:
    """The difference of two plans.  Actions are compared by what they do, not by their number in the list."""
    mine, theirs = {_deed(one) for one in before.actions}, {_deed(one) for one in after.actions}
    names = unique(concatv(before.settings, after.settings))
    values = ((name, _value(before, name), _value(after, name)) for name in names)
    return PlanDifference(
        added=tuple(one for one in after.actions if _deed(one) not in mine),
        removed=tuple(one for one in before.actions if _deed(one) not in theirs),
        settings=tuple(SettingDifference(name, old, new) for name, old, new in values if old != new),
        outcomes=(before.outcome, after.outcome) if before.outcome != after.outcome else None,
    )


def _deed(action: Action) -> tuple[Any, ...]:
    return (action.action, action.path, action.mode, action.uid, action.gid, action.entries)


def _value(plan: Plan, name: str) -> Any:
    setting = plan.settings.get(name)
    return setting.value if setting else None
