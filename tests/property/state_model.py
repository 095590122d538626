"""libpod's state as plain dictionaries, and what its operations answer: written from what libpod 3.4.7 does, in its order.

An operation answers its value, or :class:`Said` with libpod's text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

SHARED: Final = ("ipcNsCtr", "mountNsCtr", "netNsCtr", "pidNsCtr", "userNsCtr", "utsNsCtr", "cgroupNsCtr")
FIXED: Final = ("id", "pod", "namespace", "Dependencies", *SHARED, "namedVolumes")
Config: TypeAlias = dict[str, Any]
Buckets: TypeAlias = dict[str, Any]


class Said(Exception):  # noqa: N818 - libpod's answer
    """An operation that libpod refuses: the text, with the sentinel's."""


@dataclass
class Held:
    """A container that is in the database."""

    config: Config
    state: Config
    netns: str = ""
    pod: str = ""
    dependents: dict[str, str] = field(default_factory=dict[str, str])
    sessions: dict[str, str] | None = None
    networks: set[str] | None = None
    aliases: dict[str, set[str]] | None = None


@dataclass
class HeldPod:
    """A pod that is in the database."""

    config: Config
    state: Config
    members: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class HeldVolume:
    """A volume that is in the database."""

    config: Config
    state: Config | None
    users: set[str] = field(default_factory=set[str])


def needs(config: Config) -> set[str]:
    return {config[key] for key in SHARED if config.get(key)} | set(config.get("Dependencies") or ())


def fixedly(place: str, before: Config, after: Config, names: tuple[str, ...]) -> None:
    """pypod's own refusal: libpod trusts its callers."""
    for name in names:
        if (before.get(name) or None) != (after.get(name) or None):
            raise Said(f"{name} of {place} cannot be rewritten: invalid argument")


