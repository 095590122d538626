"""Whether a database still is as someone saw it who decided upon it."""

from __future__ import annotations

from collections.abc import Iterable

from pypod.pure.database.buckets import Buckets
from pypod.pure.database.facts import Expectation, ExpectTxid


def unmet(expected: Iterable[Expectation], txid: int, root: Buckets) -> str:
    """What differs from the first expectation that is not met; empty where all are.  Values are not told: they can
    hold a container's environment.
    """
    return next(filter(None, (_unmet(one, txid, root) for one in expected)), "")


def _unmet(expected: Expectation, txid: int, root: Buckets) -> str:
    if isinstance(expected, ExpectTxid):
        return "" if txid == expected.txid else f"its transaction is {txid}, expected {expected.txid}"
    found: Buckets | None = root
    for name in expected.at:
        found = found.bucket(name) if found is not None else None
    held = found.get(expected.key) if found is not None else None
    is_bucket = found is not None and found.bucket(expected.key) is not None
    if held == expected.value and not is_bucket:
        return ""
    place = "/".join((*expected.at, expected.key))
    if is_bucket:
        return f"{place} is a bucket"
    if held is None:
        return f"{place} is absent"
    return f"{place} is there, expected to be absent" if expected.value is None else f"{place} has another value"
