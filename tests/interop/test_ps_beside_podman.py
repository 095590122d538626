"""``pypod ps`` beside ``podman ps``, on containers that the installed podman made; and while podman cannot answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pypod.pure.state.choice import version_of

FIRST_OTHER_WORDS = (4, 4, 0)
"""From here on podman says ``Up 3 minutes`` without ``ago``."""

MADE = """
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs $place
limits="--ulimit nofile=1024:1024 --ulimit nproc=1024:1024"
podman() { command podman $flags "$@"; }
podman create $limits --net none --name plain --rootfs $rootfs /bin/sleep 1000
podman create $limits --net none --name long --rootfs $rootfs /bin/sh -c 'echo hello; sleep 1000'
podman create $limits -p 8080:80 -p 127.0.0.1:9000-9003:9000-9003/udp --name ports --rootfs $rootfs /bin/true
podman pod create --infra=false --name pod
podman create $limits --net none --pod pod --name member --rootfs $rootfs /bin/true
podman run -d $limits --net none --name up --rootfs $rootfs /bin/sleep 1000
podman run $limits --net none --name over --rootfs $rootfs /bin/sh -c 'exit 3'
test -e $database || { echo UNMADE; exit; }
"""

COMPARED = """
for wanted in "" --no-trunc; do
    for attempt in 1 2 3 4 5; do
        podman ps -a $wanted >$place/theirs; $pypod ps $wanted >$place/ours
        cmp -s $place/theirs $place/ours && break
    done
    # Between the two lists a second may pass for some container: then all but the number of seconds is the same.
    for list in theirs ours; do
        sed -E -i 's/(Less than a second|About a minute|[0-9]+ seconds?)/N seconds/g; s/  +/  /g' $place/$list
    done
    diff $place/theirs $place/ours || failed=1
done
podman ps -aq | sort >$place/theirs; $pypod ps -q >$place/ours
diff $place/theirs $place/ours || failed=1
flock $database sh -c "$pypod ps -q" >$place/ours
diff $place/theirs $place/ours || failed=1
$pypod state check || failed=1
podman rm -fa >/dev/null 2>&1
test -z "$failed" && echo AGREED
"""


def _needed() -> str:
    """Why this cannot be shown here; empty where it can."""
    if os.geteuid() != 0:
        return "only root can have a mount namespace of its own"
    missing = [name for name in ("podman", "runc", "busybox", "unshare", "flock") if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    said = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=False).stdout.split()
    version = version_of(said[-1] if said else "")
    return "" if version and version < FIRST_OTHER_WORDS else f"podman {said[-1:]} has other words"


@pytest.fixture
def near() -> Iterator[Path]:
    """A directory with a short name: podman takes no longer ones for its run root."""
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp") as directory:
        yield Path(directory)


def test_the_same_list(near: Path) -> None:
    why_not = _needed()
    if why_not:
        pytest.skip(f"{why_not}: that ps agrees with podman's is NOT shown here")
    binaries = near / "rootfs" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "", binaries)
    for name in ("sh", "sleep", "true"):
        (binaries / name).symlink_to("busybox")
    place = near / "place"
    flags = (
        f"--root {place}/root --runroot {place}/run --tmpdir {place}/tmp --storage-driver vfs "
        "--cgroup-manager cgroupfs --events-backend file --runtime runc"
    )
    names = f"place={place} rootfs={near}/rootfs database={place}/root/libpod/bolt_state.db flags='{flags}' failed="
    pypod = f'pypod="{sys.executable} -m pypod $flags"'
    place.mkdir()
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{names}\n{pypod}\n{MADE}\n{COMPARED}"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.stdout.endswith("UNMADE\n"):
        pytest.skip(f"podman makes no containers here, so nothing is shown: {done.stderr[-300:]}")
    assert done.stdout.endswith("AGREED\n"), done.stdout + done.stderr
