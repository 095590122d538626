"""Finding conmon."""

from __future__ import annotations

import msgspec
from returns.result import Failure, Result

from pypod.pure.configuration.keys import CONMON_PATH, FOUND_CONMON, FOUND_CONMON_VERSION
from pypod.pure.conmon.decide import Probe, none_found, probed, worth_probing
from pypod.pure.draft import Draft
from pypod.pure.failure import Problem
from pypod.pure.program import Program, attempt, notes, settle, stage
from pypod.pure.settings import Origin, Source
from pypod.pure.surroundings.stage import look_path
from pypod.pure.vocabulary.files import Stat
from pypod.pure.vocabulary.process import RunProgram

_ORIGIN = Origin(Source.COMPUTED, "conmon --version")


def _probe(path: str, *, on_path: bool) -> Program[Probe]:
    answer = yield from attempt(RunProgram((path, "--version")))
    verdict = probed(path, answer, on_path=on_path)
    yield from notes((verdict.said,))
    return verdict


def _find(draft: Draft) -> Program[Draft]:
    """The first conmon that is new enough: the configured paths in order, then ``$PATH``."""
    configured = draft.setting(CONMON_PATH)
    tried: tuple[Probe, ...] = ()
    for path in configured:
        status = yield from attempt(Stat(path))
        if worth_probing(status):
            probe = yield from _probe(path, on_path=False)
            if probe.accepted:
                return _with_conmon(draft, probe)
            tried = (*tried, probe)
    fallback = yield from look_path("conmon")
    if fallback is not None:
        probe = yield from _probe(fallback, on_path=True)
        if probe.accepted:
            return _with_conmon(draft, probe)
        tried = (*tried, probe)
    missing: Result[Draft, Problem] = Failure(none_found(configured, tried))
    return settle(missing)


def _with_conmon(draft: Draft, probe: Probe) -> Draft:
    found = draft.claim(FOUND_CONMON, probe.path, _ORIGIN).claim(FOUND_CONMON_VERSION, probe.shown, _ORIGIN)
    return msgspec.structs.replace(found, conmon_path=probe.path, conmon_version=probe.shown)


CONMON = stage("conmon", _find)
