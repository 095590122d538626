"""Agreement of the commands run for real with the recordings: ``make golden-live``.

``python -m tests.golden_live.agreement [FOLDER] [--area AREA] [--case NAME] [--show N]``
"""

from __future__ import annotations

import sys

from tests.golden import agreement
from tests.golden_live.machine import is_possible, outcomes


def main() -> int:
    """Run, compare, print."""
    impossible = is_possible()
    if impossible:
        sys.stderr.write(f"golden-live: {impossible}\n")
        return 1
    return agreement.main(outcomes)


if __name__ == "__main__":
    sys.exit(main())
