"""Whether everything in a database refers to what is there: registries, lists, objects, dependencies, locks.

One rule, one function: from the references to what it finds, subjects and sentences.  A finding is something that makes libpod fail, leave an
object out, or take one thing for another.  What libpod itself leaves behind (ids of removed containers at a volume, old
names at a renamed container's dependents) is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Final

from msgspec import Struct
from toolz.dicttoolz import valfilter
from toolz.itertoolz import concatv, groupby

from pypod.pure.database.facts import TOP_LEVEL
from pypod.pure.gotext import quoted
from pypod.pure.state.facts import Backend, Pairs, References


class Finding(Struct, frozen=True):
    """What is wrong: the rule that found it, the id or name that it is about, and a sentence."""

    rule: str
    subject: str
    message: str


def findings(held: References) -> tuple[Finding, ...]:
    """All that is wrong, rule by rule, in the order of the keys."""
    return tuple(
        Finding(name, subject, message)
        for name, rule, bolt_only in RULES
        if held.file.backend is Backend.BOLT or not bolt_only
        for subject, message in rule(held)
    )


_OPTIONAL: Final = frozenset({"ns-registry"})
"""Not made by libpod 4.5 and later."""


def _buckets(held: References) -> Iterator[tuple[str, str]]:
    for name in TOP_LEVEL:
        if name not in held.buckets and name not in _OPTIONAL:
            yield name, f"bucket {name} is missing"


def _registered_ids(held: References) -> Iterator[tuple[str, str]]:
    containers = {one.id: one.name for one in held.containers if one.stored}
    pods = {one.id: one.name for one in held.pods if one.stored}
    ids = dict(held.ids)
    for key, name in held.ids:
        if key not in containers and key not in pods:
            yield (
                key,
                f"id {key} ({name}) is registered but is not a container or a pod: Podman cannot start after a reboot",
            )
    for key in sorted(containers.keys() & pods.keys()):
        yield key, f"id {key} is both a container's and a pod's"
    for kind, objects in (("container", containers), ("pod", pods)):
        for key, name in objects.items():
            if key not in ids:
                yield key, f"{kind} {key} is not in the registry of ids"
            elif name and ids[key] != name:
                yield key, f"{kind} {key} is named {quoted(name)} but registered as {quoted(ids[key])}"


def _registered_names(held: References) -> Iterator[tuple[str, str]]:
    ids = dict(held.ids)
    names = dict(held.names)
    for name, key in held.names:
        if key not in ids:
            yield name, f"name {quoted(name)} is registered for {key}, which is not in the registry of ids"
        elif ids[key] != name:
            yield name, f"name {quoted(name)} is registered for {key}, whose name there is {quoted(ids[key])}"
    for key, name in held.ids:
        if names.get(name) != key:
            yield key, f"id {key} is registered as {quoted(name)}, a name that is not registered for it"


def _registered_namespaces(held: References) -> Iterator[tuple[str, str]]:
    registered = dict(held.namespaces)
    stored = [
        *((one.id, one.namespace_key, one.namespace) for one in held.containers if one.stored),
        *((one.id, one.namespace_key, one.namespace) for one in held.pods if one.stored),
    ]
    known = {key for key, _, _ in stored}
    for key, namespace in held.namespaces:
        if key not in known:
            yield key, f"namespace {quoted(namespace)} is registered for {key}, which is not there"
    for key, beside, configured in stored:
        if beside != registered.get(key, ""):
            shown = registered.get(key, "")
            yield key, f"{key} is in namespace {quoted(beside)} but registered in namespace {quoted(shown)}"
        if configured and configured != beside:
            yield key, f"{key} is configured for namespace {quoted(configured)} but is in namespace {quoted(beside)}"


def _lists(held: References) -> Iterator[tuple[str, str]]:
    kinds: tuple[tuple[str, Pairs, dict[str, tuple[bool, str]]], ...] = (
        ("container", held.containers_listed, {one.id: (one.stored, one.name) for one in held.containers}),
        ("pod", held.pods_listed, {one.id: (one.stored, one.name) for one in held.pods}),
        ("volume", held.volumes_listed, {one.name: (one.stored, one.own_name) for one in held.volumes}),
    )
    for kind, listed, objects in kinds:
        names = dict(listed)
        for key, (stored, name) in objects.items():
            if not stored:
                yield key, f"{kind} {key} is listed but is not there: no {kind} can be loaded"
            elif key not in names:
                yield key, f"{kind} {key} is there but is not listed: Podman does not show it"
            elif name and names[key] != name:
                yield key, f"{kind} {key} is named {quoted(name)} but listed as {quoted(names[key])}"


def _documents(held: References) -> Iterator[tuple[str, str]]:
    for kind, key, damage, state_damage in (
        *(("container", one.id, one.damage, one.state_damage) for one in held.containers if one.stored),
        *(("pod", one.id, one.damage, one.state_damage) for one in held.pods if one.stored),
        *(("volume", one.name, one.damage, one.state_damage) for one in held.volumes if one.stored),
    ):
        for damaged in (damage, state_damage):
            if damaged:
                yield key, f"{kind} {key}: {damaged}"


def _own_ids(held: References) -> Iterator[tuple[str, str]]:
    for kind, key, own, damage in (
        *(("container", one.id, one.own_id, one.damage) for one in held.containers if one.stored),
        *(("pod", one.id, one.own_id, one.damage) for one in held.pods if one.stored),
        *(("volume", one.name, one.own_name, one.damage) for one in held.volumes if one.stored),
    ):
        if not damage and own != key:
            yield key, f"{kind} {key} calls itself {quoted(own)} in its configuration"


def _dependencies(held: References) -> Iterator[tuple[str, str]]:
    """Every edge is there from both ends; the edges that count are the configuration's."""
    by_id = {one.id: one for one in held.containers if one.stored}
    for one in by_id.values():
        for needed in one.needs:
            other = by_id.get(needed)
            if other is None:
                yield one.id, f"container {one.id} needs container {needed}, which is not there"
            elif one.id not in dict(other.dependents or ()):
                yield needed, f"container {needed} does not know that container {one.id} needs it"
        if one.dependents is None:
            yield one.id, f"container {one.id} has no dependencies bucket"
        for key, _ in one.dependents or ():
            dependent = by_id.get(key)
            if dependent is None:
                yield (
                    one.id,
                    f"container {one.id} is needed by container {key}, which is not there: it cannot be removed",
                )
            elif not dependent.damage and one.id not in dependent.needs:
                yield one.id, f"container {one.id} is said to be needed by container {key}, which does not need it"


