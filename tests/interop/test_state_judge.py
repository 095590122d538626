"""What libpod's operations write before the judge: bbolt 1.3.6 finds nothing wrong, and reads the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, cast

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from pypod.pure.database.buckets import key_of
from pypod.pure.vocabulary.files import ReadFile
from tests.interop.test_bolt_judge import Judge, dumped
from tests.property.bolt_models import content
from tests.property.test_state_operations import PATH, Operations

FEW: Final = settings(
    max_examples=300 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 5,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow],
)


def keys(buckets: dict[str, Any], found: dict[str, Any]) -> None:
    """The judge knows the same keys as the model, bucket by bucket."""
    assert set(found) == {key_of(name).hex() for name in buckets}
    for name, held in buckets.items():
        inside = found[key_of(name).hex()]
        if isinstance(held, dict) and name not in {"config", "state"}:
            keys(cast("dict[str, Any]", held), inside["keys"])


def test_the_reference_library_reads_what_the_operations_wrote(judge_program: Path) -> None:
    judge = Judge(judge_program)

    class Judged(Operations):
        def teardown(self) -> None:
            file = self.host.answer(ReadFile(PATH)).unwrap()
            found = judge.content(file)
            assert found == dumped(content(file))
            keys(self.model.buckets(), found)

    run_state_machine_as_test(Judged, settings=FEW)
