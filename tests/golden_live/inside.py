"""A throw-away machine: a private tmpfs that becomes ``/`` in namespaces of its own, and commands that run on it.

Run as root by :mod:`tests.golden_live.machine` with a plan of what to lay and to run on standard input (JSON, see there);
the answer, JSON too, goes to the descriptor that the plan names.  The standard library alone is used, and nothing of
pypod: this process stays when its root is another one.  Of the real machine nothing is visible but, read-only, the shared
libraries, the interpreter and what the plan binds.  Everything vanishes with the namespaces.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import json
import os
import resource
import shutil
import signal
import socket
import stat
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000  # mnt cgroup uts ipc pid net
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
SET_NAME = 15
PIVOT_ROOT = 155 if os.uname().machine == "x86_64" else 41
DEVICES = {
    "null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0), "fuse": (10, 229),
}  # fmt: skip
OWN = "/.oracle"
"""Where the machine keeps what a described host does not have: a shell for its programs, the package under test."""
UNSEEN = ("/proc", "/sys", OWN)
TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket", stat.S_IFCHR: "character-device", stat.S_IFBLK: "block-device",
}  # fmt: skip

libc = ctypes.CDLL(None, use_errno=True)


def checked(status: int, what: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str | None, target: str, kind: str | None, flags: int = 0, data: str | None = None) -> None:
    def encoded(text: str | None) -> bytes | None:
        return None if text is None else os.fsencode(text)

    status = libc.mount(encoded(source), encoded(target), encoded(kind), ctypes.c_ulong(flags), encoded(data))
    checked(status, f"mount {source} on {target}")


def unmount(target: str) -> bool:
    return bool(libc.umount2(os.fsencode(target), DETACH) == 0)


def bind_read_only(source: str, target: str) -> None:
    """Show a file or directory of the real machine; set-user-id programs keep working."""
    here = Path(target)
    if Path(source).is_dir():
        here.mkdir(parents=True, exist_ok=True)
    elif not here.exists():
        here.parent.mkdir(parents=True, exist_ok=True)
        here.touch()
    mount(source, target, None, BIND)
    mount(None, target, None, REMOUNT | BIND | RDONLY)


class Machine:
    """The machine, first below ``top``, then at ``/``."""

    def __init__(self, plan: dict[str, Any], top: str) -> None:
        self.plan, self.top = plan, top
        self.bound = {target for _, target in plan["binds"]}
        self.digests: dict[str, str] = {}

    def at(self, path: str) -> str:
        return self.top.rstrip("/") + path

    # -- building

    def build(self) -> None:
        mount("tmpfs", self.top, "tmpfs", 0, "mode=0755")
        first = self.plan["first"]
        for path in ("/dev", "/dev/shm", "/proc", "/sys", OWN):
            Path(self.at(path)).mkdir()
        mount("shm", self.at("/dev/shm"), "tmpfs", NOSUID | NODEV, "mode=1777")
        self._kernel_filesystems()
        shutil.copy(self.plan["shell"], self.at(f"{OWN}/sh"))
        Path(self.at(f"{OWN}/sh")).chmod(0o755)
        for name, (major, minor) in DEVICES.items():
            path = self.at(f"/dev/{name}")
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            Path(path).chmod(0o666)
        self.lay(first)
        for helper in self.plan["helpers"]:
            path = self.at(f"/usr/bin/{Path(helper).name}")
            if os.path.lexists(path):
                shutil.copy(helper, path)
                Path(path).chmod(0o4755)
        for source, target in self.plan["binds"]:
            bind_read_only(source, self.at(target))

    def _kernel_filesystems(self) -> None:
        mount("proc", self.at("/proc"), "proc", NOSUID | NODEV | NOEXEC)
        mount(self.at("/proc/sys"), self.at("/proc/sys"), None, BIND)
        mount(None, self.at("/proc/sys"), None, REMOUNT | BIND | RDONLY)
        mount("sysfs", self.at("/sys"), "sysfs", RDONLY | NOSUID | NODEV | NOEXEC)
        target = self.at("/sys/fs/cgroup")
        if self.plan["unified"]:
            mount("cgroup2", target, "cgroup2", RDONLY | NOSUID)
            return
        mount("tmpfs", target, "tmpfs", 0, "mode=755")
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
            fields = line.split()
            point, kind = fields[4], fields[fields.index("-") + 1]
            if point.startswith("/sys/fs/cgroup/") and kind == "cgroup":
                bind_read_only(point, target + point[len("/sys/fs/cgroup") :])
        mount(None, target, None, REMOUNT | RDONLY, "mode=755")

    def enter(self) -> None:
        """Make it the root of this process."""
        old = f"{self.top}{OWN}/old"
        Path(old).mkdir()
        checked(libc.syscall(PIVOT_ROOT, os.fsencode(self.top), os.fsencode(old)), "pivot_root")
        os.chdir("/")
        unmount(f"{OWN}/old")
        Path(f"{OWN}/old").rmdir()
        self.top = "/"

    # -- laying

    def lay(self, change: dict[str, Any]) -> None:
        """Unmount, mount, remove, put, protect: in this order."""
        for point in change["unmount"]:
            unmount(self.at(point))
        for one in change["mount"]:
            if not one["read_only"]:
                Path(self.at(one["point"])).mkdir(parents=True, exist_ok=True)
                mount("tmpfs", self.at(one["point"]), "tmpfs", 0, one["data"])
        for path in change["remove"]:
            self._remove(self.at(path))
        for path, node in change["put"]:
            if path not in self.bound:
                self._put(self.at(path), node)
        for one in change["mount"]:
            if one["read_only"]:
                here = self.at(one["point"])
                mount(here, here, None, BIND)
                mount(None, here, None, REMOUNT | BIND | RDONLY)

    def _remove(self, here: str) -> None:
        if Path(here).is_dir() and not Path(here).is_symlink():
            shutil.rmtree(here)
        else:
            Path(here).unlink(missing_ok=True)

    def _put(self, here: str, node: dict[str, Any]) -> None:
        kind = node["type"]
        if kind == "directory":
            if not Path(here).is_dir():
                Path(here).mkdir()
        elif kind == "file":
            if Path(here).is_symlink():
                Path(here).unlink()
            Path(here).write_bytes(base64.b64decode(node["content"]))
        elif not os.path.lexists(here):
            self._put_special(here, node)
        os.lchown(here, node["uid"], node["gid"])
        if kind != "link":
            Path(here).chmod(node["mode"])

    def _put_special(self, here: str, node: dict[str, Any]) -> None:
        if node["type"] == "link":
            Path(here).symlink_to(node["target"])
        elif node["type"] == "fifo":
            os.mkfifo(here)
        elif node["type"] == "socket":
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(here)

    # -- running

    def run(self, step: dict[str, Any]) -> dict[str, Any]:
        out, err = os.memfd_create("out"), os.memfd_create("err")
        child = os.fork()
        if child == 0:
            become(step, out, err)
        status = waited(child, step["timeout"])
        trace = Path(f"{OWN}/trace")
        return {
            "trace": trace.read_text(encoding="utf-8", errors="replace") if step["traced"] else "",
            "rc": None if status is None else os.waitstatus_to_exitcode(status),
            "stdout": everything(out),
            "stderr": everything(err),
        }

    def reboot(self) -> None:
        kill_others()

    # -- looking

    def seen(self) -> dict[str, Any]:
        """Everything but what the machine needs itself; the content of files that changed since the last look."""
        return {path: self._look(path) for path in sorted(self._walk("/"))}

    def _walk(self, directory: str) -> Iterator[str]:
        for found in Path(directory).iterdir():
            path = str(found)
            if path in UNSEEN or path in self.bound:
                continue
            yield path
            if found.is_dir() and not found.is_symlink():
                yield from self._walk(path)

    def _look(self, path: str) -> dict[str, Any]:
        status = os.lstat(path)
        kind = TYPES[stat.S_IFMT(status.st_mode)]
        found: dict[str, Any] = {
            "type": kind,
            "mode": stat.S_IMODE(status.st_mode),
            "uid": status.st_uid,
            "gid": status.st_gid,
            "size": status.st_size,
        }
        if kind == "link":
            found["target"] = str(Path(path).readlink())
        elif kind == "file":
            content = Path(path).read_bytes()
            digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            if self.digests.get(path) != digest:
                self.digests[path] = digest
                found["content"] = base64.b64encode(content).decode()
        return found


def become(step: dict[str, Any], out: int, err: int) -> None:
    """Be the command; never returns."""
    try:
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, 256)
        os.setsid()
        os.umask(0o022)
        for kind, limit in ((resource.RLIMIT_NOFILE, 4096), (resource.RLIMIT_NPROC, 4096), (resource.RLIMIT_CORE, 0)):
            resource.setrlimit(kind, (limit, limit))
        if step["uid"]:
            os.setgroups([])
            os.setgid(step["uid"])
            os.setuid(step["uid"])
        os.chdir(step["cwd"])
        os.execve(step["argv"][0], step["argv"], step["env"])
    except BaseException as error:  # noqa: BLE001 - never back into the machine's first process
        os.write(2, f"the command could not be run: {error}\n".encode())
    os._exit(127)


def waited(child: int, seconds: float) -> int | None:
    """The wait status of a child, orphans being reaped on the way; nothing when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > deadline:
            kill_others()
            return None
        time.sleep(0.002)