def _pods(held: References) -> Iterator[tuple[str, str]]:
    pods = {one.id: one for one in held.pods if one.stored}
    containers = {one.id: one for one in held.containers if one.stored}
    for one in containers.values():
        if not one.damage and one.pod != one.pod_key:
            yield (
                one.id,
                f"container {one.id} is configured for pod {quoted(one.pod)} but is in pod {quoted(one.pod_key)}",
            )
        if one.pod_key and one.pod_key not in pods:
            yield one.id, f"container {one.id} is in pod {one.pod_key}, which is not there"
        elif one.pod_key and one.id not in dict(pods[one.pod_key].members or ()):
            yield one.pod_key, f"pod {one.pod_key} does not know its container {one.id}"
    for pod in pods.values():
        if pod.members is None:
            yield pod.id, f"pod {pod.id} has no containers bucket"
        for key, _ in pod.members or ():
            if key not in containers:
                yield pod.id, f"pod {pod.id} has container {key}, which is not there"
            elif containers[key].pod_key != pod.id:
                yield pod.id, f"pod {pod.id} has container {key}, which is in pod {quoted(containers[key].pod_key)}"
        if pod.infra and pod.infra not in dict(pod.members or ()):
            yield pod.id, f"the infra container {pod.infra} of pod {pod.id} is not in it"


def _volumes(held: References) -> Iterator[tuple[str, str]]:
    volumes = {one.name: one for one in held.volumes if one.stored}
    for container in held.containers:
        for name in container.volumes:
            if name not in volumes:
                yield container.id, f"container {container.id} uses volume {name}, which is not there"
            elif container.id not in (volumes[name].users or ()):
                yield name, f"volume {name} does not know that container {container.id} uses it: it could be removed"
    for volume in volumes.values():
        if volume.users is None:
            yield volume.name, f"volume {volume.name} has no vol-dependencies bucket"


def _sessions(held: References) -> Iterator[tuple[str, str]]:
    containers = {one.id: one for one in held.containers if one.stored}
    owners = dict(held.sessions)
    for session, owner in held.sessions:
        if owner not in containers:
            yield session, f"exec session {session} is of container {owner}, which is not there"
        elif session not in dict(containers[owner].sessions):
            yield session, f"exec session {session} is of container {owner}, which does not know it"
    for container in containers.values():
        for session, owner in container.sessions:
            if owner != container.id:
                yield container.id, f"exec session {session} of container {container.id} is kept for {owner}"
            if session not in owners:
                yield session, f"exec session {session} of container {container.id} is not registered"


def shared_locks(held: References) -> Iterator[tuple[str, str]]:
    """Two objects with one lock can wait for each other for ever; after a reboot the second one gets none."""
    users = concatv(
        ((one.lock, f"container {one.id}") for one in held.containers if one.stored and not one.damage),
        ((one.lock, f"pod {one.id}") for one in held.pods if one.stored and not one.damage),
        ((one.lock, f"volume {one.name}") for one in held.volumes if one.stored and not one.damage),
    )
    shared = valfilter(lambda owners: len(owners) > 1, groupby(itemgetter(0), users))
    for lock, owners in sorted(shared.items()):
        names = _and(name for _, name in owners)
        yield str(lock), f"lock {lock} is used by {names}: `podman system renumber` gives each its own"


def _and(things: Iterable[str]) -> str:
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last


RULES: Final[tuple[tuple[str, Callable[[References], Iterator[tuple[str, str]]], bool], ...]] = (
    ("buckets", _buckets, True),
    ("ids", _registered_ids, False),
    ("names", _registered_names, True),
    ("namespaces", _registered_namespaces, True),
    ("lists", _lists, True),
    ("documents", _documents, False),
    ("own-ids", _own_ids, False),
    ("dependencies", _dependencies, False),
    ("pods", _pods, False),
    ("volumes", _volumes, False),
    ("exec-sessions", _sessions, False),
    ("locks", shared_locks, False),
)
"""The rules, and which of them are of BoltDB's own registries and lists only."""
