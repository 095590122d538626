"""Mount options as ``/etc/fstab`` has them, taken apart into flags and data (containers/storage ``mount.ParseOptions``)."""

from __future__ import annotations

from typing import Final

MS_RDONLY: Final = 1
MS_BIND: Final = 1 << 12
MS_PRIVATE: Final = 1 << 18

_REC: Final = 1 << 14
_SET: Final = {
    "ro": MS_RDONLY, "nosuid": 1 << 1, "nodev": 1 << 2, "noexec": 1 << 3, "sync": 1 << 4, "remount": 1 << 5,
    "mand": 1 << 6, "dirsync": 1 << 7, "noatime": 1 << 10, "nodiratime": 1 << 11, "bind": MS_BIND,
    "rbind": MS_BIND | _REC, "unbindable": 1 << 17, "runbindable": 1 << 17 | _REC, "private": MS_PRIVATE,
    "rprivate": MS_PRIVATE | _REC, "slave": 1 << 19, "rslave": 1 << 19 | _REC, "shared": 1 << 20,
    "rshared": 1 << 20 | _REC, "relatime": 1 << 21, "strictatime": 1 << 24,
}  # fmt: skip
_CLEAR: Final = {
    "rw": "ro", "suid": "nosuid", "dev": "nodev", "exec": "noexec", "async": "sync", "nomand": "mand",
    "atime": "noatime", "diratime": "nodiratime", "norelatime": "relatime", "nostrictatime": "strictatime",
}  # fmt: skip


def mount_options(text: str) -> tuple[int, str]:
    """The flags of ``mount(2)``, and the words that are left for the filesystem; the last word about a flag counts."""
    flags, data = 0, list[str]()
    for word in text.split(","):
        if word in _SET:
            flags |= _SET[word]
        elif word in _CLEAR:
            flags &= ~_SET[_CLEAR[word]]
        else:
            data.append(word)
    return flags, ",".join(data)
