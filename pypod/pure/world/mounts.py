"""Mounts and the overlay filesystem in the simulated kernel.

A closed world answers the overlay driver's test mounts from the facts of its host (``World.overlay``).  An open world
decides them from what can be seen without mounting, and says that it only assumes (``known=False``).
"""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, FileType, Probed
from pypod.pure.failure import HostError
from pypod.pure.vocabulary.files import ReadFile
from pypod.pure.world.overlay_mount import OverlayMount, overlay_mount
from pypod.pure.world.process import Processes
from pypod.pure.world.state import Mount, World
from pypod.pure.world.tree import SYS_ADMIN, above, refusal, replaced

_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)

BACKING: Final = {
    0x61756673: "aufs", 0x9123683E: "btrfs", 0x28CD3D45: "cramfs", 0xF15F: "ecryptfs", 0xEF53: "extfs",
    0xF2F52010: "f2fs", 0x47504653: "gpfs", 0x72B6: "jffs2", 0x3153464A: "jfs", 0x6969: "nfs",
    0x794C7630: "overlayfs", 0x858458F6: "ramfs", 0x52654973: "reiserfs", 0x517B: "smb", 0x73717368: "squashfs",
    0x01021994: "tmpfs", 0xA501FCF5: "vxfs", 0x58465342: "xfs", 0x2FC12FC1: "zfs",
}  # fmt: skip
"""Names of filesystems by their magic number, as containers/storage prints them."""

_NO_UPPER: Final = frozenset({"overlayfs", "aufs", "zfs", "ecryptfs", "ramfs", "nfs", "smb"})
_PROPAGATING: Final = ("shared:", "master:")
_REDIRECT: Final = "kernel has CONFIG_OVERLAY_FS_REDIRECT_DIR enabled"
_OPAQUE: Final = "opaque flag erroneously copied up, consider update to kernel 4.8 or later to fix"


def _said(number: int) -> str:
    return HostError(number, "", "").reason


