"""Programs: generators that yield effects and call decisions.

Theory of operation.  A program yields an effect and is sent the ``Result`` that the host answered.  :func:`attempt`
hands that Result to the program; :func:`need` takes it apart and ends the program with a Problem where it is a
failure; :func:`settle` does the same for the Result of a decision.  What is held is held by :func:`bracket` (given
back when its use is over) or :func:`keeping` (given back only if construction fails, else left to the runtime).

Rule 1: only ``settle`` and ``leave`` end a program early, by one private exception that only ``stage``, ``reworded``
        and the driver catch.
Rule 2: what was taken is given back on every way out, and what giving back answers changes no ending: containers/storage
        and libpod drop the errors of closing a lock, and the cause is told by what was done while it was held.
Rule 3: the driver never abandons a generator: an exception from a host is thrown into it, so that brackets close.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, Generic, Never, TypeAlias, TypeVar

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.effect import Effect, Host
from pypod.pure.facts import Diagnostic, Level, Stream
from pypod.pure.failure import Departed, Ending, HostError, Problem, Refused
from pypod.pure.vocabulary.telling import EnterStage, LeaveStage, Note

T = TypeVar("T")
H = TypeVar("H")
D = TypeVar("D")

Program: TypeAlias = Generator[Effect[Any], Result[Any, HostError], T]
Stage: TypeAlias = Callable[[D], Program[D]]


class _Ended(Exception):  # noqa: N818 - not an error: control flow between settle, stage and drive
    """A program ended early."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending
        self.reached: object = None


def attempt(effect: Effect[T]) -> Program[Result[T, HostError]]:
    """The host's answer as it is, for a program that recovers from errnos."""
    answer: Result[T, HostError] = yield effect
    return answer


def refused(wrapping: str) -> Callable[[HostError], Problem]:
    """A refusal of the host in libpod's wrapping: ``error creating tmpdir: mkdir /x: permission denied``."""

    def problem(error: HostError) -> Problem:
        return Refused(error.message, error.subject, cause=error).wrapped(wrapping)

    return problem


_UNWRAPPED = refused("")


def need(effect: Effect[T], otherwise: Callable[[HostError], Problem] = _UNWRAPPED) -> Program[T]:
    """The host's answer, or the end of the program with the Problem that ``otherwise`` makes of the refusal."""
    answer: Result[T, HostError] = yield effect
    # Nobody derives from Failure, and its metaclass makes isinstance slow: this is asked a hundred times in a run.
    kind: type = type(answer)
    if kind is Failure:
        raise _Ended(otherwise(answer.failure()))
    return answer.unwrap()


def settle(result: Result[T, Problem]) -> T:
    """The value of a decision, or the end of the program with its Problem."""
    if isinstance(result, Failure):
        raise _Ended(result.failure())
    return result.unwrap()


def leave(
    effect: Effect[int],
    otherwise: Callable[[HostError], Problem] = _UNWRAPPED,
    afterwards: Callable[[Result[int, HostError]], Program[None]] | None = None,
) -> Program[Never]:
    """Leave the process: the program ends with the status that the host answered.

    ``afterwards`` is what the process still does between the end of its child, or the failure to start it, and its own.
    """
    answer: Result[int, HostError] = yield effect
    if afterwards is not None:
        yield from afterwards(answer)
    raise _Ended(otherwise(answer.failure()) if isinstance(answer, Failure) else Departed(answer.unwrap()))


def reworded(program: Program[T], otherwise: Callable[[Problem], Program[Problem]]) -> Program[T]:
    """A program whose Problem, if it ends with one, becomes another: the same failure as a different caller tells it."""
    try:
        return (yield from program)
    except _Ended as ended:
        if not isinstance(ended.ending, Departed):
            ended.ending = yield from otherwise(ended.ending)
        raise


def bracket(acquire: Effect[H], release: Callable[[H], Effect[None]], use: Callable[[H], Program[T]],
            otherwise: Callable[[HostError], Problem] = _UNWRAPPED) -> Program[T]:  # fmt: skip
    """Hold something while ``use`` runs, and give it back however that ends."""
    handle = yield from need(acquire, otherwise)
    try:
        value = yield from use(handle)
    except BaseException:
        yield release(handle)
        raise
    yield release(handle)
    return value


def keeping(handle: H, release: Callable[[H], Effect[None]], use: Callable[[H], Program[T]]) -> Program[T]:
    """Go on with something held that outlives construction: it is given back only if ``use`` does not come to an end."""
    try:
        return (yield from use(handle))
    except BaseException:
        yield release(handle)
        raise


def note(level: Level, message: str, stream: Stream = Stream.LOG) -> Program[None]:
    """Say a diagnostic."""
    yield Note(level, message, stream)


def debug(message: str) -> Program[None]:
    """Say a line of the debug log."""
    yield Note(Level.DEBUG, message)


def notes(said: Iterable[Diagnostic]) -> Program[None]:
    """Say the diagnostics that a decision made."""
    for one in said:
        yield Note(one.level, one.message, one.stream)


def stage(name: str, run: Callable[[D], Program[D]]) -> Stage[D]:
    """A named program from draft to draft.  The innermost stage names a problem."""

    def named(draft: D) -> Program[D]:
        yield EnterStage(name)
        try:
            after = yield from run(draft)
        except _Ended as ended:
            if ended.reached is None:
                ended.reached = draft
            if not isinstance(ended.ending, Departed):
                ended.ending = ended.ending.within(name)
            yield LeaveStage(name)
            raise
        yield LeaveStage(name)
        return after

    named.__name__ = name
    return named


def in_order(*stages: Stage[D]) -> Stage[D]:
    """Stages one after the other, each from the draft that the one before it left."""

    def run(draft: D) -> Program[D]:
        for one in stages:
            draft = yield from one(draft)
        return draft

    return run


def when_reached(load: Callable[[], Stage[D]]) -> Stage[D]:
    """A stage that is loaded when a program comes to it: until then it costs nothing."""

    def run(draft: D) -> Program[D]:
        return load()(draft)

    return run


class Run(Struct, Generic[T], frozen=True):
    """How a program ended, and the draft with which the stage began that ended it (``None`` after a success)."""

    result: Result[T, Ending]
    reached: object = None


def run(program: Program[T], host: Host) -> Run[T]:
    """Run a program on a host to its end.  An exception from the host passes through the program's brackets."""
    ask, go_on = host.answer, program.send
    try:
        effect = next(program)
        while True:
            try:
                answer = ask(effect)
            except BaseException as error:  # noqa: BLE001 - thrown into the program, which raises it again
                fault = error
            else:
                effect = go_on(answer)
                continue
            effect = program.throw(fault)
    except StopIteration as done:
        return Run(Success(done.value))
    except _Ended as ended:
        return Run(Failure(ended.ending), ended.reached)


def drive(program: Program[T], host: Host) -> Result[T, Ending]:
    """Run a program on a host: its value, or how it ended early."""
    return run(program, host).result


__all__ = [
    "Program", "Run", "Stage", "attempt", "bracket", "debug", "drive", "in_order", "keeping", "leave",
    "need", "note", "notes", "refused", "reworded", "run", "settle", "stage",
]  # fmt: skip
