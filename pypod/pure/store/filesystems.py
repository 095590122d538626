"""Filesystems by their magic number, as containers/storage's graph drivers name and judge them (``drivers/driver_linux.go``)."""

from __future__ import annotations

from typing import Final

AUFS: Final = 0x61756673
BTRFS: Final = 0x9123683E
ECRYPTFS: Final = 0xF15F
OVERLAYFS: Final = 0x794C7630
XFS: Final = 0x58465342
ZFS: Final = 0x2FC12FC1

_NAMES: Final = {
    AUFS: "aufs",
    BTRFS: "btrfs",
    0x28CD3D45: "cramfs",
    ECRYPTFS: "ecryptfs",
    0xEF53: "extfs",
    0xF2F52010: "f2fs",
    0x47504653: "gpfs",
    0x72B6: "jffs2",
    0x3153464A: "jfs",
    0x6969: "nfs",
    OVERLAYFS: "overlayfs",
    0x858458F6: "ramfs",
    0x52654973: "reiserfs",
    0x517B: "smb",
    0x73717368: "squashfs",
    0x01021994: "tmpfs",
    0xA501FCF5: "vxfs",
    XFS: "xfs",
    ZFS: "zfs",
}

_NETWORK: Final = frozenset({
    0x6969,  # nfs
    0x517B,  # smb
    0x61636673,  # acfs
    0x5346414F,  # afs
    0x00C36400,  # ceph
    0xFF534D42,  # cifs
    0x19830326,  # fhgfs
    0x47504653,  # gpfs
    0x013111A8,  # ibrix
    0x6B414653,  # kafs
    0x0BD00BD0,  # lustre
    0x564C,  # ncp
    0x6E667364,  # nfsd
    0x7461636F,  # ocfs2
    0xAAD7AAEA,  # panfs
    0x7C7C6673,  # prl_fs
    0xFE534D42,  # smb2
    0xBEEFDEAD,  # snfs
    0x786F4256,  # vboxsf
    0xA501FCF5,  # vxfs
})  # fmt: skip


def filesystem_name(magic: int) -> str:
    """The name of a filesystem in log lines, errors and ``info``; ``<unknown>`` where the drivers have none for it."""
    return _NAMES.get(magic & 0xFFFFFFFF, "<unknown>")


def is_network_filesystem(magic: int) -> bool:
    """Whether the overlay driver takes it for a network filesystem, which a user namespace cannot overlay natively."""
    return magic & 0xFFFFFFFF in _NETWORK
