"""Whether something is there, as the commands ``exists`` answer it."""

from __future__ import annotations

from typing import Any

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import ContainerFacts, PodFacts, StateObjects, VolumeFacts
from pypod.pure.failure import NoSuchContainer, NoSuchPod, NoSuchVolume, Problem, Refused
from pypod.pure.state.lookup import container_meant, names_of, pod_meant, volume_meant

ABSENT = 1
"""The exit status of ``exists`` for what is not there."""


def container_found(objects: StateObjects, wanted: str, namespace: str) -> Result[ContainerFacts | None, Problem]:
    """The container that a name or id means; ``None`` where there is none, a failure where the look-up fails otherwise."""
    meant = _found(container_meant(names_of(objects), wanted, namespace), NoSuchContainer)
    return meant.map(lambda key: next((one for one in objects.containers if one.id == key), None))


def pod_found(objects: StateObjects, wanted: str, namespace: str) -> Result[PodFacts | None, Problem]:
    """The pod that a name or id means; ``None`` where there is none, a failure where the look-up fails otherwise."""
    meant = _found(pod_meant(names_of(objects), wanted, namespace), NoSuchPod)
    return meant.map(lambda key: next((one for one in objects.pods if one.id == key), None))


def _found(
    meant: Result[str, Problem], absent: type[NoSuchContainer | NoSuchPod | NoSuchVolume]
) -> Result[str, Problem]:
    """The id that is meant; empty where there is none."""
    if isinstance(meant, Failure) and isinstance(meant.failure(), absent):
        return Success("")
    return meant


def volume_found(objects: StateObjects, wanted: str) -> Result[VolumeFacts | None, Problem]:
    """The volume that a name means; ``None`` where there is none, a failure where the look-up fails otherwise."""
    meant = _found(volume_meant((one.name for one in objects.volumes), wanted), NoSuchVolume)
    found = meant.map(lambda name: next((one for one in objects.volumes if one.name == name), None))
    return found.alt(lambda problem: problem.wrapped(f"error inspecting volume {wanted}"))


def not_inspected(kind: str, names: tuple[str, ...]) -> Result[None, Problem]:
    """What ``inspect`` ends with where objects are not there: the first of them is named."""
    if not names:
        return Success(None)
    return Failure(Refused(f"error inspecting object: no such {kind} {names[0]}", names[0]))


def image_exists(images: bytes, wanted: str) -> bool:
    """Whether ``images.json`` holds an image of that id or name: as given, tagged ``latest``, or below ``localhost``.

    An unparsable file holds none, as containers/storage reads it.
    """
    try:
        held: list[dict[str, Any]] = msgspec.json.decode(images or b"[]", type=list[dict[str, Any]])
    except (msgspec.MsgspecError, RecursionError):
        return False
    tagged = wanted if ":" in wanted.rpartition("/")[2] else f"{wanted}:latest"
    names = {wanted, tagged, f"localhost/{tagged}", f"docker.io/library/{tagged}"}
    ids = [image for image in held if str(image.get("id", "")).startswith(wanted)]
    return len(ids) == 1 or any(names & {str(name) for name in image.get("names") or ()} for image in held)
