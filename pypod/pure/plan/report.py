"""What applying did, for a person: what was done, what was not, and what to do about it."""

from __future__ import annotations

from pypod.pure.plan.facts import Action, Plan
from pypod.pure.plan.layout import WIDTH, Page, many, tamed
from pypod.pure.plan.text import listed

_DONE = {
    "ready": "Podman's runtime is constructed.",
    "renumbered": "The locks are renumbered.",
    "migrated": "The containers are migrated.",
}


def render_done(
    done: Plan, undone: tuple[Action, ...], *, verbose: bool = False, colour: bool = False, width: int = WIDTH
) -> str:
    """The text of a report.  ``done`` is the fold over the run, ``undone`` what had been planned and was not come to."""
    done = tamed(done)
    page = Page(colour=colour, width=width)
    made = many(len(done.actions), "change")
    if done.failure is None:
        page.ends(_DONE.get(done.outcome, _DONE["ready"]), made, "green")
        listed(page, "Done, in this order", done.actions if verbose else (), verbose=verbose)
        return page.text()
    page.ends("Stopped midway." if done.actions else "Stopped before any change.", f"in {done.failure.stage}", "red")
    page.add()
    page.hanging("  Error: ", done.failure.message, 9)
    if done.failure.hint:
        page.add()
        page.hanging("What to do  ", done.failure.hint)
    listed(page, f"Done: {made}", done.actions, verbose=True)
    listed(page, f"Not done: {many(len(undone), 'change')}", undone, verbose=True)
    page.add()
    page.hanging("", "Nothing is held. Running it again goes on from here.")
    return page.text()
