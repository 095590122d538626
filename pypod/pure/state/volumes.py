"""Volumes in the state: adding and removing them, their state, and who uses them (``boltdb_state.go``)."""

from __future__ import annotations

from returns.result import Failure, Result, Success

from pypod.pure.database.buckets import Buckets, key_of
from pypod.pure.database.facts import Delete, DeleteBucket, Look, MakeBucket, Put
from pypod.pure.database.objects import state_document
from pypod.pure.database.view import foresee
from pypod.pure.failure import DatabaseUnreadable, Internal, NoSuchVolume, Problem, VolumeExists, VolumeInUse
from pypod.pure.state.documents import NEW_VOLUME, Document, Volume
from pypod.pure.state.fields import VOLUME_STATE
from pypod.pure.state.registries import Changes
from pypod.pure.state.retrieval import held, keys, lacking, within


def volume_added(state: Buckets, volume: Volume) -> Changes:
    """``AddVolume``: with the state that it has, if it has one."""
    at, name = ("vol", volume.name), volume.name
    foresee(state, map(Look, (("vol",), ("allVolumes",), at, ("allVolumes", name))))
    problem = lacking(state, "vol", "allVolumes")
    if problem:
        return Failure(problem)
    if held(state, "allVolumes", name) is not None:
        return Failure(VolumeExists.saying(f"name {name} is in use", name))
    if within(state, *at) is not None:
        return Failure(DatabaseUnreadable(f"error creating bucket for volume {name}: bucket already exists", name))
    first = () if volume.state is None else (Put(at, "state", volume.state.raw),)
    buckets = (MakeBucket(at), MakeBucket((*at, "vol-dependencies")))
    return Success((*buckets, Put(at, "config", volume.document.raw), *first, Put(("allVolumes",), name, key_of(name))))


def volume_removed(state: Buckets, volume: Volume) -> Changes:
    """``RemoveVolume``: only one that no container that is there uses."""
    problem = lacking(state, "vol", "allVolumes", "ctr")
    if problem:
        return Failure(problem)
    if within(state, "vol", volume.name) is None:
        return Failure(NoSuchVolume.saying(f"volume {volume.name} does not exist in DB", volume.name))
    users = _users(state, volume)
    if users:
        text = f"volume {volume.name} is being used by container(s) {','.join(users)}"
        return Failure(VolumeInUse.saying(text, volume.name))
    return Success((Delete(("allVolumes",), volume.name), DeleteBucket(("vol", volume.name))))


def users_of(state: Buckets, volume: Volume) -> Result[tuple[str, ...], Problem]:
    """``VolumeInUse``: the ids of the containers that are there and use it."""
    problem = lacking(state, "vol", "ctr")
    if problem:
        return Failure(problem)
    bucket = within(state, "vol", volume.name)
    if bucket is None:
        return Failure(NoSuchVolume.saying(f"no volume with name {volume.name} found in DB", volume.name))
    if bucket.bucket("vol-dependencies") is None:
        return Failure(Internal.saying(f"volume {volume.name} has no dependencies bucket", volume.name))
    return Success(_users(state, volume))


def _users(state: Buckets, volume: Volume) -> tuple[str, ...]:
    foresee(state, (Look(("vol", volume.name, "vol-dependencies"), entries=True),))
    named = keys(within(state, "vol", volume.name, "vol-dependencies"))
    foresee(state, (Look(("ctr", key)) for key in named))
    return tuple(key for key in named if within(state, "ctr", key) is not None)


def volume_state(state: Buckets, volume: Volume) -> Result[Document, Problem]:
    """``UpdateVolume``: its state as it is now; old databases have none, which is the zero state."""
    bucket = _present(state, volume)
    if isinstance(bucket, Failure):
        return Failure(bucket.failure())
    raw = bucket.unwrap().get("state")
    if raw is None:
        return Success(NEW_VOLUME)
    read = state_document(raw, dict[str, object], f"error unmarshalling volume {volume.name} state", volume.name)
    return read.map(lambda _: Document(raw))


def volume_saved(state: Buckets, volume: Volume, new: Document) -> Changes:
    """``SaveVolume``: another state.  Fields that only a newer Podman knows stay."""
    bucket = _present(state, volume)
    if isinstance(bucket, Failure):
        return Failure(bucket.failure())
    document = new.over(bucket.unwrap().get("state") or b"", VOLUME_STATE)
    return Success((Put(("vol", volume.name), "state", document),))


def _present(state: Buckets, volume: Volume) -> Result[Buckets, Problem]:
    foresee(state, map(Look, (("vol",), ("vol", volume.name), ("vol", volume.name, "state"))))
    problem = lacking(state, "vol")
    if problem:
        return Failure(problem)
    bucket = within(state, "vol", volume.name)
    if bucket is None:
        return Failure(NoSuchVolume.saying(f"no volume with name {volume.name} found in database", volume.name))
    return Success(bucket)
