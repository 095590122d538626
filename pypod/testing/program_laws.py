"""Laws of programs, as a value: a program written on pypod's effects is held to the same promises as pypod's own.

The laws, for a program on a host:

1. it is determined by its host: run again, it says the same and ends the same;
2. a plan equals a run: over the same host, only looked at, the conversation and the ending are the same, and the host
   is asked nothing but to be looked at;
3. a replay of its conversation ends as the run did;
4. whatever the host refuses, it ends in a value or in an ending, and never in an exception;
5. what was taken is asked to be given back on every way out, that of an interrupt too, but for what it ``keeps``; and
   no process is left while anything else is held;
6. a release that is refused changes no ending.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from returns.result import Failure, Result, Success

from pypod.effects.recording import Recording
from pypod.effects.replaying import Replaying
from pypod.hosts import Simulation
from pypod.pure.database.facts import DatabaseFacts
from pypod.pure.effect import Effect, Host, Kind
from pypod.pure.facts import Change, Changed, Probed
from pypod.pure.failure import HostError
from pypod.pure.program import Program, run
from pypod.pure.tape import Tape
from pypod.pure.vocabulary.database import UpdateDatabase
from pypod.testing.course import Course, Resumed, course_of
from pypod.testing.host import Ran, SimulatedHost, ran, still_held

T = TypeVar("T")

Keeps: TypeAlias = Callable[[Tape, int], bool]

NO_ENTRY: Final = "transaction"
"""What a transaction is said to change that leaves every entry as it was."""

ERRNOS: Final = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.EINTR)
"""What an effect is refused with."""


def gives_all_back(_tape: Tape, _at: int) -> bool:
    """Nothing outlives the run."""
    return False


class Foreseeable:
    """Answers without what no plan can know: that a test mount is only assumed, and how large a database grows.

    Which entries a transaction rewrites is known only as far as the objects of a database were looked at; a plan names
    those that may be (``docs/plan-format.md``).
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        answer = self._host.answer(effect)
        if isinstance(answer, Failure):
            return answer
        return Success(_foreseeable(effect, answer.unwrap()))


def _foreseeable(effect: Effect[Any], value: Any) -> Any:
    if isinstance(value, Probed):
        return msgspec.structs.replace(value, known=True)
    if isinstance(value, DatabaseFacts):
        return msgspec.structs.replace(value, size=0)
    if isinstance(effect, UpdateDatabase) and isinstance(value, Changed):
        return Changed(tuple(_without_size(change) for change in value.changes))
    return value


def _without_size(change: Change) -> Change:
    sides = {side: entry and msgspec.structs.replace(entry, size=0)
             for side, entry in (("before", change.before), ("after", change.after))}  # fmt: skip
    return msgspec.structs.replace(change, **sides)


def check_program_laws(
    make: Callable[[], Program[T]],
    host: SimulatedHost,
    *,
    keeps: Keeps = gives_all_back,
    errnos: Iterable[int] = ERRNOS,
) -> None:
    """Raise an AssertionError that names the first law which the program breaks on this host.

    ``keeps`` tells what may outlive a run, by the conversation and the place in it where it was taken.
    """
    plain = host.run(make)
    _same("a program is determined by its host", plain, host.run(make))
    check_plan_equals_run(make, host)
    check_replay(make, plain)
    check_held("a run", plain, keeps)
    check_refused_releases(make, host, plain)
    course = course_of(make, host)
    for index, passed in enumerate(course):
        check_interrupt(make, course, index, keeps)
        for number in errnos if passed.effect.kind is not Kind.TELL else ():
            check_fault(make, course, index, number, keeps)


def check_plan_equals_run(make: Callable[[], Program[T]], host: SimulatedHost) -> None:
    """Law 2."""
    expected = ran(make, Simulation(host.world), Foreseeable)
    machine, planning = host.planning()
    planned = ran(make, planning, Foreseeable)
    _same("a plan equals a run", expected, planned)
    _holds("a plan changes nothing", machine.world is host.world or machine.world == host.world)
    asked = next((effect for effect, _ in planning.asked if effect.kind is not Kind.OBSERVE), None)
    _holds(f"a plan only looks: {asked}", asked is None)


def check_replay(make: Callable[[], Program[T]], plain: Ran[T]) -> None:
    """Law 3, as far as the conversation is replayed whole: nothing secret in it, and a single process."""
    if plain.processes > 1 or plain.tape.redacted() != plain.tape:
        return
    replay = Replaying(plain.tape)
    recording = Recording(replay)
    done = run(make(), recording)
    _same("a replay ends as the run", plain, Ran(done.result, recording.tape, plain.world))
    _holds("a replay is finished with its conversation", replay.is_finished)


