"""The host that every described case starts from: an empty skeleton with three users, no configuration, no tools."""

from __future__ import annotations

from functools import cache
from typing import Final

from pypod.pure.facts import CGROUP2_MAGIC, FileType
from pypod.pure.table import Table
from pypod.pure.world.laying import SHELL, USER, USER_HOME
from pypod.pure.world.state import Mount, Node, Program

SEARCH_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_DIRECTORIES: Final = {
    0o755: "/ /dev /dev/pts /etc /home /media /mnt /opt /run /srv /usr /usr/bin /usr/sbin /usr/lib /usr/lib64 /usr/libexec "
    "/usr/share /usr/local /usr/local/bin /usr/local/sbin /usr/local/lib /var /var/lib /var/log /.oracle",
    0o555: "/proc /proc/1 /proc/self /proc/sys /proc/sys/kernel /proc/sys/kernel/random /proc/sys/user /sys /sys/fs "
    "/sys/fs/cgroup /sys/module",
    0o700: "/root",
    0o1777: "/tmp /var/tmp /dev/shm",  # noqa: S108 - the directories that anybody may write to
}
_LINKS: Final = {
    "/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64", "/var/run": "/run",
    "/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2", "/usr/bin/sh": SHELL,
}  # fmt: skip
_FILES: Final = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "/etc/group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/hosts": "127.0.0.1 localhost host\n",
    "/etc/hostname": "host\n",
    "/etc/resolv.conf": "",
    "/etc/os-release": "ID=plain\nVERSION_ID=1\nNAME=plain\n",
    "/proc/filesystems": "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup\nnodev\tcgroup2\nnodev\toverlay\n\text4\n",
    "/proc/sys/kernel/pid_max": "4194304\n",
    "/proc/sys/user/max_user_namespaces": "63459\n",
    "/proc/meminfo": "MemTotal: 4194304 kB\nMemFree: 2097152 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
    "/proc/version": "Linux version 6.1.0 (pypod) #1 SMP\n",
    "/proc/uptime": "3600.00 3600.00\n",
    "/proc/cgroups": "#subsys_name\thierarchy\tnum_cgroups\tenabled\n",
    "/proc/sys/kernel/unprivileged_userns_clone": "1\n",
}
_PROGRAMS: Final = (SHELL,)
_DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty", "fuse")
_SUBIDS: Final = "user:100000:65536\n"
_SET_UID: Final = ("/usr/bin/newuidmap", "/usr/bin/newgidmap")

_PROC: Final = 0x9FA0
_SYSFS: Final = 0x62656572


@cache
def skeleton(*, rootless: bool, subids: bool) -> Table[str, Node]:
    """The nodes of the empty host; the user's home, sub-ids and id-mapping programs only where a user runs."""
    nodes: dict[str, Node] = {}
    for mode, paths in _DIRECTORIES.items():
        nodes.update({path: Node(FileType.DIRECTORY, mode) for path in paths.split()})
    for path, target in _LINKS.items():
        nodes[path] = Node(FileType.LINK, 0o777, size=len(target), target=target)
    texts = dict(_FILES)
    if rootless:
        nodes[USER_HOME] = Node(FileType.DIRECTORY, 0o700, USER, USER)
        if subids:
            texts.update({"/etc/subuid": _SUBIDS, "/etc/subgid": _SUBIDS})
    for path, text in texts.items():
        mode = 0o444 if path.startswith("/proc/") else 0o644
        nodes[path] = Node(FileType.FILE, mode, size=len(text), content=text.encode())
    for name in _DEVICES:
        nodes[f"/dev/{name}"] = Node(FileType.CHARACTER, 0o666)
    for path in (*_PROGRAMS, *(_SET_UID if rootless else ())):
        nodes[path] = Node(FileType.FILE, 0o4755 if path in _SET_UID else 0o755, content=Program())
    return Table(_linked(nodes))


def _linked(nodes: dict[str, Node]) -> dict[str, Node]:
    """With every directory knowing the names in it."""
    names: dict[str, set[str]] = {}
    for path in nodes:
        if path != "/":
            directory, _, name = path.rpartition("/")
            names.setdefault(directory or "/", set()).add(name)
    return {
        path: Node(node.type, node.mode, node.uid, node.gid, names=frozenset(names[path])) if path in names else node
        for path, node in nodes.items()
    }


def base_mounts(*, unified: bool) -> tuple[Mount, ...]:
    """What is mounted at first; ``unified``: cgroup v2."""
    cgroup = ("cgroup2", CGROUP2_MAGIC) if unified else ("tmpfs", 0x01021994)
    return (
        Mount("/"),
        Mount("/dev/shm"),  # noqa: S108 - where glibc keeps shared memory
        Mount("/proc", "proc", _PROC),
        Mount("/proc/sys", "proc", _PROC, read_only=True),
        Mount("/sys", "sysfs", _SYSFS, read_only=True),
        Mount("/sys/fs/cgroup", *cgroup, read_only=True),
    )
