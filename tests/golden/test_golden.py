"""What libpod 3.4.7 did on the recorded hosts, replayed step after step on one simulated host each.

Every step that constructs a runtime agrees in exit, error, log, settings, changes, database and locks, but for the rows
of ``docs/differences.md``; a row that no longer differs must go.
"""

from __future__ import annotations

import pytest

from tests.golden.compare import differing
from tests.golden.differences import allowed
from tests.golden.recordings import Recording, every_recording
from tests.golden.replay import outcomes

RECORDINGS = list(every_recording())
ALLOWED = allowed()


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording["case"]["name"])
def test_agrees_with_libpod(recording: Recording) -> None:
    case: str = recording["case"]["name"]
    found = differing(recording, outcomes(recording))
    expected = {row for row in ALLOWED if row[0] == case}
    assert {row: text for row, text in found.items() if row not in expected} == {}
    assert expected <= found.keys(), "a row of docs/differences.md names a step that agrees"


def test_every_difference_names_a_recorded_step() -> None:
    steps = {recording["case"]["name"]: len(recording["outcome"]["steps"]) for recording in RECORDINGS}
    assert all(case in steps and step < steps[case] for case, step, _ in ALLOWED)