def everything(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb") as file:
        return file.read().decode("utf-8", "surrogateescape")


def others() -> dict[int, str]:
    """The living processes but the first: id and name."""
    found: dict[int, str] = {}
    for name in (one.name for one in Path("/proc").iterdir()):
        if name.isdigit() and int(name) != 1:
            try:
                text = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            if text.rsplit(")", 1)[1].split()[0] != "Z":
                found[int(name)] = text[text.index("(") + 1 : text.rindex(")")]
    return found


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def kill_others() -> None:
    for _ in range(100):
        left = others()
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        reap()
        time.sleep(0.01)


def live(plan: dict[str, Any], top: str) -> list[dict[str, Any]]:
    """The steps, one after the other: what lay there, what was run, what lies there then."""
    machine = Machine(plan, top)
    os.umask(0)
    machine.build()
    checked(libc.sethostname(b"host", 4), "sethostname")
    machine.enter()
    libc.prctl(SET_NAME, ctypes.c_char_p(plan["init"].encode()), 0, 0, 0)
    records: list[dict[str, Any]] = []
    for step in plan["steps"]:
        if step["reboot"]:
            machine.reboot()
        machine.lay(step["lay"])
        before = machine.seen()
        ran = machine.run(step) if step["argv"] else {"rc": None, "stdout": "", "stderr": "", "trace": ""}
        reap()
        records.append({**ran, "before": before, "after": machine.seen(), "left": sorted(others().values())})
    return records


def first_process(plan: dict[str, Any], top: str, writer: int) -> int:
    try:
        mount(None, "/", None, REC | PRIVATE)
        answer: dict[str, Any] = {"records": live(plan, top)}
    except Exception:  # noqa: BLE001 - whatever went wrong is told to who started this
        answer = {"error": traceback.format_exc()}
    with os.fdopen(writer, "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(answer, file)
    kill_others()
    return 0


def main() -> int:
    plan: dict[str, Any] = json.load(sys.stdin)
    top = sys.argv[1]
    checked(libc.unshare(NAMESPACES), "unshare")
    child = os.fork()
    if child == 0:
        os._exit(first_process(plan, top, int(sys.argv[2])))
    os.waitpid(child, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
