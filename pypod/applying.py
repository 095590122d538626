"""Applying a plan: the program that was planned, run for real, and a report of what it did.

The report is the plan's own fold over the tape of the real run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.api import PlanHost, Rehearsal, planned_by, rehearse
from pypod.effects.foreseen import Foreseen, UnforeseenError
from pypod.effects.real import library_machine
from pypod.effects.recording import Recording
from pypod.hosts import Live
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.effect import Host, On
from pypod.pure.failure import Departed, Ending, Problem, Refused
from pypod.pure.installed.decide import another_line
from pypod.pure.options.option import RuntimeOption
from pypod.pure.plan.facts import Action, Plan
from pypod.pure.plan.stale import stale, unapplyable, undone
from pypod.pure.plan.summarize import About, summarize
from pypod.pure.program import Run, drive, run
from pypod.pure.tape import redacted
from pypod.pure.userns.reexec import REEXECUTION_NEEDED
from pypod.runtime.safeguard import safeguarded
from pypod.version import VERSION


class Applied(Struct, frozen=True):
    """What applying did: the plan, the report of the run in the same form, what it did not come to.

    ``done`` is ``None`` where nothing was run: it was not agreed to, there is nothing to do, or libpod would fail.
    ``status`` is the exit status of the process that the run was left for, where it was; else ``None``.
    """

    planned: Plan
    done: Plan | None = None
    undone: tuple[Action, ...] = ()
    status: int | None = None


def apply(
    options: Iterable[RuntimeOption] = (),
    *,
    machine: Host | None = None,
    host: PlanHost | None = None,
    saved: Plan | None = None,
    command: str = "construction",
    flags: tuple[tuple[str, str], ...] = (),
    arguments: tuple[str, ...] = (),
    agreed: Callable[[Plan], bool] = lambda _plan: True,
    any_podman: bool = False,
) -> Result[Applied, Problem]:
    """Plan on ``host``, let the caller agree, run for real on ``machine``: both are this machine unless given.

    Without ``machine`` the caller's process is neither left nor given signal handlers.
    ``agreed`` is asked of every plan; one that libpod would fail at, or that has no changes, is not run in any case.
    ``saved``: the plan that is applied; it is refused where the machine is not as it was when it was made.  A failure is
    a run that was not begun, or that was stopped before its first change because the machine was found changed.
    """
    request = Request(command, tuple(options), flags, arguments)
    live = host or Live()
    rehearsal = live.rehearsal()
    if isinstance(rehearsal, Failure):
        return Failure(rehearsal.failure())
    rehearsed = rehearse(request, rehearsal.unwrap())
    made = planned_by(rehearsed, live, rehearsal.unwrap())
    if isinstance(made, Failure):
        return Failure(made.failure())
    plan = made.unwrap()
    refused = _refused(plan, saved, any_podman=any_podman)
    if refused is not None:
        return Failure(refused)
    if not agreed(plan) or plan.errored or not plan.actions:
        return Success(Applied(plan))
    safe = _safeguarded(request, live)
    if isinstance(safe, Failure):
        return Failure(safe.failure())
    return _run(safe.unwrap(), rehearsed, plan, machine or On(library_machine()))


def _safeguarded(request: Request, host: PlanHost) -> Result[Request, Problem]:
    """The request with the database's backup, where it is rewritten; refused where that would harm something."""
    looking = host.rehearsal()
    if isinstance(looking, Failure):
        return Failure(looking.failure())
    safe = drive(safeguarded(request), looking.unwrap())
    return safe.alt(lambda ending: Refused(REEXECUTION_NEEDED) if isinstance(ending, Departed) else ending)


def _refused(plan: Plan, saved: Plan | None, *, any_podman: bool) -> Problem | None:
    """Why nothing is begun."""
    other = another_line(plan.podman_installed, any_podman=any_podman)
    if other is not None:
        return other
    if saved is not None:
        why = unapplyable(saved)
        if why:
            return Refused(f"the plan cannot be applied: {why}")
        found = stale(saved, plan)
        if found is not None:
            text = f"the plan is stale: {found.what}: {found.before} when it was made, {found.now} now"
            return Refused(text, found.what, hint="make a new plan")
    return None


def _run(request: Request, rehearsed: Rehearsal, plan: Plan, machine: Host) -> Result[Applied, Problem]:
    recording = Recording(Foreseen(machine, rehearsed.tape))
    try:
        ended = run(program_of(request)(Draft(request)), recording)
    except UnforeseenError as found:
        text = f"the machine is not as it was planned: asked to {redacted(found.looked).describe()}, it answers differently"
        return Failure(Refused(f"{text}; nothing was changed", hint="make a new plan"))
    return Success(_report(request, ended, recording, plan))


def _report(request: Request, ended: Run[Draft], recording: Recording, plan: Plan) -> Applied:
    ending: Ending | None = ended.result.failure() if isinstance(ended.result, Failure) else None
    reached = ended.reached if isinstance(ended.reached, Draft) else Draft(request)
    draft = reached if isinstance(ended.result, Failure) else ended.result.unwrap()
    about = About(
        command=request.command,
        flags=request.flags,
        arguments=request.arguments,
        source="live",
        pypod_version=VERSION,
        podman_installed=plan.podman_installed,
        runtimes=tuple(sorted((name, runtime.path) for name, runtime in draft.runtimes.items())),
    )
    done = summarize(recording.tape, ending, draft.settings, about)
    left = ending.status if isinstance(ending, Departed) else None
    return Applied(plan, done, () if left is not None else undone(plan, done), left)


__all__ = ["Applied", "apply"]
