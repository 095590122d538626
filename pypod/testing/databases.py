"""State databases for described hosts: libpod's buckets with containers, pods and volumes."""

from __future__ import annotations

import json
from typing import Any, Final, cast

from pypod.pure.database.facts import TOP_LEVEL

DEFAULT_NAMESPACE: Final = "libpod-default"


def runtime_configuration(graph_root: str, run_root: str, tmp_dir: str, driver: str) -> dict[str, str]:
    """The ``runtime-config`` bucket that a first run leaves."""
    return {
        "os": "linux",
        "static-dir": f"{graph_root}/libpod",
        "tmp-dir": tmp_dir,
        "run-root": run_root,
        "graph-root": graph_root,
        "graph-driver-name": driver,
        "volume-path": f"{graph_root}/volumes",
    }


def database(
    configuration: dict[str, str],
    containers: tuple[dict[str, Any], ...] = (),
    pods: tuple[dict[str, Any], ...] = (),
    volumes: tuple[dict[str, Any], ...] = (),
    exec_sessions: tuple[tuple[str, str], ...] = (),
) -> dict[str, Any]:
    """The buckets of a database.

    ``containers`` and ``pods`` have ``id``, ``name``, ``lock`` and maybe ``state``, ``pid``, ``pod``, ``runtime``; a
    container may have further fields of its ``config`` and of its ``state``, where that is an object; ``volumes`` ``name`` and ``lock``; ``exec_sessions`` are pairs of session and container.
    """
    tree: dict[str, Any] = {name: {} for name in TOP_LEVEL}
    tree["runtime-config"] = dict(configuration)
    for one in containers:
        _register(tree, one, "ctr", "all-ctrs")
        tree["ctr"][one["id"]] = _container(one)
    for one in pods:
        _register(tree, one, "pod", "allPods")
        tree["pod"][one["id"]] = _pod(one, containers)
    for one in volumes:
        name = one["name"]
        tree["allVolumes"][name] = name
        config = {"name": name, "lockID": one["lock"], "volumeDriver": "local"}
        tree["vol"][name] = {"config": _json(config), "state": _json({"mountCount": one.get("mounts", 0)})}
    for session, container in exec_sessions:
        tree["exec"][session] = container
    return tree


def _register(tree: dict[str, Any], one: dict[str, Any], kind: str, listed: str) -> None:
    tree["id-registry"][one["id"]] = one["name"]
    tree["name-registry"][one["name"]] = one["id"]
    tree[listed][one["id"]] = one["name"]
    tree[kind][one["id"]] = {}


def _container(one: dict[str, Any]) -> dict[str, Any]:
    config = {"id": one["id"], "name": one["name"], "lockID": one["lock"], "runtime": one.get("runtime", "runc")}
    if one.get("pod"):
        config["pod"] = one["pod"]
    held = one.get("state", 1)
    state: dict[str, Any] = cast("Any", held) if isinstance(held, dict) else {"state": held, "pid": one.get("pid", 0)}
    return {
        "config": _json({**config, **one.get("config", {})}),
        "state": _json({name: value for name, value in state.items() if value}),
    }


def _pod(one: dict[str, Any], containers: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    config = {"id": one["id"], "name": one["name"], "lockID": one["lock"], "cgroupParent": "/libpod_parent"}
    inside = {each["id"]: each["name"] for each in containers if each.get("pod") == one["id"]}
    return {"config": _json(config), "state": _json({"cgroupPath": ""}), "containers": inside}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