def check_refused_releases(make: Callable[[], Program[T]], host: SimulatedHost, plain: Ran[T]) -> None:
    """Law 6."""
    refusing = ran(make, Simulation(host.world), RefusingReleases)
    _equal("a refused release changes no ending", plain.result, refusing.result)


class RefusingReleases:
    """Answers every release with a refusal, though it is done."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def answer(self, effect: Effect[T], /) -> Result[T, HostError]:
        answer = self._host.answer(effect)
        return Failure(HostError(errno.EIO, "close", "refused")) if effect.kind is Kind.FREE else answer


def check_fault(make: Callable[[], Program[T]], course: Course, index: int, number: int, keeps: Keeps) -> Ran[T]:
    """Laws 4 to 6 where the effect at this place of the conversation is refused with an errno."""
    error = HostError(number, "fault", f"effect {index}")
    refused = ran(make, Resumed(course, index, error))
    what = f"errno {number} at {index} ({course[index].effect.describe()})"
    check_held(what, refused, keeps)
    if still_held(Tape(refused.tape.exchanges[:index])):
        twice = ran(make, Resumed(course, index, error), RefusingReleases)
        _equal(f"{what}: a refused release changes no ending", refused.result, twice.result)
    return refused


def check_interrupt(make: Callable[[], Program[T]], course: Course, index: int, keeps: Keeps) -> None:
    """Law 5 where the program is interrupted at this place of the conversation; what is told counts."""
    recordings: list[Recording] = []

    def wrapped(inner: Host) -> Host:
        recordings.append(Recording(inner))
        return recordings[-1]

    try:
        ran(make, Resumed(course, index, None), wrapped)
    except KeyboardInterrupt:
        # What was interrupted counts as asked for: a release that is interrupted cannot be asked for again.
        interrupted = course[index].effect, Failure(HostError(errno.EINTR, "", ""))
        tape = Tape((*recordings[-1].tape, interrupted))
        left = [effect for effect, at in still_held(tape) if not keeps(tape, at)]
        _holds(f"an interrupt at {index} ({interrupted[0].describe()}) gives back what is held: {left}", not left)
        return
    raise AssertionError(f"an interrupt at {index} was swallowed")


def check_held(what: str, done: Ran[T], keeps: Keeps = gives_all_back) -> None:
    """Law 5 for a conversation: what is left held at its end, and what was held when a process was left."""
    left = [effect for effect, at in still_held(done.tape) if not keeps(done.tape, at)]
    _holds(f"{what} leaves nothing held: {left}", not left)
    for index, (effect, _) in enumerate(done.tape):
        if effect.kind is Kind.LEAVE:
            before = Tape(done.tape.exchanges[:index])
            held = [one for one, at in still_held(before) if not keeps(before, at)]
            _holds(f"{what} leaves no process while something is held: {held}", not held)


def _same(law: str, expected: Ran[Any], got: Ran[Any]) -> None:
    for index, (one, other) in enumerate(zip(expected.tape, got.tape, strict=False)):
        if one[0] != other[0]:
            raise AssertionError(f"{law}: at {index} expected {one[0].describe()}, got {other[0].describe()}")
        if not _foretold(one[0], one[1], other[1]):
            _equal(f"{law}: at {index} {one[0].describe()}", one[1], other[1])
    _equal(f"{law}: length", len(expected.tape), len(got.tape))
    _equal(f"{law}: ending", expected.result, got.result)


def _foretold(effect: Effect[Any], expected: Result[Any, HostError], got: Result[Any, HostError]) -> bool:
    """Whether every entry that a transaction changed was foretold."""
    if not isinstance(effect, UpdateDatabase) or isinstance(expected, Failure) or isinstance(got, Failure):
        return False
    happened: tuple[Change, ...] = expected.unwrap().changes
    foretold: tuple[Change, ...] = got.unwrap().changes
    return {one for one in happened if one.detail != NO_ENTRY} <= set(foretold) or happened == foretold


def _equal(law: str, expected: object, got: object) -> None:
    if expected != got:
        raise AssertionError(f"{law}: expected {expected!r}, got {got!r}")


def _holds(law: str, held: bool) -> None:
    if not held:
        raise AssertionError(f"not so: {law}")
