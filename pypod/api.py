"""The pipeline on hosts: what a caller in tooling uses.

``plan`` answers ``Success(plan)`` with ``errored`` set where *libpod* would fail, and a failure only where pypod itself
cannot plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.effects.planning import Planning
from pypod.effects.recording import Recording
from pypod.effects.waiting import MOST_PROCESSES, RehearsalHost, Waiting
from pypod.pipeline import program_of
from pypod.pure.draft import Draft, Request
from pypod.pure.failure import Departed, Ending, Problem, Refused
from pypod.pure.options.option import RuntimeOption
from pypod.pure.tape import Tape
from pypod.pure.vocabulary.locks import ReadLockSegment
from pypod.version import VERSION

if TYPE_CHECKING:
    from pypod.pure.plan.facts import Plan


class PlanHost(Protocol):
    """Where to plan: ``pypod.hosts.live()`` or ``pypod.hosts.described(...)``."""

    @property
    def source(self) -> Literal["live", "snapshot", "description"]:
        """What kind of host it is."""
        ...

    @property
    def podman_installed(self) -> str:
        """The version of the podman that is installed there, empty for none."""
        ...

    def rehearsal(self) -> Result[RehearsalHost, Problem]:
        """A fresh host to rehearse on; a Problem where the description cannot be used."""
        ...


class Rehearsal(Struct, frozen=True):
    """A run on a rehearsal host.

    ``tape`` is the whole conversation, that of a process which was left for being said while the one that left it waits;
    ``processes`` is how many there were.
    ``draft`` is the finished runtime, or what was known when the stage began that ended it.
    """

    request: Request
    tape: Tape
    processes: int
    ending: Ending | None
    draft: Draft


def rehearse(request: Request, host: RehearsalHost) -> Rehearsal:
    """Run a request's whole program on a host, and again in each process that it leaves for."""
    recording = Recording(host)
    program = program_of(request)
    waiting = Waiting(host, recording, lambda: program(Draft(request)), MOST_PROCESSES)
    done, processes = waiting.run(), waiting.processes
    reached = done.reached if isinstance(done.reached, Draft) else Draft(request)
    if isinstance(done.result, Failure):
        return Rehearsal(request, recording.tape, processes, done.result.failure(), reached)
    return Rehearsal(request, recording.tape, processes, None, done.result.unwrap())


def plan(
    options: Iterable[RuntimeOption] = (),
    *,
    host: PlanHost,
    command: str = "construction",
    flags: tuple[tuple[str, str], ...] = (),
    arguments: tuple[str, ...] = (),
) -> Result[Plan, Problem]:
    """What libpod would do on a host, and why; the host is not changed.

    ``options`` are applied as they stand; ``flags`` are Podman's global flags, name and value, and become options as
    Podman makes them.  ``command`` is what is planned: the construction alone, or a Podman command with its
    ``arguments``.  The failure is a description that cannot be used; a host that libpod refuses is a plan, ``errored``.
    """
    rehearsal = host.rehearsal()
    if isinstance(rehearsal, Failure):
        return rehearsal
    on = rehearsal.unwrap()
    return planned_by(rehearse(Request(command, tuple(options), flags, arguments), on), host, on)


def planned_by(done: Rehearsal, host: PlanHost, on: RehearsalHost) -> Result[Plan, Problem]:
    """The plan of a rehearsal that was run ``on`` a host of this kind; the failure as for :func:`plan`."""
    denied = _denied(on)
    unseen = _unseen(done.ending, denied)
    if unseen is not None:
        return Failure(unseen.hinting("root may"))
    # Loaded once the host was asked: what is loaded while a program is waited for costs no time.
    from pypod.pure.plan.summarize import About, summarize

    about = About(
        command=done.request.command,
        flags=done.request.flags,
        arguments=done.request.arguments,
        source=host.source,
        pypod_version=VERSION,
        podman_installed=host.podman_installed,
        runtimes=tuple(sorted((name, runtime.path) for name, runtime in done.draft.runtimes.items())),
        assumed=isinstance(on, Planning) and on.assuming,
        programs=_programs(on),
        denied=denied,
    )
    return Success(summarize(done.tape, done.ending, done.draft.settings, about))


def _programs(host: RehearsalHost) -> tuple[str, ...] | None:
    """The command lines of the programs that were really run; ``None`` where none was, on a simulated host."""
    return tuple(" ".join(argv) for argv in host.programs) if isinstance(host, Planning) else None


def _denied(host: RehearsalHost) -> tuple[str, ...]:
    """The paths that could not be read, where a plan was made for somebody who could."""
    if not isinstance(host, Planning) or not host.assuming:
        return ()
    return tuple(
        f"/dev/shm{one.error.subject}" if isinstance(one.effect, ReadLockSegment) else one.error.subject  # noqa: S108
        for one in host.denied
    )


def _unseen(ending: Ending | None, denied: tuple[str, ...]) -> Problem | None:
    """Why nothing can be said: construction ended over something that is there, and that only the assumed user may read."""
    if ending is None or isinstance(ending, Departed):
        return None
    subjects = (ending.subject, ending.cause.subject if ending.cause else "")
    path = next((one for one in subjects if one in denied), "")
    return (
        Refused(f"cannot tell what Podman would do: {path} could not be read: permission denied", path)
        if path
        else None
    )
