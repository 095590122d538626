"""pypod beside a real podman: a scratch root that podman made is read and planned for.

Podman runs in a mount namespace of its own with an empty ``/dev/shm``, so that neither the host's containers nor its
lock segment are touched.  It is a newer podman than the one whose rules are followed; what both agree on is compared.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pypod.cli.published import ROOT

NEEDED = ("podman", "conmon", "crun", "runc", "unshare", "mount")
SCHEMA = json.loads((ROOT / "pypod/schemas/plan.schema.json").read_text(encoding="utf-8"))
Outputs = dict[str, Any]


def missing_podman() -> str:
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)} here"
    if os.geteuid() != 0:
        return "only root can give podman a mount namespace of its own"
    said = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=False).stdout.split()
    if len(said) < 3 or said[2].partition(".")[0] not in ("3", "4"):
        return f"a podman with a BoltDB state is needed, not {' '.join(said)}"
    tried = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/dev/shm"], capture_output=True, check=False
    )
    return "" if tried.returncode == 0 else "mounting is not allowed here"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where podman's scratch root is.  Podman refuses a run root of more than 50 characters."""
    return tmp_path_factory.mktemp("p")


@pytest.fixture(scope="module")
def outputs(place: Path) -> Outputs:
    """What podman and pypod say of the scratch root: by name, decoded from JSON."""
    why = missing_podman()
    if why:
        pytest.skip(f"{why}: that pypod reads what a real podman writes is NOT shown here")
    link = Path(f"/run/pypod-interop-{os.getpid()}")
    link.symlink_to(place)
    try:
        done = subprocess.run(
            ["unshare", "-m", "sh", "-e", "-c", _script(link)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=ROOT,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.returncode == 0, done.stderr
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in place.glob("*.json")} | {
            "at": str(link),
            "container": (place / "container").read_text(encoding="utf-8").strip(),
        }
    finally:
        link.unlink()


def _script(link: Path) -> str:
    flags = (
        f"--root {link}/root --runroot {link}/run --tmpdir {link}/tmp --storage-driver vfs --events-backend file "
        "--cgroup-manager cgroupfs"
    )
    podman = f"podman {flags}"
    pypod = f"{shlex.quote(sys.executable)} -m pypod {flags}"
    return f"""
mount --make-rprivate /
mount -t tmpfs none /dev/shm
{pypod} plan --format json > {link}/before.json
mkdir -p {link}/tiny/bin
echo nothing > {link}/tiny/bin/true
tar -C {link}/tiny -cf {link}/tiny.tar .
{podman} volume create data
{podman} import --quiet {link}/tiny.tar tiny:1
{podman} --runtime runc create --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --net none --name one tiny:1 /bin/true > {link}/container
{podman} info --format json > {link}/info.json
{pypod} plan --format json > {link}/after.json
{pypod} plan --for 'system renumber' --format json > {link}/renumber.json
{pypod} plan --for 'system migrate --new-runtime=crun' --format json > {link}/migrate.json
{pypod} --runroot {link}/other plan --format json > {link}/moved.json || test $? = 1
{podman} info --format json > {link}/still.json
{podman} rm one
{podman} volume rm data
"""


def test_every_plan_fits_the_schema(outputs: Outputs) -> None:
    for name in ("before", "after", "renumber", "migrate", "moved"):
        jsonschema.validate(outputs[name], SCHEMA)


def test_before_podman_ran_everything_is_to_be_made(outputs: Outputs) -> None:
    actions = [action["action"] for action in outputs["before"]["actions"]]
    assert "create_database" in actions
    assert "create_locks" in actions


def test_after_podman_ran_nothing_is_made_again(outputs: Outputs) -> None:
    plan = outputs["after"]
    assert plan["failure"] is None
    # The mark of libpod 3.4 that the default network was written: later versions keep none.
    assert {Path(action["path"]).name for action in plan["actions"]} <= {"defaultCNINetExists"}
    assert plan["pins"]["database_txid"] > 0
    assert plan["pins"]["alive_mtime"]
    assert "/libpod_lock" in [hold["lock"] for hold in plan["holds"]]


def test_the_settings_are_those_that_podman_shows(outputs: Outputs) -> None:
    settings, info = outputs["after"]["settings"], outputs["info"]
    shown = {name: settings[name]["value"] for name in settings}
    assert shown["storage.graph_root"] == info["store"]["graphRoot"]
    assert shown["storage.run_root"] == info["store"]["runRoot"]
    assert shown["store.graph_driver"] == info["store"]["graphDriverName"]
    assert shown["engine.volume_path"] == info["store"]["volumePath"]
    assert shown["engine.cgroup_manager"] == info["host"]["cgroupManager"]
    assert shown["engine.events_logger"] == info["host"]["eventLogger"]
    assert shown["conmon.path"] == info["host"]["conmon"]["path"]
    assert shown["conmon.version"] == info["host"]["conmon"]["version"]
    assert shown["oci_runtime.name"] == info["host"]["ociRuntime"]["name"]
    assert shown["oci_runtime.path"] == info["host"]["ociRuntime"]["path"]


def test_the_parts_of_podman_are_found(outputs: Outputs) -> None:
    plan = outputs["after"]
    assert {"crun", "runc"} <= set(plan["runtimes"])
    assert f"{plan['settings']['conmon.path']['value']} --version" in plan["observations"]["programs"]
    assert plan["podman_installed"] == outputs["info"]["version"]["Version"]


def test_renumbering_gives_the_container_and_the_volume_a_lock_each(outputs: Outputs) -> None:
    plan = outputs["renumber"]
    assert (plan["errored"], plan["outcome"]) == (False, "renumbered")
    numbers = [action for action in plan["actions"] if action["action"] == "allocate_lock"]
    assert len(numbers) == 2
    edited = {
        entry["bucket"].rpartition("/")[2]
        for action in plan["actions"]
        if action["action"] == "update_database"
        for entry in action["entries"]
    }
    assert {outputs["container"], "data"} <= edited


def test_migrating_to_another_runtime_rewrites_the_container(outputs: Outputs) -> None:
    plan = outputs["migrate"]
    assert (plan["errored"], plan["outcome"]) == (False, "migrated")
    edited = [
        entry for action in plan["actions"] for entry in action["entries"] if outputs["container"] in entry["bucket"]
    ]
    assert any("runtime crun" in (entry["value"] or "") for entry in edited), plan["actions"]


def test_another_run_root_is_refused_with_both_sides(outputs: Outputs) -> None:
    failure = outputs["moved"]["failure"]
    assert (failure["kind"], failure["stage"], failure["diagnosis"]) == (
        "ErrDBBadConfig",
        "database-validation",
        "DB-01",
    )
    sides = failure["comparison"]
    assert (sides["ours"], sides["database"]) == (f"{outputs['at']}/other", f"{outputs['at']}/run")


def test_podman_sees_the_same_after_all_plans(outputs: Outputs) -> None:
    for name in ("containerStore", "imageStore", "graphRoot", "runRoot", "volumePath"):
        assert outputs["still"]["store"][name] == outputs["info"]["store"][name]
