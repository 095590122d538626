"""Restoring an export: into which database that is done, and the one transaction that does it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from pypod.pure.database.facts import (
    EmptyBucket,
    Expectation,
    ExpectTxid,
    MakeBucket,
    Put,
    SetSequence,
    StateChange,
)
from pypod.pure.failure import Problem, Refused
from pypod.pure.installed.decide import another_line
from pypod.pure.state.choice import SQLITE_NAME
from pypod.pure.state.facts import Backend, Content

_OF_OBJECTS: Final = frozenset(
    ("id-registry", "name-registry", "ctr", "all-ctrs", "pod", "allPods", "vol", "allVolumes", "exec")
)
_NEW: Final = 1
"""The transaction id of a file that was just made."""


class Restoration(Struct, frozen=True):
    """What is restored, and how: the backup's path, empty where there is nothing to back up; the transaction."""

    path: str
    backup: str
    changes: tuple[StateChange, ...]
    expected: tuple[Expectation, ...]
    held: tuple[tuple[str, int], ...]
    """How much the export holds: containers, pods, volumes."""


def hindrance(
    export: Content, present: Content | None, path: str, installed: str, *, any_podman: bool
) -> Problem | None:
    """Why an export is not restored there.  ``present`` is what the database holds; ``installed`` the version of the
    host's Podman, empty where it has none.
    """
    if export.file.backend is not Backend.BOLT:
        return Refused("the export is of a db.sql; only exports of a bolt_state.db are restored")
    if path.rpartition("/")[2] == SQLITE_NAME or (present is not None and present.file.backend is not Backend.BOLT):
        return Refused(f"Podman's state here is in {path}; only a bolt_state.db is restored", path)
    other = another_line(installed, any_podman=any_podman)
    if other is not None:
        return other
    if present is not None and holds_objects(present):
        text = f"{path} holds containers, pods or volumes; only an empty database is restored into"
        return Refused(text, path, hint="move it away, with Podman stopped, to restore into a new one")
    return None


def holds_objects(content: Content) -> bool:
    """Whether there is anything in the buckets of containers, pods and volumes."""
    return any(entry.at and entry.at[0] in _OF_OBJECTS for entry in content.entries)


def restoration(export: Content, present: Content | None, path: str, backup: str) -> Restoration:
    """The transaction after which a database is equal to what was exported, whatever it held before.

    ``backup`` is where that is backed up; empty where there is nothing yet.
    """
    expected = ExpectTxid(_NEW if present is None else present.file.txid)
    changes = (EmptyBucket(()), *_changes(export))
    return Restoration(path, backup, changes, (expected,), _held(export))


def backup_path(path: str, clock: str, earlier: int = 0) -> str:
    """Where a database is backed up at a time in RFC 3339, after so many ``earlier`` backups of the same second."""
    return f"{path}.pypod-backup-{_compact(clock)}{f'-{earlier}' if earlier else ''}"


def _changes(export: Content) -> Iterator[StateChange]:
    for entry in export.entries:
        if entry.value is not None:
            yield Put(entry.at, entry.key, entry.value)
            continue
        yield MakeBucket((*entry.at, entry.key))
        if entry.sequence:
            yield SetSequence((*entry.at, entry.key), entry.sequence)


def _held(export: Content) -> tuple[tuple[str, int], ...]:
    counted = (("containers", "ctr"), ("pods", "pod"), ("volumes", "vol"))
    return tuple((name, sum(entry.at == (bucket,) for entry in export.entries)) for name, bucket in counted)


def _compact(clock: str) -> str:
    """``2021-12-09T12:00:00.5Z`` is 20211209T120000."""
    return clock.partition(".")[0].replace("-", "").replace(":", "").rstrip("Z")
