"""Laws of hosts, as a value: a host written elsewhere is held to the same promises as pypod's own.

The laws, for every sequence of effects that a host is asked:

1. fresh hosts answer alike;
2. recording, tracing and an absent fault change no answer;
3. a replay of the tape answers as the host did, and is finished just then; so does a replay of its JSON form, as far as
   redaction left the answers;
4. a replay that is asked anything else refuses, naming what it expected and what it got;
5. a fault is the answer at its place, and the answers before it stay the same;
6. what is only told is answered with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from returns.result import Failure, Result, Success

from pypod.effects.faults import FaultAt
from pypod.effects.recording import Recording
from pypod.effects.replaying import Replaying
from pypod.effects.tracing import Tracing
from pypod.pure.effect import Effect, Host, Kind
from pypod.pure.facts import Level
from pypod.pure.failure import HostError
from pypod.pure.tape import Tape, from_json, to_json
from pypod.pure.vocabulary.changes import CreateFile, MakeDirectories, RemoveFile
from pypod.pure.vocabulary.files import ListDirectory, LookAt, ReadFile, Stat
from pypod.pure.vocabulary.process import ReadVariable
from pypod.pure.vocabulary.telling import EnterStage, LeaveStage, Note

Answers = list[Result[Any, HostError]]

FAULT: Final = HostError(5, "law", "injected")

OBSERVATIONS: Final[tuple[Effect[Any], ...]] = (
    EnterStage("laws"),
    Stat("/"),
    LookAt("/nowhere"),
    ReadFile("/nowhere/at/all"),
    ReadVariable("PATH"),
    ReadVariable("A_VARIABLE_THAT_NOBODY_SETS"),
    ListDirectory("/nowhere"),
    Note(Level.DEBUG, "said"),
    LeaveStage("laws"),
)
"""Effects that any host can be asked, the real machine too."""

CHANGES: Final[tuple[Effect[Any], ...]] = (
    MakeDirectories("/laws/of/hosts", 0o755),
    CreateFile("/laws/of/hosts/file", 0o644, b"content"),
    ReadFile("/laws/of/hosts/file"),
    ListDirectory("/laws/of"),
    MakeDirectories("/laws/of/hosts", 0o755),
    RemoveFile("/laws/of/hosts/file"),
    Stat("/laws/of/hosts/file"),
)
"""Effects for hosts on which nothing is for real."""


def check_host_laws(make_host: Callable[[], Host], effects: Sequence[Effect[Any]] = OBSERVATIONS) -> None:
    """Raise an AssertionError that names the first law which fresh hosts of ``make_host`` break on these effects."""
    tape = _recorded(make_host(), effects)
    answers = [answer for _, answer in tape]
    _same("fresh hosts answer alike", answers, _answers(make_host(), effects))
    _check_wrappers(make_host, effects, answers)
    _check_replays(tape, effects, answers)
    _check_faults(make_host, effects, answers)
    told = [answer for effect, answer in tape if effect.kind is Kind.TELL]
    _same("what is told is answered with nothing", told, [Success(None)] * len(told))


def _check_wrappers(make_host: Callable[[], Host], effects: Sequence[Effect[Any]], answers: Answers) -> None:
    lines: list[str] = []
    _same("tracing changes no answer", answers, _answers(Tracing(make_host(), lines.append), effects))
    _holds("tracing says a line for each effect", len(lines) == len(effects))
    _same("no fault changes no answer", answers, _answers(FaultAt(make_host(), len(effects), FAULT), effects))


def _check_replays(tape: Tape, effects: Sequence[Effect[Any]], answers: Answers) -> None:
    plain = [answer for _, answer in tape.redacted()]
    replay = Replaying(tape)
    _same("a replay answers as recorded", plain, _answers(replay, effects))
    _holds("a replay is finished with its tape", replay.is_finished)
    read = from_json(to_json(tape)).value_or(Tape())
    _same("a replay of the JSON form answers as recorded", plain, _answers(Replaying(read), effects))
    if plain == answers:
        _same("a tape of a replay is the tape", list(tape), list(_recorded(Replaying(tape), effects)))
    beyond = Stat("/beyond the end of the tape")
    refused = replay.answer(beyond)
    _holds("a replay refuses what is not on its tape", isinstance(refused, Failure))
    _holds("a divergence names what was asked", beyond.describe() in replay.divergence)


def _check_faults(make_host: Callable[[], Host], effects: Sequence[Effect[Any]], answers: Answers) -> None:
    asked = [index for index, effect in enumerate(effects) if effect.kind is not Kind.TELL]
    for ordinal, index in enumerate(asked):
        given = _answers(FaultAt(make_host(), ordinal, FAULT), effects)
        _same(f"a fault at {ordinal} changes nothing before it", answers[:index], given[:index])
        _same(f"a fault at {ordinal} is the answer there", [Failure(FAULT)], given[index : index + 1])


def _recorded(host: Host, effects: Sequence[Effect[Any]]) -> Tape:
    recording = Recording(host)
    for effect in effects:
        recording.answer(effect)
    return recording.tape


def _answers(host: Host, effects: Sequence[Effect[Any]]) -> Answers:
    return [host.answer(effect) for effect in effects]


def _same(law: str, expected: Sequence[object], got: Sequence[object]) -> None:
    if len(expected) != len(got):
        raise AssertionError(f"{law}: {len(expected)} answers expected, got {len(got)}")
    for index, (one, other) in enumerate(zip(expected, got, strict=True)):
        if one != other:
            raise AssertionError(f"{law}: at {index} expected {one!r}, got {other!r}")


def _holds(law: str, held: bool) -> None:
    if not held:
        raise AssertionError(f"not so: {law}")
