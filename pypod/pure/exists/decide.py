"""Look-ups by name, full id or unique prefix, as ``LookupContainer`` and ``LookupPod`` (``libpod/boltdb_state.go``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.database.facts import StateObjects
from pypod.pure.failure import ContainerExists, PodExists, Problem

ABSENT = 1
"""The exit status of ``exists`` for what is not there."""


def container_exists(objects: StateObjects, wanted: str, namespace: str) -> Result[bool, Problem]:
    """Whether exactly one container is meant by a name or id; several are ErrCtrExists."""
    found = _matches(((one.id, one.name, one.namespace) for one in objects.containers), wanted, namespace)
    if found > 1:
        return Failure(ContainerExists.saying(f"more than one result for container ID {wanted}", wanted))
    return Success(found == 1)


def pod_exists(objects: StateObjects, wanted: str, namespace: str) -> Result[bool, Problem]:
    """Whether exactly one pod is meant by a name or id; several are ErrPodExists."""
    found = _matches(((one.id, one.name, one.namespace) for one in objects.pods), wanted, namespace)
    if found > 1:
        return Failure(PodExists.saying(f"more than one result for ID or name {wanted}", wanted))
    return Success(found == 1)


def _matches(objects: Iterable[tuple[str, str, str]], wanted: str, namespace: str) -> int:
    """How many objects of the namespace are meant: an exact id or name is one, whatever else begins so."""
    visible = [(full, name) for full, name, where in objects if not namespace or where == namespace]
    if any(wanted in (full, name) for full, name in visible):
        return 1
    return sum(full.startswith(wanted) for full, _ in visible)


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
