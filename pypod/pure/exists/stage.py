"""The commands whose answer is their exit status."""

from __future__ import annotations

import msgspec

from pypod.pure.configuration.keys import NAMESPACE
from pypod.pure.database.loading import pod_loaded
from pypod.pure.draft import Draft
from pypod.pure.exists.decide import ABSENT, container_found, image_exists, pod_found
from pypod.pure.lifecycle.loading_stage import load_container, maximum_locks
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
    namespace = draft.setting(NAMESPACE)
    if draft.request.command == "container exists":
        container = settle(container_found(objects, wanted, namespace))
        if container is not None:
            yield from load_container(draft, container)
        return container is not None
    pod = settle(pod_found(objects, wanted, namespace))
    if pod is not None:
        settle(pod_loaded(pod, maximum_locks(draft)))
    return pod is not None


def _image(draft: Draft, wanted: str) -> Program[bool]:
    if draft.store is None:
        return False
    images = yield from attempt(ReadFile(f"{draft.store.graph_root}/{draft.store.driver}-images/images.json"))
    return image_exists(images.value_or(b""), wanted)


EXISTS = stage("exists", _look)
