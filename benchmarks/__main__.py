"""Benchmarks: ratios, side by side in one run.  ``make bench``.

Where podman is not installed its rows are left out, loudly.
"""

from __future__ import annotations

from benchmarks import command_line, constructing, imports, listing, locks, plans, state, transactions


def main() -> None:
    """Run every benchmark and print a table each."""
    imports.main()
    command_line.main()
    plans.main()
    state.main()
    transactions.main()
    listing.main()
    constructing.main()
    locks.main()


if __name__ == "__main__":
    main()
