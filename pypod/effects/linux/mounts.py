"""``/proc/self/mountinfo``: what is mounted where, and of which type."""

from __future__ import annotations

import os
from typing import Final

from pypod.effects.linux.content import content_of

MOUNTINFO: Final = "/proc/self/mountinfo"
_PROPAGATING: Final = ("shared:", "master:")

MAGIC: Final = {
    "autofs": 0x0187, "bfs": 0x1BADFACE, "binfmt_misc": 0x42494E4D, "bpf": 0xCAFE4A11, "btrfs": 0x9123683E,
    "ceph": 0x00C36400, "cgroup": 0x0027E0EB, "cgroup2": 0x63677270, "cifs": 0xFF534D42, "configfs": 0x62656570,
    "cramfs": 0x28CD3D45, "debugfs": 0x64626720, "devpts": 0x1CD1, "ecryptfs": 0xF15F, "efivarfs": 0xDE5E81E4,
    "erofs": 0xE0F5E1E2, "exfat": 0x2011BAB0, "ext2": 0xEF53, "ext3": 0xEF53, "ext4": 0xEF53, "f2fs": 0xF2F52010,
    "fusectl": 0x65735543, "gfs2": 0x01161970, "hfsplus": 0x482B, "hugetlbfs": 0x958458F6, "iso9660": 0x9660,
    "jfs": 0x3153464A, "mqueue": 0x19800202, "msdos": 0x4D44, "nfs": 0x6969, "nfs4": 0x6969, "nilfs2": 0x3434,
    "nsfs": 0x6E736673, "ntfs3": 0x7366746E, "ocfs2": 0x7461636F, "overlay": 0x794C7630, "9p": 0x01021997,
    "proc": 0x9FA0, "pstore": 0x6165676C, "ramfs": 0x858458F6, "reiserfs": 0x52654973, "rpc_pipefs": 0x67596969,
    "securityfs": 0x73636673, "selinuxfs": 0xF97CFF8C, "smb3": 0xFE534D42, "squashfs": 0x73717368, "sysfs": 0x62656572,
    "tmpfs": 0x01021994,
    "tracefs": 0x74726163, "udf": 0x15013346, "vfat": 0x4D44, "xfs": 0x58465342, "zfs": 0x2FC12FC1,
    "zonefs": 0x5A4F4653, "bcachefs": 0xCA451A4E, "virtiofs": 0x65735546, "fuse": 0x65735546, "fuseblk": 0x65735546,
}  # fmt: skip
"""``statfs``'s magic number by the type that mountinfo tells.  devtmpfs is left out: it is a tmpfs or a ramfs."""


def mount_lines() -> list[list[str]]:
    """The fields of every line; raises OSError where there is no ``/proc``."""
    text = os.fsdecode(content_of(MOUNTINFO))
    return [line.split(" ") for line in text.splitlines()]


def mount_points() -> frozenset[str]:
    """Every path on which something is mounted."""
    return frozenset(_unescaped(fields[4]) for fields in mount_lines() if len(fields) > 4)


def propagates(path: str) -> bool:
    """Whether what is mounted below the mount that a path is on is mounted elsewhere too, or the other way round."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        number = _mount_number(descriptor)
    finally:
        os.close(descriptor)
    fields = next((fields for fields in mount_lines() if fields[0] == number), list[str]())
    return "-" in fields and any(one.startswith(_PROPAGATING) for one in fields[6 : fields.index("-")])


def filesystem_magic(path: str) -> int:
    """The magic number of the filesystem that a path is on; raises OSError.

    The type is read from mountinfo by the mount's number, because loading the C library's ``statfs`` takes ten times
    as long as everything else a plan asks; where the type's number is not known here, ``statfs`` is called after all.
    """
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        kind = _type_of_mount(_mount_number(descriptor))
        known = MAGIC.get(kind.partition(".")[0])
        return known or _statfs_magic(f"/proc/self/fd/{descriptor}")
    except OSError:
        return _statfs_magic(path)
    finally:
        os.close(descriptor)


def _mount_number(descriptor: int) -> str:
    for line in content_of(f"/proc/self/fdinfo/{descriptor}").splitlines():
        name, _, value = line.partition(b":")
        if name == b"mnt_id":
            return value.strip().decode()
    return ""


def _type_of_mount(number: str) -> str:
    for fields in mount_lines():
        if fields[0] == number and "-" in fields:
            return fields[fields.index("-") + 1]
    return ""


def _statfs_magic(path: str) -> int:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    # struct statfs is 120 bytes or less everywhere; its first field is the type, a word.
    buffer = (ctypes.c_long * 64)()
    if library.statfs(os.fsencode(path), buffer) != 0:
        raise OSError(ctypes.get_errno(), "statfs", path)
    narrow = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_uint32))
    return narrow[0] if os.uname().machine == "s390x" else buffer[0] & 0xFFFFFFFF


def _unescaped(field: str) -> str:
    """The kernel writes blank, tab, newline and backslash as three octal digits."""
    if "\\" not in field:
        return field
    for code, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, plain)
    return field