class Mounts(Processes):
    """Mounting needs CAP_SYS_ADMIN in the namespace of the process."""

    def _mountable(self, path: str, call: str) -> str | HostError:
        found = self.found(path)
        if isinstance(found, int):
            return HostError(found, call, path)
        return found[0] if self.capable(SYS_ADMIN) else HostError(errno.EPERM, call, path)

    def bind_on_itself(self, path: str, /) -> Result[Changed, HostError]:
        where = self._mountable(path, "mount")
        if isinstance(where, HostError):
            return Failure(where)
        over = self.mount_of(where)
        if self.world.open:
            seen, shared = self._seen_mount(where, exactly=False)
            if over is None or len(seen) > len(over.point):
                over = Mount(seen or "/", shared=shared)
        bound = replaced(over or Mount("/"), point=where, bind=True, hidden=())
        self.world = replaced(self.world, mounts=(*self.world.mounts, bound))
        return self._mount_changed(where, "bind-mounted on itself")

    def _mount_changed(self, where: str, detail: str) -> Result[Changed, HostError]:
        entry = self.world.nodes[where].entry
        return Success(Changed((Change(where, entry, entry, detail),)))

    def make_private(self, path: str, /) -> Result[Changed, HostError]:
        where = self._mountable(path, "remount")
        if isinstance(where, HostError):
            return Failure(where)
        mount = self.mounted_at(where)
        if mount is None and self.world.open:
            there, shared = self._seen_mount(where, exactly=True)
            mount = Mount(where, shared=shared) if there and not self.is_covered(where) else None
        if mount is None:
            return refusal(errno.EINVAL, "remount", path)
        if not mount.shared:
            return _NOTHING
        known = self.world.mounts if any(one is mount for one in self.world.mounts) else (mount, *self.world.mounts)
        private = tuple(replaced(one, shared=False) if one is mount else one for one in known)
        self.world = replaced(self.world, mounts=private)
        return self._mount_changed(where, "made private")

    def _seen_mount(self, where: str, *, exactly: bool) -> tuple[str, bool]:
        """Where the real host has a mount, at the path or above it, empty for none; and whether it is shared."""
        lines = self.asked(ReadFile("/proc/self/mountinfo")).value_or(b"").decode("utf-8", "surrogateescape")
        points: dict[str, bool] = {}
        for line in lines.splitlines():
            fields = line.split(" ")
            if len(fields) > 6:
                point = (
                    fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
                )
                points[point] = any(field.startswith(_PROPAGATING) for field in fields[6 : fields.index("-")])
        while not exactly and where not in points and where != "/":
            where = above(where)
        return where if where in points else "", points.get(where, False)

    def unmount(self, path: str, /) -> Result[Changed, HostError]:
        found = self.found(path)
        if isinstance(found, int):
            return refusal(found, "unmount", path)
        where, node = found
        mount = self.mounted_at(where)
        if not self.capable(SYS_ADMIN):
            return refusal(errno.EPERM, "unmount", path)
        if mount is None and not (node.seen and self.is_mount_point(where).value_or(default_value=False)):
            return _NOTHING
        if mount is None:
            return self._mount_changed(where, "unmounted")
        self.world = unmounted(self.world, mount)
        return self._mount_changed(where, "unmounted")

    # -- the overlay driver's tests

    def _scratch(self, home: str) -> int:
        """0, or the errno with which a scratch directory cannot be made in the driver's home."""
        found = self.found(home)
        if isinstance(found, int):
            return found
        return errno.ENOTDIR if found[1].type is not FileType.DIRECTORY else self.enterable(found[0])

    def _backing(self, home: str) -> str:
        answer = self.stat_filesystem(home)
        return BACKING.get(answer.unwrap().magic, "<unknown>") if not isinstance(answer, Failure) else "<unknown>"

    def _module_parameter(self, name: str) -> bool:
        text = self.asked(ReadFile(f"/sys/module/overlay/parameters/{name}")).value_or(b"")
        return text.strip() in (b"Y", b"y", b"1", b"on")

    def _overlay_supported(self, backing: str) -> bool:
        if not self.world.open:
            return self.world.overlay.supported
        known = self.asked(ReadFile("/proc/filesystems")).value_or(b"")
        return b"\toverlay\n" in known and backing not in _NO_UPPER

    def _d_type(self) -> bool:
        return self.world.open or self.world.overlay.d_type

    def _scratch_path(self, home: str, prefix: str) -> str:
        return f"{home}/{prefix}{int(self.draw_token(8).unwrap(), 16)}"

    def test_overlay(self, home: str, rootless: bool, /) -> Result[Probed, HostError]:
        """Failures are those of the scratch directory; ``because`` is the error of containers/storage's ``doesSupport``."""
        del rootless
        refused = self._scratch(home)
        if refused:
            return refusal(refused, "mkdir", self._scratch_path(home, "compat"))
        backing = self._backing(home)
        known = not self.world.open
        if not self._d_type():
            return Success(Probed(holds=False, because=_without_d_type(backing), known=known))
        if self._overlay_supported(backing):
            return Success(Probed(holds=True, known=known))
        because = (
            f"'overlay' is not supported over {backing} at \"{home}\""
            ": backing file system is unsupported for this graph driver"
        )
        return Success(Probed(holds=False, because=because, known=known))

    def _overlay(self, options: str, *, rootless: bool) -> OverlayMount | None:
        """An overlay mounted with these options, nothing where they are refused."""
        if self.world.open:
            metacopy, redirects = self._module_parameter("metacopy"), self._module_parameter("redirect_dir")
        else:
            metacopy, redirects = self.world.overlay.metacopy, False
        return overlay_mount(options, rootless=rootless, metacopy=metacopy, redirects=redirects)

    def test_metacopy(self, home: str, rootless: bool, mount_options: str, /) -> Result[Probed, HostError]:
        """``because`` is empty where the test decided; else the words of the refused mount (``invalid argument``)."""
        refused = self._scratch(home)
        if refused:
            return refusal(refused, "mkdir", self._scratch_path(home, "metacopy-check"))
        known = not self.world.open
        mount = self._overlay(mount_options, rootless=rootless)
        if mount is None:
            return Success(Probed(holds=False, because=_said(errno.EINVAL), known=known))
        if mount.read_only:
            return refusal(errno.EROFS, "chmod", f"{self._scratch_path(home, 'metacopy-check')}/merged/f")
        return Success(Probed(holds=mount.metacopy, known=known))

    def test_native_diff(self, home: str, rootless: bool, mount_options: str, /) -> Result[Probed, HostError]:
        """``because`` is the text that libpod logs and caches where native diff is not usable."""
        refused = self._scratch(home)
        if refused:
            return refusal(refused, "mkdir", self._scratch_path(home, "opaque-bug-check"))
        because = self._no_native_diff(home, self._overlay(mount_options, rootless=rootless), rootless=rootless)
        return Success(Probed(holds=not because, because=because, known=not self.world.open))

    def _no_native_diff(self, home: str, mount: OverlayMount | None, *, rootless: bool) -> str:
        if mount is None:
            return f"failed to mount overlay: {_said(errno.EINVAL)}"
        if mount.read_only:
            file = f"{self._scratch_path(home, 'opaque-bug-check')}/merged/d/f"
            return f"failed to write to merged directory: open {file}: {_said(errno.EROFS)}"
        if mount.user_attributes and not rootless:
            return _OPAQUE
        usable = self.world.open or self.world.overlay.native_diff
        return "" if usable and not mount.redirects else _REDIRECT


def unmounted(world: World, mount: Mount) -> World:
    """The world without one of its mounts; what the mount hid is back."""
    nodes = world.nodes
    if not mount.bind:
        prefix = mount.point.rstrip("/") + "/"
        over = (path for path in nodes if path == mount.point or path.startswith(prefix))
        nodes = nodes.without(over).having(dict(mount.hidden))
    return replaced(world, nodes=nodes, mounts=tuple(one for one in world.mounts if one is not mount))


def _without_d_type(backing: str) -> str:
    reformat = " Reformat the filesystem with ftype=1 to enable d_type support." if backing == "xfs" else ""
    return (
        f"overlay: the backing {backing} filesystem is formatted without d_type support, which leads to incorrect behavior."
        f"{reformat} Running without d_type is not supported.: driver not supported"
    )