class Model:
    """Everything in a state.  ``ours`` is the namespace that asks."""

    def __init__(self) -> None:
        self.containers: dict[str, Held] = {}
        self.pods: dict[str, HeldPod] = {}
        self.volumes: dict[str, HeldVolume] = {}
        self.sessions: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.names: dict[str, str] = {}

    # Retrieving

    def container(self, key: str, ours: str) -> Config:
        if not key:
            raise Said("name or ID cannot be empty")
        if key not in self.containers:
            raise Said(f"container {key} not found in DB: no such container")
        return self._seen("container", key, self.containers[key].config, ours)

    def pod(self, key: str, ours: str) -> Config:
        if not key:
            raise Said("name or ID cannot be empty")
        if key not in self.pods:
            raise Said(f"pod with ID {key} not found: no such pod")
        return self._seen("pod", key, self.pods[key].config, ours)

    def volume(self, name: str, _ours: str) -> Config:
        if not name:
            raise Said("name or ID cannot be empty")
        if name not in self.volumes:
            raise Said(f"volume with name {name} not found: no such volume")
        return self.volumes[name].config

    def _seen(self, kind: str, key: str, config: Config, ours: str) -> Config:
        theirs = config.get("namespace", "")
        if ours and ours != theirs:
            raise Said(
                f'cannot retrieve {kind} {key} as it is part of namespace "{theirs}" and we are in namespace "{ours}"'
                ": target is in a different namespace"
            )
        return config

    def look_up_container(self, wanted: str, ours: str) -> Config:
        if not wanted:
            raise Said("name or ID cannot be empty")
        for exact in (wanted, self.names.get(wanted, "")):
            if exact in self.containers:
                return self.container(exact, ours)
        found = [key for key, one in self.containers.items() if key.startswith(wanted) and self._ours(one.config, ours)]
        if len(found) > 1:
            raise Said(f"more than one result for container ID {wanted}: container already exists")
        if not found and wanted in self.names:
            raise Said(f'"{wanted}" is a pod, not a container: no such container')
        if not found:
            raise Said(f'no container with name or ID "{wanted}" found: no such container')
        return self.container(found[0], ours)

    def look_up_container_id(self, wanted: str, ours: str) -> str:
        try:
            return str(self.look_up_container(wanted, ours)["id"])
        except Said:
            if not wanted or not ours:
                raise
            raise Said(f"no container found with name or ID {wanted}: no such container") from None

    def look_up_pod(self, wanted: str, ours: str) -> Config:
        if not wanted:
            raise Said("name or ID cannot be empty")
        for exact in (wanted, self.names.get(wanted, "")):
            if exact in self.pods:
                return self.pod(exact, ours)
        found = [key for key, one in self.pods.items() if key.startswith(wanted) and self._ours(one.config, ours)]
        if len(found) > 1:
            raise Said(f"more than one result for ID or name {wanted}: pod already exists")
        if not found and wanted in self.names:
            raise Said(f"{wanted} is a container, not a pod: no such pod")
        if not found:
            raise Said(f"no pod with name or ID {wanted} found: no such pod")
        return self.pod(found[0], ours)

    def look_up_volume(self, wanted: str, ours: str) -> Config:
        if not wanted:
            raise Said("name or ID cannot be empty")
        if wanted in self.volumes:
            return self.volume(wanted, ours)
        found = [name for name in self.volumes if name.startswith(wanted)]
        if len(found) > 1:
            raise Said(f'more than one result for volume name "{wanted}": volume already exists')
        if not found:
            raise Said(f'no volume with name "{wanted}" found: no such volume')
        return self.volume(found[0], ours)

    @staticmethod
    def _ours(config: Config, ours: str) -> bool:
        return not ours or config.get("namespace", "") == ours

    def has_container(self, key: str, ours: str) -> bool:
        if not key:
            raise Said("name or ID cannot be empty")
        return key in self.containers and self._ours(self.containers[key].config, ours)

    def has_pod(self, key: str, ours: str) -> bool:
        if not key:
            raise Said("name or ID cannot be empty")
        return key in self.pods and self._ours(self.pods[key].config, ours)

    def has_volume(self, name: str) -> bool:
        if not name:
            raise Said("name or ID cannot be empty")
        return name in self.volumes

    def name_of(self, key: str, ours: str) -> str:
        if not key:
            raise Said("name or ID cannot be empty")
        held = self.containers.get(key) or self.pods.get(key)
        if held is None or not self._ours(held.config, ours):
            raise Said("no such container")
        return self.ids[key]

    # Containers

    def add_container(self, one: Config, state: Config, netns: str, ours: str, pod: Config | None) -> None:
        key, name, theirs = one["id"], one["name"], one.get("namespace", "")
        if pod is None and one.get("pod"):
            raise Said("cannot add a container that belongs to a pod with AddContainer - use AddContainerToPod"
                       ": invalid argument")  # fmt: skip
        if pod is not None and one.get("pod") != pod["id"]:
            raise Said(f"container {key} is not part of pod {pod['id']}: no such container")
        if ours and ours != theirs:
            raise Said(f'cannot add container {key} as it is in namespace "{ours}" and we are in namespace "{theirs}"'
                       ": target is in a different namespace")  # fmt: skip
        if pod is not None:
            if pod["id"] not in self.pods:
                raise Said(f"pod {pod['id']} does not exist in database: no such pod")
            if self.pods[pod["id"]].config.get("namespace", "") != theirs:
                raise Said(f"container {key} is in namespace {theirs} and pod {pod['id']} is in namespace "
                           f"{pod.get('namespace', '')}: target is in a different namespace")  # fmt: skip
        self._taken(key, name, self.containers, "container already exists", "pod already exists")
        networks = one.get("networks")
        if "" in (networks or ()):
            raise Said("network names cannot be an empty string: invalid argument")
        for network in one.get("network_alises") or ():
            if network not in (networks or ()):
                raise Said(f'container {key} has network aliases for network "{network}" but is not part of that network'
                           ": network not found")  # fmt: skip
        for other in sorted(needs(one)):
            self._dependable(key, theirs, other, pod)
        for volume in one.get("namedVolumes") or ():
            if volume["volumeName"] not in self.volumes:
                raise Said(f"no volume with name {volume['volumeName']} found in database when adding container {key}"
                           ": no such volume")  # fmt: skip
        self.ids[key], self.names[name] = name, key
        aliases = one.get("network_alises")
        self.containers[key] = Held(
            one, state, netns, pod["id"] if pod else "",
            networks=None if networks is None else set(networks),
            aliases=None if aliases is None else {network: set(names) for network, names in aliases.items()},
        )  # fmt: skip
        for other in needs(one):
            self.containers[other].dependents[key] = name
        if pod:
            self.pods[pod["id"]].members[key] = name
        for volume in one.get("namedVolumes") or ():
            self.volumes[volume["volumeName"]].users.add(key)

    def _taken(self, key: str, name: str, own: dict[str, Any], same: str, other: str) -> None:
        # The kind for an id goes by what has its name for an id.
        if key in self.ids:
            raise Said(f'ID "{key}" is in use: {same if self.ids[key] in own else other}')
        if name in self.names:
            raise Said(f'name "{name}" is in use: {same if self.names[name] in own else other}')

    def _dependable(self, key: str, theirs: str, other: str, pod: Config | None) -> None:
        depends = f"container {key} depends on container {other}"
        if other == key:
            return
        if other not in self.containers:
            raise Said(f"{depends}, but it does not exist in the DB: no such container")
        held = self.containers[other]
        if pod is not None and not held.pod:
            raise Said(f"{depends} which is not in pod {pod['id']}: invalid argument")
        if pod is not None and held.pod != pod["id"]:
            raise Said(f"{depends} which is in a different pod ({held.pod}): invalid argument")
        if pod is None and held.pod:
            raise Said(f"{depends} which is in a pod - containers not in pods cannot depend on containers in pods"
                       ": invalid argument")  # fmt: skip
        if held.config.get("namespace", "") != theirs:
            raise Said(f'container {key} in namespace "{theirs}" depends on container {other} in namespace '
                       f'"{held.config.get("namespace", "")}" - namespaces must match'
                       ": target is in a different namespace")  # fmt: skip

    def remove_container(self, one: Config, ours: str, pod: Config | None) -> None:
        key, theirs = one["id"], one.get("namespace", "")
        if pod is None and one.get("pod"):
            raise Said(f"container {key} is part of a pod, use RemoveContainerFromPod instead: pod already exists")
        if pod is not None:
            self._foreign_pod(pod, ours)
            if ours and ours != theirs:
                raise Said(f'container {key} in in namespace "{theirs}" but we are in namespace "{ours}"'
                           ": target is in a different namespace")  # fmt: skip
            if not one.get("pod"):
                raise Said(f"container {key} is not part of a pod, use RemoveContainer instead: no such pod")
            if one["pod"] != pod["id"]:
                raise Said(f"container {key} is not part of pod {pod['id']}: invalid argument")
            if pod["id"] not in self.pods:
                raise Said(f"no pod with ID {pod['id']} found in DB: no such pod")
        if key not in self.containers:
            raise Said(f"no container with ID {key} found in DB: no such container")
        self._foreign(one, ours)
        held = self.containers[key]
        if pod is not None and key not in self.pods[pod["id"]].members:
            raise Said(f"container {key} is not in pod {pod['id']}: no such container")
        if held.sessions:
            raise Said(f"container {key} has active exec sessions: {', '.join(sorted(held.sessions))}"
                       ": exec session already exists")  # fmt: skip
        if held.dependents:
            raise Said(f"container {key} is a dependency of the following containers: "
                       f"{', '.join(sorted(held.dependents))}: dependency exists")  # fmt: skip
        if pod is not None:
            del self.pods[pod["id"]].members[key]
        self._forget(key)
        for other in needs(one):
            if other in self.containers:
                self.containers[other].dependents.pop(key, None)

    def _forget(self, key: str) -> None:
        del self.containers[key]
        del self.names[self.ids.pop(key)]

    @staticmethod
    def _foreign(one: Config, ours: str) -> None:
        theirs = one.get("namespace", "")
        if ours and ours != theirs:
            raise Said(f'container {one["id"]} is in namespace "{theirs}", does not match our namespace "{ours}"'
                       ": target is in a different namespace")  # fmt: skip

    @staticmethod
    def _foreign_pod(pod: Config, ours: str) -> None:
        theirs = pod.get("namespace", "")
        if ours and ours != theirs:
            raise Said(f'pod {pod["id"]} is in namespace "{theirs}" but we are in namespace "{ours}"'
                       ": target is in a different namespace")  # fmt: skip

    def _there(self, one: Config, text: str) -> Held:
        if one["id"] not in self.containers:
            raise Said(text.format(key=one["id"]) + ": no such container")
        return self.containers[one["id"]]

    def load_container(self, one: Config, ours: str) -> tuple[Config, str]:
        self._foreign(one, ours)
        held = self._there(one, "container {key} does not exist in database")
        return held.state, held.netns

    def save_container(self, one: Config, state: Config, netns: str, ours: str) -> None:
        self._foreign(one, ours)
        held = self._there(one, "container {key} does not exist in DB")
        # What only a newer Podman knows stays.
        unknown = {name: value for name, value in held.state.items() if name == "x-newer" and name not in state}
        held.state, held.netns = state | unknown, netns

    def dependents(self, one: Config, ours: str) -> tuple[str, ...]:
        self._foreign(one, ours)
        return tuple(sorted(self._there(one, 'no container with ID "{key}" found in DB').dependents))

    def rewrite_container(self, one: Config, new: Config) -> None:
        self._rewrite(one, new, (*FIXED, "name"))

    def _rewrite(self, one: Config, new: Config, fixed: tuple[str, ...]) -> None:
        held = self._there(one, 'no container with ID "{key}" found in DB')
        fixedly(f"ctr/{one['id']}", held.config, new, fixed)
        held.config = new | {
            name: value for name, value in held.config.items() if name == "x-newer" and name not in new
        }

    def rename_container(self, one: Config, old: str, name: str, new: Config) -> None:
        key = one["id"]
        if name and new["name"] != name:
            raise Said(f"new name {name} for container {key} must match name in given container config"
                       ": invalid argument")  # fmt: skip
        if name and not old:
            raise Said("must provide old name for container if a new name is given: invalid argument")
        if name and self.names.get(name, key) != key:
            raise Said(f"name {name} already in use, cannot rename container {key}: container already exists")
        if name and self.names.get(name) != key and one.get("pod") and one["pod"] not in self.pods:
            raise Said(f"bucket for pod {one['pod']} does not exist: internal libpod error")
        self._rewrite(one, new, FIXED if name else (*FIXED, "name"))
        if name and self.names.get(name) != key:
            if self.names.get(old) == key:
                del self.names[old]
            self.ids[key], self.names[name] = name, key
            if one.get("pod"):
                self.pods[one["pod"]].members[key] = name

    # Pods

    def add_pod(self, pod: Config, state: Config, ours: str) -> None:
        self._foreign_pod(pod, ours)
        self._taken(pod["id"], pod["name"], self.pods, "pod already exists", "container already exists")
        self.ids[pod["id"]], self.names[pod["name"]] = pod["name"], pod["id"]
        self.pods[pod["id"]] = HeldPod(pod, state)

    def remove_pod(self, pod: Config, ours: str) -> None:
        self._foreign_pod(pod, ours)
        if pod["id"] not in self.pods:
            raise Said(f"pod {pod['id']} does not exist in DB: no such pod")
        if self.pods[pod["id"]].members:
            raise Said(f"pod {pod['id']} is not empty: container already exists")
        del self.pods[pod["id"]]
        del self.names[self.ids.pop(pod["id"])]

    def remove_members(self, pod: Config, ours: str) -> None:
        self._foreign_pod(pod, ours)
        if pod["id"] not in self.pods:
            raise Said(f"pod {pod['id']} does not exist in DB: no such pod")
        members = self.pods[pod["id"]].members
        for key in sorted(members):
            for other in sorted(self.containers[key].dependents):
                if other not in members:
                    raise Said(f"container {key} has dependency {other} outside of pod {pod['id']}"
                               ": container already exists")  # fmt: skip
        for key in members:
            for session in self.containers[key].sessions or ():
                self.sessions.pop(session, None)
            self._forget(key)
        members.clear()

    def members(self, pod: Config, ours: str) -> tuple[str, ...]:
        self._foreign_pod(pod, ours)
        if pod["id"] not in self.pods:
            raise Said(f"pod {pod['id']} not found in database: no such pod")
        return tuple(sorted(self.pods[pod["id"]].members))

    def has_member(self, pod: Config, key: str, ours: str) -> bool:
        if not key:
            raise Said("name or ID cannot be empty")
        return key in self.members(pod, ours)

    def save_pod(self, pod: Config, state: Config, ours: str) -> None:
        self._foreign_pod(pod, ours)
        if pod["id"] not in self.pods:
            raise Said(f"no pod with ID {pod['id']} found in database: no such pod")
        self.pods[pod["id"]].state = state

    def load_pod(self, pod: Config, ours: str) -> Config:
        self._foreign_pod(pod, ours)
        if pod["id"] not in self.pods:
            raise Said(f"no pod with ID {pod['id']} found in database: no such pod")
        return self.pods[pod["id"]].state

    def rewrite_pod(self, pod: Config, new: Config) -> None:
        if pod["id"] not in self.pods:
            raise Said(f"no pod with ID {pod['id']} found in DB: no such pod")
        fixedly(f"pod/{pod['id']}", self.pods[pod["id"]].config, new, ("id", "name", "namespace"))
        self.pods[pod["id"]].config = new

    # Volumes

    def add_volume(self, volume: Config, state: Config | None) -> None:
        name = volume["name"]
        if name in self.volumes:
            raise Said(f"name {name} is in use: volume already exists")
        self.volumes[name] = HeldVolume(volume, state)

    def users(self, volume: Config) -> tuple[str, ...]:
        if volume["name"] not in self.volumes:
            raise Said(f"no volume with name {volume['name']} found in DB: no such volume")
        return tuple(sorted(self.volumes[volume["name"]].users & self.containers.keys()))

    def remove_volume(self, volume: Config) -> None:
        name = volume["name"]
        if name not in self.volumes:
            raise Said(f"volume {name} does not exist in DB: no such volume")
        if self.users(volume):
            raise Said(f"volume {name} is being used by container(s) {','.join(self.users(volume))}"
                       ": volume is being used")  # fmt: skip
        del self.volumes[name]

    def load_volume(self, volume: Config) -> Config:
        name = volume["name"]
        if name not in self.volumes:
            raise Said(f"no volume with name {name} found in database: no such volume")
        state = self.volumes[name].state
        return {"mountCount": 0} if state is None else state

    def save_volume(self, volume: Config, state: Config) -> None:
        self.load_volume(volume)
        self.volumes[volume["name"]].state = state

    def rewrite_volume(self, volume: Config, new: Config) -> None:
        if volume["name"] not in self.volumes:
            raise Said(f'no volume with name "{volume["name"]}" found in DB: no such volume')
        self.volumes[volume["name"]].config = new

    # Exec sessions

    def add_session(self, one: Config, session: str) -> None:
        held = self._there(one, "container {key} is not present in the database")
        if session in self.sessions:
            raise Said(f"an exec session with ID {session} already exists: exec session already exists")
        self.sessions[session] = one["id"]
        held.sessions = {**(held.sessions or {}), session: one["id"]}

    def session_owner(self, session: str) -> str:
        if not session:
            raise Said("name or ID cannot be empty")
        if session not in self.sessions:
            raise Said(f"no exec session with ID {session} found: no such exec session")
        return self.sessions[session]

    def remove_session(self, session: str, owner: str) -> None:
        if session not in self.sessions:
            raise Said("no such exec session")
        if self.sessions[session] != owner:
            raise Said(f"database inconsistency: exec session {session} points to container {owner} in state but "
                       f"{self.sessions[session]} in database: internal libpod error")  # fmt: skip
        del self.sessions[session]
        (self.containers[owner].sessions or {}).pop(session)

    def sessions_of(self, one: Config) -> tuple[str, ...]:
        if one["id"] not in self.containers:
            raise Said("no such container")
        return tuple(sorted(self.containers[one["id"]].sessions or ()))

    def remove_sessions(self, one: Config) -> None:
        for session in self.sessions_of(one):
            self.remove_session(session, one["id"])

    # Networks

    def networks(self, one: Config, ours: str) -> tuple[str, ...]:
        self._foreign(one, ours)
        held = self._there(one, "container {key} does not exist in database")
        if held.networks is None:
            raise Said(f"container {one['id']} is not joined to any CNI networks: network not found")
        return tuple(sorted(held.networks))

    def aliases(self, one: Config, network: str, ours: str) -> tuple[str, ...]:
        if not network:
            raise Said("network names must not be empty: invalid argument")
        self._foreign(one, ours)
        held = self._there(one, "container {key} does not exist in database")
        if held.networks is None:
            return ()
        if network not in held.networks:
            raise Said(f"container {one['id']} is not part of network {network}, no aliases found"
                       ": no aliases for container")  # fmt: skip
        return tuple(sorted((held.aliases or {}).get(network, ())))

    def all_aliases(self, one: Config, ours: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        self._foreign(one, ours)
        held = self._there(one, "container {key} does not exist in database")
        named = held.aliases or {}
        return tuple((each, tuple(sorted(named[each]))) for each in sorted(held.networks or ()) if each in named)

    def connect(self, one: Config, network: str, aliases: tuple[str, ...], ours: str) -> None:
        if not network:
            raise Said("network names must not be empty: invalid argument")
        self._foreign(one, ours)
        held = self._there(one, "container {key} does not exist in database")
        joined = set(one.get("networks") or ("podman",)) if held.networks is None else held.networks
        if network in joined:
            raise Said(f'container {one["id"]} is already connected to CNI network "{network}": network already exists')
        held.networks = joined | {network}
        held.aliases = {**(held.aliases or {}), network: (held.aliases or {}).get(network, set()) | set(aliases)}

    def disconnect(self, one: Config, network: str, ours: str) -> None:
        if not network:
            raise Said("network names must not be empty: invalid argument")
        self._foreign(one, ours)
        held = self._there(one, "container {key} does not exist in database")
        if held.networks is None:
            raise Said(f"container {one['id']} is not connected to any CNI networks, so cannot disconnect"
                       ": network not found")  # fmt: skip
        if network not in held.networks:
            raise Said(f'container {one["id"]} is not connected to CNI network "{network}": network not found')
        held.networks.remove(network)
        (held.aliases or {}).pop(network, None)

    # The database

    def buckets(self) -> Buckets:
        """What is in the database's buckets."""
        spaces = {key: held.config["namespace"] for held_all in (self.containers, self.pods)
                  for key, held in _items(held_all) if held.config.get("namespace")}  # fmt: skip
        return {
            "id-registry": dict(self.ids),
            "name-registry": dict(self.names),
            "ns-registry": spaces,
            "ctr": {key: self._container(key, held) for key, held in self.containers.items()},
            "all-ctrs": {key: self.ids[key] for key in self.containers},
            "pod": {key: _pod(held) for key, held in self.pods.items()},
            "allPods": {key: self.ids[key] for key in self.pods},
            "vol": {name: _volume(held) for name, held in self.volumes.items()},
            "allVolumes": {name: name for name in self.volumes},
            "exec": dict(self.sessions),
            "runtime-config": {},
        }

    @staticmethod
    def _container(key: str, held: Held) -> Buckets:
        found: Buckets = {"config": held.config, "state": held.state, "dependencies": dict(held.dependents)}
        beside = {"namespace": held.config.get("namespace"), "pod-id": held.pod, "netns": held.netns}
        found |= {name: value for name, value in beside.items() if value}
        if held.sessions is not None:
            found["exec"] = dict(held.sessions)
        if held.networks is not None:
            found["networks"] = dict.fromkeys(held.networks, key)
        if held.aliases is not None:
            found["aliases"] = {network: dict.fromkeys(names, key) for network, names in held.aliases.items()}
        return found


def _items(held: dict[str, Held] | dict[str, HeldPod]) -> list[tuple[str, Held | HeldPod]]:
    return list(held.items())


def _pod(held: HeldPod) -> Buckets:
    found: Buckets = {"config": held.config, "state": held.state, "containers": dict(held.members)}
    return found | ({"namespace": held.config["namespace"]} if held.config.get("namespace") else {})


def _volume(held: HeldVolume) -> Buckets:
    found: Buckets = {"config": held.config, "vol-dependencies": {key: key for key in held.users}}
    return found if held.state is None else found | {"state": held.state}


def said(operation: Callable[[], Any]) -> Any:
    """What an operation answers: its value, or the text of libpod's refusal."""
    try:
        return operation()
    except Said as refusal:
        return f"Error: {refusal}"
