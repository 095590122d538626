"""The options: what the caller and the command line want changed."""

from __future__ import annotations

from typing import Final

import msgspec
from returns.result import Failure

from pypod.pure.draft import Draft
from pypod.pure.options.all import WithRegistriesConf
from pypod.pure.options.apply import apply_all
from pypod.pure.options.from_flags import needs_subordinate_files, options_of, said_of
from pypod.pure.options.option import RuntimeOption
from pypod.pure.program import Program, Stage, attempt, need, notes, settle, stage
from pypod.pure.storage.facts import SubordinateFiles
from pypod.pure.storage.stage import read_subordinate_files
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.process import ReadVariable


def _make(draft: Draft) -> Program[Draft]:
    flags = draft.request.flags
    files = (yield from read_subordinate_files()) if needs_subordinate_files(flags) else SubordinateFiles()
    made = settle(options_of(flags, draft.configured, draft.surroundings, command=draft.request.command, files=files))
    options = (*draft.request.options, *made)
    yield from notes(said_of(options))
    return msgspec.structs.replace(draft, options=options)


def _apply(draft: Draft) -> Program[Draft]:
    seen: tuple[RuntimeOption, ...] = ()
    for option in draft.options:
        seen = (*seen, (yield from _observed(option)))
    return draft.with_configured(settle(apply_all(seen, draft.configured)))


def _observed(option: RuntimeOption) -> Program[RuntimeOption]:
    """An option with what the host has to say about it."""
    if not isinstance(option, WithRegistriesConf):
        return option
    status = yield from attempt(Stat(option.path))
    refusal = status.failure() if isinstance(status, Failure) else None
    temporary = yield from need(ReadVariable("TMPDIR"))
    return msgspec.structs.replace(option, refusal=refusal, temporary=temporary)


OPTIONS_MADE: Final[Stage[Draft]] = stage("options", _make)
"""Makes options of the request's flags, behind its own: Podman does so before libpod's ``NewRuntime`` looks at anything."""

OPTIONS: Final[Stage[Draft]] = stage("options", _apply)
"""Applies the options, from the left; the first failure ends construction."""
