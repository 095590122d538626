"""What libpod 3.4.7 did on the recorded hosts, done for real: pypod's own commands on a throw-away machine each.

Where system calls were recorded, what is made comes to be in the same order, and the same programs are run.

Every step whose command pypod has leaves the same exit status, error, log, settings, ``info``, files with modes and owners,
database content and locks as libpod did, but for the rows of ``docs/differences.md``.
"""

from __future__ import annotations

import pytest

from tests.golden.compare import differing
from tests.golden.differences import allowed
from tests.golden.recordings import Recording, every_recording
from tests.golden_live.machine import has_mine, is_possible, outcomes
from tests.golden_live.order import recorded

RECORDINGS = [recording for recording in every_recording() if has_mine(recording)]
ALLOWED = allowed(live=True)
IMPOSSIBLE = is_possible()


@pytest.mark.skipif(bool(IMPOSSIBLE), reason=f"NO LIVE GOLDEN TESTS: {IMPOSSIBLE}")
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording["case"]["name"])
def test_does_as_libpod_did(recording: Recording) -> None:
    done = list(outcomes(recording))
    found = differing(recording, done)
    assert {row: text for row, text in found.items() if row not in ALLOWED} == {}
    for want, have in zip(recording["outcome"]["steps"], done, strict=True):
        if have is not None and have["order"] is not None:
            assert have["order"] == recorded(want["syscalls"])
