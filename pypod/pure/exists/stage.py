"""The commands whose answer is their exit status."""

from __future__ import annotations

import msgspec

from pypod.pure.configuration.keys import NAMESPACE
from pypod.pure.draft import Draft
from pypod.pure.exists.decide import ABSENT, container_exists, image_exists, pod_exists
from pypod.pure.program import Program, attempt, need, settle, stage
from pypod.pure.vocabulary.database import ReadObjects
from pypod.pure.vocabulary.files import ReadFile


def _look(draft: Draft) -> Program[Draft]:
    """0 where it exists, 1 where it does not."""
    wanted = draft.request.arguments[0] if draft.request.arguments else ""
    there = yield from (_image(draft, wanted) if draft.request.command == "image exists" else _object(draft, wanted))
    return msgspec.structs.replace(draft, status=0 if there else ABSENT)


def _object(draft: Draft, wanted: str) -> Program[bool]:
    objects = yield from need(ReadObjects(draft.database_path))
    decide = container_exists if draft.request.command == "container exists" else pod_exists
    return settle(decide(objects, wanted, draft.setting(NAMESPACE)))


def _image(draft: Draft, wanted: str) -> Program[bool]:
    if draft.store is None:
        return False
    images = yield from attempt(ReadFile(f"{draft.store.graph_root}/{draft.store.driver}-images/images.json"))
    return image_exists(images.value_or(b""), wanted)


EXISTS = stage("exists", _look)
