"""The image context."""

from __future__ import annotations

import msgspec

from pypod.pure.configuration.keys import SIGNATURE_POLICY_PATH
from pypod.pure.draft import Draft
from pypod.pure.image.decide import image_context
from pypod.pure.program import Program, need, stage
from pypod.pure.vocabulary.process import ReadVariable


def _fill(draft: Draft) -> Program[Draft]:
    present = draft.configured.image
    tmpdir = None if present else (yield from need(ReadVariable("TMPDIR")))
    context = image_context(present, tmpdir, draft.setting(SIGNATURE_POLICY_PATH))
    return draft.with_configured(msgspec.structs.replace(draft.configured, image=context))


IMAGE_CONTEXT = stage("image-context", _fill)
"""The part of containers/image's context that the runtime sets."""
