"""Laws of the summary of a tape.

- actions stand in the tape's order, are numbered from 0, and name only what a CHANGE answered or a LEAVE did;
- an answer to a CHANGE that names no path is no action, and neither is a refused CHANGE;
- an action is deferred if and only if a LEAVE stands before it on the tape;
- a plan is complete only without LEAVE, and applyable only if complete of departures, without failure, and live;
- every observation counts once, and looking at the clock does not alter the digest;
- stages are those entered, in the order of first entering;
- appending a telling, a release or a refusal to a tape adds no action;
- a plan reads back from its JSON, fits the schema, and its text is that of the plan read back.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.cli.published import ROOT
from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import Change, Changed, Entry, FileType, Handle, Level, ProgramOutput
from pypod.pure.failure import HostError, Refused
from pypod.pure.plan.facts import decoded, encoded
from pypod.pure.plan.summarize import About, summarize
from pypod.pure.plan.text import render
from pypod.pure.settings import Settings
from pypod.pure.tape import Exchange
from pypod.pure.userns.facts import IdMappings
from pypod.pure.vocabulary.changes import CreateFile, MakeDirectories, RemoveTree, WriteFile
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.vocabulary.host import ReadClock
from pypod.pure.vocabulary.locks import ReleaseFileLock, TakeFileLock
from pypod.pure.vocabulary.namespaces import EnterUserNamespace
from pypod.pure.vocabulary.process import RunProgram
from pypod.pure.vocabulary.telling import EnterStage, LeaveStage, Note

SCHEMA = json.loads((ROOT / "pypod/schemas/plan.schema.json").read_text(encoding="utf-8"))

texts = st.text(max_size=12)
paths = st.one_of(
    st.sampled_from(["/", "/run/libpod", "/run/libpod/alive", "/var/lib/containers/storage"]),
    texts.map(lambda text: "/" + text),
    st.sampled_from(["/\udc80", "/a\nb", "/\x1b[2J", "/\u202e", "/\ud800"]),
)
modes = st.integers(0, 0o7777)
entries = st.builds(Entry, st.sampled_from(FileType), modes, st.integers(0, 70000), st.integers(0, 70000))
changes = st.builds(Change, paths, st.none() | entries, st.none() | entries, texts)
answers_to_changes = st.lists(changes, max_size=3).map(lambda found: Success(Changed(tuple(found))))
errors = st.builds(HostError, st.sampled_from([1, 2, 13, 17, 0]), st.sampled_from(["open", "mkdir", ""]), paths, texts)
refusals = errors.map(Failure)
changing: st.SearchStrategy[Effect[Any]] = st.one_of(
    st.builds(MakeDirectories, paths, modes),
    st.builds(CreateFile, paths, modes, st.binary(max_size=4)),
    st.builds(WriteFile, paths, modes, st.binary(max_size=4)),
    st.builds(RemoveTree, paths),
)
stages = st.sampled_from(["configuration", "state", "store", "alive", "refresh", "elsewhere"])
tellings: st.SearchStrategy[Exchange] = st.one_of(
    st.builds(EnterStage, stages),
    st.builds(LeaveStage, stages),
    st.builds(Note, st.sampled_from(Level), texts),
).map(lambda effect: (effect, Success(None)))
leavings = st.just((EnterUserNamespace("/run/pause.pid", IdMappings((), ())), Success(0)))
observations: st.SearchStrategy[Exchange] = st.one_of(
    st.tuples(st.builds(ReadFile, paths), st.binary(max_size=8).map(Success) | refusals),
    st.tuples(
        st.builds(RunProgram, st.lists(texts, min_size=1, max_size=3).map(tuple)),
        st.builds(ProgramOutput, st.integers(0, 255), st.binary(max_size=4)).map(Success) | refusals,
    ),
)
holdings: st.SearchStrategy[Exchange] = st.tuples(
    st.builds(TakeFileLock, paths), st.builds(Handle, st.integers(0, 9), paths).map(Success) | refusals
)
exchanges: st.SearchStrategy[Exchange] = st.one_of(
    st.tuples(changing, answers_to_changes | refusals), tellings, observations, holdings
)
tapes = st.lists(exchanges, max_size=20).map(tuple)
rich_tapes = st.lists(st.one_of(exchanges, exchanges, exchanges, leavings), max_size=20).map(tuple)


@given(rich_tapes)
def test_actions_are_what_changed_in_order(tape: tuple[Exchange, ...]) -> None:
    plan = summarize(tape, None, Settings())
    expected: list[tuple[str, bool]] = []
    left = False
    for effect, answer in tape:
        if isinstance(answer, Failure):
            continue
        if effect.kind is Kind.CHANGE:
            expected.extend((path, left) for path in answer.unwrap().paths)
        elif effect.kind is Kind.LEAVE:
            expected.append(("/run/pause.pid", left))
            left = True
    assert [(one.path, one.deferred) for one in plan.actions] == expected
    assert [one.index for one in plan.actions] == list(range(len(expected)))


@given(rich_tapes)
def test_complete_and_applyable(tape: tuple[Exchange, ...]) -> None:
    left = any(effect.kind is Kind.LEAVE for effect, _ in tape)
    plan = summarize(tape, None, Settings(), About(source="description"))
    assert plan.complete is not left
    assert not plan.applyable
    live = summarize(tape, None, Settings())
    assert live.applyable is not left
    assert not summarize(tape, Refused("no"), Settings()).applyable


@given(tapes)
def test_observations_count_once(tape: tuple[Exchange, ...]) -> None:
    seen = summarize(tape, None, Settings()).observations
    assert seen.count == sum(effect.kind is Kind.OBSERVE for effect, _ in tape)
    later = summarize((*tape, (ReadClock(), Success("now"))), None, Settings()).observations
    assert (later.count, later.digest) == (seen.count + 1, seen.digest)
    again = summarize((*tape, (ReadFile("/new"), Success(b"x"))), None, Settings()).observations
    assert again.digest != seen.digest


@given(tapes)
def test_stages_in_order_of_entering(tape: tuple[Exchange, ...]) -> None:
    entered = [effect.name for effect, _ in tape if isinstance(effect, EnterStage)]
    assert list(summarize(tape, None, Settings()).stages) == list(dict.fromkeys(entered))


@given(tapes, tellings, errors)
def test_saying_freeing_and_failing_change_nothing(
    tape: tuple[Exchange, ...], telling: Exchange, error: HostError
) -> None:
    plan = summarize(tape, None, Settings())
    idle: tuple[Exchange, ...] = (
        telling,
        (ReleaseFileLock(Handle(1, "/x")), Success(None)),
        (MakeDirectories("/x", 0o755), Failure(error)),
        (MakeDirectories("/x", 0o755), Success(Changed())),
    )
    assert summarize((*tape, *idle), None, Settings()).actions == plan.actions


@given(rich_tapes, st.none() | texts.map(Refused))
def test_the_form_reads_back_and_the_text_is_made_of_it(tape: tuple[Exchange, ...], ending: Refused | None) -> None:
    plan = summarize(tape, ending, Settings())
    text = encoded(plan)
    jsonschema.validate(json.loads(text), SCHEMA)
    back = decoded(text)
    assert encoded(back) == text
    for verbose in (False, True):
        shown = render(back, verbose=verbose)
        assert all(one.isprintable() or one == "\n" for one in shown)
        if back == plan:
            assert render(plan, verbose=verbose) == shown
