"""Agreement with the recordings, by area and aspect, and the first disagreements: ``make golden``.

``python -m tests.golden.agreement [FOLDER] [--area AREA] [--case NAME] [--show N]``; FOLDER holds other recordings, a file each.
"""

from __future__ import annotations

import argparse
import collections
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.golden.compare import ASPECTS, compared
from tests.golden.recordings import every_recording, folder_recordings
from tests.golden.replay import outcomes

Outcomes = Callable[[dict[str, Any]], Iterable[dict[str, Any] | None]]


def main(run: Outcomes = outcomes) -> int:
    """Run each recorded case, compare, print; ``run`` gives the outcomes of its steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--area")
    parser.add_argument("--case")
    parser.add_argument("--aspect", choices=ASPECTS)
    parser.add_argument("--show", type=int, default=12)
    options = parser.parse_args()
    found: Iterable[dict[str, Any]] = folder_recordings(options.folder) if options.folder else every_recording()
    table: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0])
    complaints: list[str] = []
    for recording in found:
        case = recording["case"]
        if options.area not in (None, case["area"]) or options.case not in (None, case["name"]):
            continue
        for number, aspect, difference in _differences(recording, run):
            if options.aspect not in (None, aspect):
                continue
            for row in (case["area"], "all"):
                table[row, aspect][0] += not difference
                table[row, aspect][1] += 1
            if difference:
                complaints.append(f"{case['name']}#{number} {aspect} {difference}")
    print("area".ljust(12) + "".join(aspect.rjust(11) for aspect in ASPECTS))
    for row in [*sorted({row for row, _ in table} - {"all"}), "all"]:
        cells = (table.get((row, aspect)) for aspect in ASPECTS)
        print(row.ljust(12) + "".join((f"{cell[0]}/{cell[1]}" if cell else "-").rjust(11) for cell in cells))
    print(*complaints[: options.show], sep="\n")
    good = sum(table["all", aspect][0] for aspect in ASPECTS)
    total = sum(table["all", aspect][1] for aspect in ASPECTS)
    print(f"agreement {100 * good / total if total else 0:.2f} % ({good} of {total})")
    return 0 if good == total else 1


def _differences(recording: dict[str, Any], run: Outcomes) -> Iterable[tuple[int, str, str]]:
    wanted = recording["outcome"]["steps"]
    number = 0
    try:
        for number, have in enumerate(run(recording)):
            if have is not None:
                for aspect, difference in compared(wanted[number], have):
                    yield number, aspect, difference
    except Exception as error:  # noqa: BLE001 - a crash is a disagreement to show, and the table goes on
        last = traceback.extract_tb(error.__traceback__)[-1]
        yield number, "exit", f"crashed: {error!r} at {last.filename}:{last.lineno}"


if __name__ == "__main__":
    sys.exit(main())
