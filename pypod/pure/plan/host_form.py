"""The published form of a host description, as ``pypod plan --host FILE`` reads it.

Only the schema is made of these types: a description is read by ``pypod.pure.world.describe``, which names the place of
whatever is wrong.  Fields that are not named here are left alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

Mode = Annotated[str, Meta(pattern="^0?[0-7]{1,4}$", description="permission bits, octal")] | int


class Owned(Struct, kw_only=True):
    """Mode and owner of what is at a path; by default those that its place gives it."""

    mode: Mode | None = None
    uid: int | None = None
    gid: int | None = None


class File(Owned, kw_only=True):
    """A file by its content: ``text``, ``b64``, ``b64z`` (base64 of zlib), ``size`` (zeros), ``tar`` (members), ``bolt``
    (buckets), ``shm`` (a lock segment); or a link, a pipe, a socket.  Then it may be cut, appended to and patched
    (``[[offset, hex], ...]``).
    """

    text: str | None = None
    b64: str | None = None
    b64z: str | None = None
    size: int | None = None
    symlink: str | None = None
    fifo: Any = None
    socket: Any = None
    tar: Any = None
    bolt: dict[str, Any] | None = None
    shm: dict[str, Any] | None = None
    truncate: int | None = None
    append: str = ""
    patch: list[tuple[int, str]] = []


class Program(Struct, kw_only=True):
    """An executable that writes this and ends with ``rc``, after ``sleep`` seconds."""

    stdout: str = ""
    stderr: str = ""
    rc: int = 0
    mode: Mode | None = None
    sleep: float | str | None = None


class Mount(Struct, kw_only=True):
    """A tmpfs of its own; ``size`` as mount takes it (``1m``)."""

    path: str
    size: str = "1m"
    mode: Mode | None = None


class Laid(Struct, kw_only=True):
    """What is put on the host, in this order: removed first, protected last."""

    remove: list[str] = []
    dirs: dict[str, Owned] = {}
    files: dict[str, File] = {}
    programs: dict[str, Program] = {}
    mounts: list[Mount] = []
    readonly: list[str] = []
    env: dict[str, str | None] = {}


class Step(Laid, kw_only=True):
    """A command that is run on the host: its words, what is put there before it, whether the host is booted before it."""

    args: list[str] = []
    cwd: str | None = None
    writable: list[str] = []
    reboot_before: bool = False


class Overlay(Struct, kw_only=True):
    """What the kernel's overlay filesystem can do."""

    supported: bool = True
    d_type: bool = True
    metacopy: bool = False
    native_diff: bool = True


class Build(Struct, kw_only=True):
    """What podman was built with."""

    drivers: tuple[str, ...] = ("overlay", "overlay2", "aufs", "zfs", "vfs")
    systemd: bool = True


class Limits(Struct, kw_only=True):
    """Resource limits, soft and hard the same."""

    nproc: int = 4096


class Description(Laid, kw_only=True):
    """A host: who runs Podman there, what the kernel can do, and what is on it besides a bare skeleton."""

    name: str = ""
    uid: int = 0
    subids: bool = True
    cgroup: Literal["v1", "v2"] = "v1"
    init: str = "init"
    hostname: str = "host"
    machine: str = "x86_64"
    page_size: int = 4096
    boot_id: str = ""
    selinux: bool = False
    apparmor: bool = False
    seccomp: bool = True
    session: bool = False
    processes: dict[str, str] = {}
    podman_installed: str = "3.4.7"
    overlay: Overlay = msgspec.field(default_factory=Overlay)
    build: Build = msgspec.field(default_factory=Build)
    limits: Limits = msgspec.field(default_factory=Limits)
    steps: list[Step] = []


class Recording(Struct, kw_only=True):
    """A recording of a host: its description, and what happened on it."""

    case: Description
    recorded_from: str = ""


def schema() -> bytes:
    """The JSON schema of a description or a recording, as published in ``pypod/schemas/host.schema.json``."""
    from pypod.pure.plan.schema import published

    (description, recording), definitions = msgspec.json.schema_components(
        (Description, Recording), ref_template="#/$defs/{name}"
    )
    body = {
        "if": {"type": "object", "required": ["case"]},
        "then": recording,
        "else": description,
        "$defs": definitions,
    }
    return published("A host for pypod to plan on: a description, or a recording of one", body)
