"""Driver options: what each driver says and refuses, in libpod's words."""

from __future__ import annotations

import errno

import pytest
from returns.result import Failure, Result, Success

from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.store.options import aufs_options, btrfs_options, vfs_options, zfs_options
from pypod.pure.store.overlay_options import overlay_options, overlay_paths

LOOKED: dict[str, Result[FileStatus, HostError]] = {
    "/images": Success(FileStatus(FileType.DIRECTORY, 0o755)),
    "/file": Success(FileStatus(FileType.FILE, 0o644)),
    "/nope": Failure(HostError(errno.ENOENT, "stat", "/nope")),
}
LAYERS = "overlay: additionallayerstore"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("bad", "Unable to parse key/value option: bad"),
        ("=x", "overlay: Unknown option "),
        ("Overlay.Nope=x", "overlay: Unknown option Overlay.Nope"),
        ("size=lots", "invalid size: 'lots'"),
        ("size=1.2.3g", 'strconv.ParseFloat: parsing "1.2.3": invalid syntax'),
        ("inodes=-1", 'strconv.ParseUint: parsing "-1": invalid syntax'),
        ("inodes=18446744073709551616", 'strconv.ParseUint: parsing "18446744073709551616": value out of range'),
        ("ignore_chown_errors=maybe", 'strconv.ParseBool: parsing "maybe": invalid syntax'),
        ("force_mask=9", 'strconv.ParseInt: parsing "9": invalid syntax'),
        ("imagestore=rel", 'overlay: image path "rel" is not absolute.  Can not be relative'),
        (
            "imagestore=/images,/nope",
            "overlay: can't stat imageStore dir /nope: stat /nope: no such file or directory",
        ),
        ("additionalimagestore=/file", 'overlay: image path "/file" must be a directory'),
        ("additionallayerstore=rel", f'{LAYERS} path "rel" is not absolute.  Can not be relative'),
        (
            "additionallayerstore=/nope",
            "overlay: can't stat additionallayerstore dir: stat /nope: no such file or directory",
        ),
        ("additionallayerstore=/file", f'{LAYERS} path "/file" must be a directory'),
        ("additionallayerstore=/images:ref:ref", f'{LAYERS} config of "/images" contains "ref" option twice'),
        ("additionallayerstore=/images:x", f'{LAYERS} config "/images" contains unknown option "x"'),
        ("mount_program=/nope", 'overlay: can\'t stat program "/nope": stat /nope: no such file or directory'),
    ],
)
def test_overlay_refuses(entry: str, text: str) -> None:
    assert set(overlay_paths((entry,))) <= {*LOOKED, "rel"}
    looked = {**LOOKED, "rel": LOOKED["/nope"]}
    _, options = overlay_options((entry,), looked)
    assert isinstance(options, Failure)
    assert options.failure().message == text


def test_overlay_reads() -> None:
    entries = (
        "overlay.mountopt=nodev",
        "overlay2.size=1.5GiB",
        ".inodes=7",
        "imagestore=/images/",
        "imagestore=",
        "additionallayerstore=/images:ref",
        "mount_program=/file",
        "skip_mount_home=maybe",
        "Ignore_Chown_Errors = T ",
        "force_mask=shared",
        "override_kernel_check=x",
    )
    said, options = overlay_options(entries, LOOKED)
    read = options.unwrap()
    assert (read.mount_options, read.size, read.inodes) == ("nodev", 3 << 29, 7)
    assert (read.image_stores, read.layer_stores, read.mount_program) == (("/images",), ("/images",), "/file")
    assert (read.skip_mount_home, read.ignore_chown_errors, read.force_mask) == (False, True, 0o755)
    assert [line.message for line in said] == [
        "overlay: size=1.5GiB",
        "overlay: inodes=7",
        "overlay: imagestore=/images/",
        "overlay: imagestore=",
        "overlay: additionallayerstore=/images:ref",
        "overlay: mount_program=/file",
        "overlay: skip_mount_home=maybe",
        "overlay: ignore_chown_errors=T",
        "overlay: force_mask=shared",
        "overlay: override_kernel_check option was specified, but is no longer necessary",
    ]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("vfs.mountopt=x", "vfs driver does not support mount options"),
        (".mountopt=x", "vfs driver does not support .mountopt options"),
        ("Ignore_chown_errors=x", "vfs driver does not support ignore_chown_errors options"),
        ("vfs.ignore_chown_errors=x", 'strconv.ParseBool: parsing "x": invalid syntax'),
    ],
)
def test_vfs_refuses(entry: str, text: str) -> None:
    _, options = vfs_options((entry,))
    assert isinstance(options, Failure)
    assert options.failure().message == text


def test_vfs_reads() -> None:
    said, options = vfs_options(("VFS.imagestore=/a,b", ".imagestore=", ".ignore_chown_errors=1"))
    assert options.unwrap().image_stores == ("/a", "b", "")
    assert options.unwrap().ignore_chown_errors
    assert [line.message for line in said] == ["vfs: ignore_chown_errors=1"]


def test_others() -> None:
    assert aufs_options(("aufs.mountopt=x",))[1].unwrap().mount_options == "x"
    assert zfs_options(("zfs.fsname=pool/a", "zfs.mountopt=x"))[1].unwrap().dataset == "pool/a"
    assert btrfs_options(("btrfs.min_space=2k",))[1].unwrap().min_space == 2048
    refusals = (
        (aufs_options(("aufs.x=y",))[1], "option aufs.x=y not supported"),
        (zfs_options(("zfs.x=y",))[1], "Unknown option zfs.x"),
        (btrfs_options(("btrfs.size=1",))[1], "Unknown option btrfs.size"),
        (btrfs_options(("btrfs.mountopt=1",))[1], "btrfs driver does not support mount options"),
    )
    for options, text in refusals:
        assert isinstance(options, Failure)
        assert options.failure().message == text
