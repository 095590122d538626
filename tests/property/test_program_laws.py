"""Laws of programs, over small generated ones: nested brackets around effects, inside stages.

* Every way out gives back what was taken, in the opposite order of taking.
* A refused release changes no ending.
* What is kept is given back where its use does not come to an end, and only there.
* The innermost stage names a problem; every stage that was entered is left.
* ``settle`` of a success is its value; ``attempt`` never ends a program.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from pypod.effects.faults import FaultAt
from pypod.effects.recording import Recording
from pypod.pure.effect import Kind
from pypod.pure.facts import Handle
from pypod.pure.failure import HostError, InvalidArgument, Problem
from pypod.pure.program import Program, Stage, attempt, bracket, drive, keeping, need, settle, stage
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.locks import ReleaseFileLock, TakeFileLock
from pypod.pure.vocabulary.telling import EnterStage, LeaveStage
from pypod.pure.world import Simulated
from pypod.pure.world.describe import described

DEPTHS = st.integers(0, 4)
WORLD = described({"files": {f"/srv/{number}": {"text": ""} for number in range(5)}}).unwrap()
ERROR = HostError(5, "law", "injected")


def nested(depth: int, kept: int = -1) -> Program[int]:
    """Locks inside locks around a look; the lock at ``kept`` is kept."""
    if depth == 0:
        yield from need(Stat("/srv"))
        return 0

    def use(_handle: Handle) -> Program[int]:
        return (yield from nested(depth - 1, kept)) + 1

    if depth == kept:
        handle = yield from need(TakeFileLock(f"/srv/{depth}"))
        return (yield from keeping(handle, ReleaseFileLock, use))
    return (yield from bracket(TakeFileLock(f"/srv/{depth}"), ReleaseFileLock, use))


@given(DEPTHS, st.integers(0, 12), DEPTHS)
def test_what_is_taken_is_given_back_in_opposite_order(depth: int, fault: int, kept: int) -> None:
    host = Recording(FaultAt(Simulated(WORLD), fault, ERROR))
    ended = drive(nested(depth, kept), host)
    taken = [
        answer.unwrap() for effect, answer in host.tape if effect.kind is Kind.HOLD and isinstance(answer, Success)
    ]
    freed = [effect.handle for effect, _ in host.tape if isinstance(effect, ReleaseFileLock)]
    is_kept = isinstance(ended, Success) and 0 < kept <= depth
    assert freed[::-1] == [handle for handle in taken if not (is_kept and handle.subject == f"/srv/{kept}")]


@given(DEPTHS, st.integers(0, 12))
def test_only_a_refused_use_ends_a_program(depth: int, fault: int) -> None:
    ended = drive(nested(depth), FaultAt(Simulated(WORLD), fault, ERROR))
    assert isinstance(ended, Failure) == (fault <= depth)


@given(st.lists(st.sampled_from("abc"), max_size=4), st.booleans())
def test_the_innermost_stage_names_a_problem(names: list[str], fails: bool) -> None:
    decision: Result[int, Problem] = Failure(InvalidArgument("no")) if fails else Success(1)

    def innermost(draft: int) -> Program[int]:
        yield from attempt(Stat("/nowhere"))
        return draft + settle(decision)

    program: Stage[int] = innermost
    for name in reversed(names):
        program = stage(name, program)
    host = Recording(Simulated(WORLD))
    ended = drive(program(1), host)
    told = [effect for effect, _ in host.tape if effect.kind is Kind.TELL]
    assert told == [*(EnterStage(name) for name in names), *(LeaveStage(name) for name in reversed(names))]
    expected = InvalidArgument("no", stage=names[-1] if names else "")
    assert ended == (Failure(expected) if fails else Success(2))
