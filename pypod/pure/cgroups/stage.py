"""Checking the cgroup manager against the user's session."""

from __future__ import annotations

from returns.result import Failure

from pypod.pure.cgroups.decide import FALLBACK, fallback_said, needs_session, session_socket
from pypod.pure.configuration.keys import CGROUP_MANAGER
from pypod.pure.draft import Draft
from pypod.pure.program import Program, attempt, need, notes, stage
from pypod.pure.settings import Origin, Source
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.process import ReadVariable
from pypod.pure.xdg.decide import BUS_ADDRESS


def _has_session() -> Program[bool]:
    address = yield from need(ReadVariable(BUS_ADDRESS))
    if not address:
        return False
    socket = session_socket(address)
    if socket is None:
        return True
    status = yield from attempt(Stat(socket))
    return not isinstance(status, Failure)


def _check(draft: Draft) -> Program[Draft]:
    around = draft.surroundings
    if not needs_session(around, draft.setting(CGROUP_MANAGER)):
        return draft
    present = yield from _has_session()
    if present or around.unshared_uid == 0:
        return draft
    yield from notes(fallback_said(around.unshared_uid))
    return draft.claim(CGROUP_MANAGER, FALLBACK, Origin(Source.COMPUTED, "no systemd user session"))


CGROUPS = stage("cgroups", _check)
"""podman's ``CheckCgroupsAndAdjustConfig``, before any option."""
