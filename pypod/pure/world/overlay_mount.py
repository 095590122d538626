"""What an overlay is mounted with: the options as the kernel takes them (``fs/overlayfs/params.c``)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from pypod.pure.store.mount_options import MS_RDONLY, mount_options

_SWITCH: Final = ("on", "off")
_VALUES: Final = {
    "redirect_dir": ("on", "off", "follow", "nofollow"),
    "index": _SWITCH,
    "nfs_export": _SWITCH,
    "metacopy": _SWITCH,
    "xino": ("on", "off", "auto"),
    "uuid": ("on", "off", "null", "auto"),
    "verity": ("off", "on", "require"),
}
_WORDS: Final = ("volatile", "userxattr", "default_permissions")
_PLAIN: Final = 0x1210CDF
"""The flags that only say how a filesystem is used."""


class OverlayMount(Struct, frozen=True):
    """An overlay that is mounted: written to or not, with its attributes below ``user.``, with metacopy, with redirects."""

    read_only: bool = False
    user_attributes: bool = False
    metacopy: bool = False
    redirects: bool = False


def overlay_mount(options: str, *, rootless: bool, metacopy: bool, redirects: bool) -> OverlayMount | None:
    """The mount with these options, nothing where they are refused (EINVAL).

    ``metacopy`` and ``redirects`` hold where the options do not say: they are parameters of the kernel's module.
    """
    flags, data = mount_options(options)
    words = [word for word in data.split(",") if word] + (["userxattr"] if rootless else [])
    given = {word.partition("=")[0]: word.partition("=")[2] for word in words if "=" in word}
    known = all(value in _VALUES.get(name, ()) for name, value in given.items())
    if not known or flags & ~_PLAIN or any("=" not in word and word not in _WORDS for word in words):
        return None
    user, redirect = "userxattr" in words, given.get("redirect_dir")
    wanted = given["metacopy"] == "on" if "metacopy" in given else metacopy
    if user and (redirect not in (None, "nofollow") or given.get("metacopy") == "on"):
        return None
    wanted, redirects = wanted and not user, redirect == "on" if redirect else redirects and not user
    if wanted and not redirects:
        if "metacopy" in given and redirect:
            return None
        wanted = redirects = not redirect
    if given.get("nfs_export") == "on":
        if given.get("index") == "off" or ("metacopy" in given and wanted):
            return None
        wanted = False
    return OverlayMount(bool(flags & MS_RDONLY), user, wanted, redirects)
