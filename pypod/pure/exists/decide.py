"""Whether something is there, as the commands ``exists`` answer it."""

from __future__ import annotations

from typing import Any

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import StateObjects
from pypod.pure.failure import NoSuchContainer, NoSuchPod, Problem
from pypod.pure.state.lookup import container_meant, names_of, pod_meant

ABSENT = 1
"""The exit status of ``exists`` for what is not there."""


def container_exists(objects: StateObjects, wanted: str, namespace: str) -> Result[bool, Problem]:
    """Whether a container is meant by a name or id; the failures of a look-up other than that there is none."""
    return _found(container_meant(names_of(objects), wanted, namespace), NoSuchContainer)


def pod_exists(objects: StateObjects, wanted: str, namespace: str) -> Result[bool, Problem]:
    """Whether a pod is meant by a name or id; the failures of a look-up other than that there is none."""
    return _found(pod_meant(names_of(objects), wanted, namespace), NoSuchPod)


def _found(meant: Result[str, Problem], absent: type[NoSuchContainer | NoSuchPod]) -> Result[bool, Problem]:
    if isinstance(meant, Failure):
        problem = meant.failure()
        return Success(inner_value=False) if isinstance(problem, absent) else Failure(problem)
    return Success(inner_value=True)


def image_exists(images: bytes, wanted: str) -> bool:
    """Whether ``images.json`` holds an image of that id or name: as given, tagged ``latest``, or below ``localhost``.

    An unparsable file holds none, as containers/storage reads it.
    """
    try:
        held: list[dict[str, Any]] = msgspec.json.decode(images or b"[]", type=list[dict[str, Any]])
    except msgspec.MsgspecError:
        return False
    tagged = wanted if ":" in wanted.rpartition("/")[2] else f"{wanted}:latest"
    names = {wanted, tagged, f"localhost/{tagged}", f"docker.io/library/{tagged}"}
    ids = [image for image in held if str(image.get("id", "")).startswith(wanted)]
    return len(ids) == 1 or any(names & {str(name) for name in image.get("names") or ()} for image in held)
