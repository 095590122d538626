"""The overlay driver's test mounts, as containers/storage makes them (``drivers/overlay/check.go``, ``supportsOverlay``)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final, TypeAlias

from returns.result import Failure, Result, Success

from pypod.effects.linux import calls, running
from pypod.effects.linux.entry_types import tells_types
from pypod.effects.linux.host import selinux_is_enabled
from pypod.effects.linux.mounts import filesystem_magic
from pypod.effects.linux.refusal import asked
from pypod.effects.linux.scratch import MERGED, scratch_directory, scratch_path
from pypod.pure.facts import Probed
from pypod.pure.failure import DriverUnsupported, HostError
from pypod.pure.store.filesystems import filesystem_name
from pypod.pure.store.mount_options import mount_options
from pypod.pure.store.overlay import WHITEOUT, refused_mounts, without_d_type

_Step: TypeAlias = tuple[str, str, Callable[[], object]]
"""A system call as Go names it, what it is about, and the call."""
_Answer: TypeAlias = Result[Probed, HostError]

_LABEL: Final = "system_u:object_r:container_file_t:s0"
_CONTEXT: Final = "/sys/fs/selinux/context"
_WHITEOUT_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o755
_UNDECIDED: Final = (("mount", errno.EINVAL), ("lgetxattr", errno.EOPNOTSUPP))
"""What shows that the kernel knows nothing of metacopy."""
_OPAQUE: Final = "opaque flag erroneously copied up, consider update to kernel 4.8 or later to fix"
_REDIRECT: Final = "kernel has CONFIG_OVERLAY_FS_REDIRECT_DIR enabled"


def test_overlay(home: str, *, rootless: bool) -> _Answer:
    """Whether an overlay with two lower directories can be mounted.  ``because`` is told as the simulated kernel tells it."""
    _load_module()
    return _in_scratch(home, "compat", lambda scratch: _overlay(scratch, rootless=rootless))


def test_metacopy(home: str, mount_options: str, *, rootless: bool) -> _Answer:
    """Whether an overlay with these mount options leaves the content below when only the mode changes (``doesMetacopy``)."""
    return _in_scratch(home, "metacopy-check", lambda scratch: _metacopy(scratch, mount_options, rootless=rootless))


def test_native_diff(home: str, mount_options: str, *, rootless: bool) -> _Answer:
    """Whether an upper directory tells what changed (``doesSupportNativeDiff``)."""
    return _in_scratch(
        home, "opaque-bug-check", lambda scratch: _native_diff(scratch, mount_options, rootless=rootless)
    )


def _in_scratch(home: str, prefix: str, probe: Callable[[str], _Answer]) -> _Answer:
    path = scratch_path(home, prefix)

    def run() -> _Answer:
        with scratch_directory(path):
            return probe(path)

    answer = asked("mkdir", path, run)
    return Failure(answer.failure()) if isinstance(answer, Failure) else answer.unwrap()


def _first_failure(*steps: _Step) -> HostError | None:
    """Do one step after the other, up to the first that fails."""
    for call, subject, run in steps:
        answer = asked(call, subject, run)
        if isinstance(answer, Failure):
            error: HostError = answer.failure()
            return error
    return None


def _make(path: str, mode: int = _DIRECTORY_MODE) -> _Step:
    return "mkdir", path, lambda: calls.make_directory(path, mode)


# Whether overlay can be mounted


def _load_module() -> None:
    """``modprobe overlay``, whatever comes of it."""
    found = running.find_program("modprobe", os.environ.get("PATH", ""))
    if not isinstance(found, Failure):
        path = found.unwrap()
        asked("fork/exec", path, lambda: running.run(path, ("modprobe", "overlay"), b"", dict(os.environ)))


def _overlay(scratch: str, *, rootless: bool) -> _Answer:
    typed = asked("open", scratch, lambda: tells_types(scratch))
    if isinstance(typed, Failure):
        return Failure(typed.failure())
    if not typed.unwrap():
        return Success(Probed(holds=False, because=_without_d_type(scratch)))
    for name in (MERGED, "lower1", "lower2", "upper", "work"):
        # What is missing is told by the mount.
        _first_failure(_make(f"{scratch}/{name}", 0o700))
    whiteout = f"{scratch}/upper/whiteout"
    refused = _first_failure(("mknod", whiteout, lambda: calls.make_device(whiteout, _WHITEOUT_MODE, 0)))
    if refused is not None:
        return Success(Probed(holds=False, because=f"{WHITEOUT}{refused.reason}"))
    lower = f"lowerdir={scratch}/lower1"
    upper = f",upperdir={scratch}/upper,workdir={scratch}/work"
    label = f',context="{_LABEL}"' if selinux_is_enabled() else ""
    user = ",userxattr" if rootless else ""
    several = f"{lower}:{scratch}/lower2{upper}{label if label and _is_valid(_LABEL) else ''}{user}"
    refused = _first_failure(_mount(scratch, several))
    if refused is None:
        return Success(Probed(holds=True))
    single = _first_failure(_mount(scratch, f"{lower}{upper}{label}"))
    return Success(Probed(holds=False, because=refused_mounts(refused.reason, single.reason if single else "")))


def _without_d_type(path: str) -> str:
    magic = asked("statfs", path, lambda: filesystem_magic(path))
    return f"{without_d_type(magic.map(filesystem_name).value_or('<unknown>'))}: {DriverUnsupported.sentinel}"


def _mount(scratch: str, data: str, flags: int = 0) -> _Step:
    merged = f"{scratch}/{MERGED}"
    return "mount", merged, lambda: calls.mount("overlay", merged, "overlay", flags, data)


def _is_valid(label: str) -> bool:
    """Whether the kernel's security policy knows a label (go-selinux ``SecurityCheckContext``)."""

    def check() -> None:
        descriptor = calls.open_file(_CONTEXT, os.O_RDWR)
        try:
            calls.write(descriptor, label.encode() + b"\0")
        finally:
            os.close(descriptor)

    return _first_failure(("open", _CONTEXT, check)) is None


# What it does with metadata, and with what was deleted


def _with_options(data: str, options: str, *, rootless: bool) -> tuple[str, int]:
    """The data and the flags of a mount with the driver's mount options."""
    flags, words = mount_options(options)
    return ",".join(part for part in (data, "userxattr" if rootless else "", words) if part), flags


def _attribute(name: str, *, rootless: bool) -> str:
    return f"{'user' if rootless else 'trusted'}.overlay.{name}"


def _metacopy(scratch: str, options: str, *, rootless: bool) -> _Answer:
    lower, upper, work = f"{scratch}/l1", f"{scratch}/l2", f"{scratch}/work"
    data, flags = _with_options(f"lowerdir={lower},upperdir={upper},workdir={work}", options, rootless=rootless)
    merged = f"{scratch}/{MERGED}/f"
    failed = _first_failure(
        _make(lower), *_file(lower, "f"), _make(upper), _make(work), _make(f"{scratch}/{MERGED}"),
        _mount(scratch, data, flags), ("chmod", merged, lambda: calls.change_mode(merged, 0o600)),
    )  # fmt: skip
    if failed is None:
        name, copied = _attribute("metacopy", rootless=rootless), f"{upper}/f"
        found = asked("lgetxattr", copied, lambda: calls.attribute(copied, name))
        if not isinstance(found, Failure):
            return Success(Probed(holds=found.unwrap() is not None))
        failed = found.failure()
    if (failed.call, failed.errno) in _UNDECIDED:
        return Success(Probed(holds=False, because=failed.reason))
    return Failure(failed)


def _file(directory: str, name: str) -> tuple[_Step, ...]:
    """One byte in a file that is there whole or not at all (``ioutils.AtomicWriteFile``)."""
    path = f"{directory}/{name}"
    new = f"{directory}/.tmp-{name}{int.from_bytes(os.urandom(4))}"

    def fill() -> None:
        descriptor = calls.open_file(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            calls.write(descriptor, b"\xff")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    return (
        ("open", new, fill),
        ("chmod", new, lambda: calls.change_mode(new, 0o700)),
        ("rename", f"{new} {path}", lambda: calls.rename(new, path)),
    )


def _native_diff(scratch: str, options: str, *, rootless: bool) -> _Answer:
    merged = f"{scratch}/{MERGED}"
    names = ("l1", "l1/d", "l1/d1", "l2", "l2/d", "l3", "work", MERGED)
    failed = _first_failure(*(_make(f"{scratch}/{name}") for name in names))
    if failed is not None:
        return Failure(failed)
    lower = f"lowerdir={scratch}/l2:{scratch}/l1,upperdir={scratch}/l3,workdir={scratch}/work"
    data, flags = _with_options(lower, options, rootless=rootless)
    opaque, middle = _attribute("opaque", rootless=rootless), f"{scratch}/l2/d"
    steps = {
        "failed to set opaque flag on middle layer": (
            "lsetxattr", middle, lambda: calls.set_attribute(middle, opaque, b"y"),
        ),
        "failed to mount overlay": _mount(scratch, data, flags),
        "failed to write to merged directory": ("open", f"{merged}/d/f", lambda: _touch(f"{merged}/d/f")),
    }  # fmt: skip
    for text, step in steps.items():
        failed = _first_failure(step)
        if failed is not None:
            reason = failed.reason if failed.call == "mount" else failed.message
            return Success(Probed(holds=False, because=f"{text}: {reason}"))
    because = _copied_up(scratch, opaque) or _redirected(scratch, _attribute("redirect", rootless=rootless))
    return Success(Probed(holds=not because, because=because))


def _touch(path: str) -> None:
    os.close(calls.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))


def _copied_up(scratch: str, opaque: str) -> str:
    """What is wrong with the flag of a directory that replaces one below it, once it was copied up."""
    upper = f"{scratch}/l3/d"
    found = asked("lgetxattr", upper, lambda: calls.attribute(upper, opaque))
    if isinstance(found, Failure):
        return f"failed to read opaque flag on upper layer: {found.failure().message}"
    return _OPAQUE if found.unwrap() == b"y" else ""


def _redirected(scratch: str, redirect: str) -> str:
    """What is wrong with a directory that is renamed: the upper one must not refer to the lower one's name."""
    before, after, upper = f"{scratch}/{MERGED}/d1", f"{scratch}/{MERGED}/d2", f"{scratch}/l3/d2"
    failed = _first_failure(("rename", f"{before} {after}", lambda: calls.rename(before, after)))
    if failed is not None:
        return "" if failed.errno == errno.EXDEV else f"failed to rename dir in merged directory: {failed.message}"
    found = asked("lgetxattr", upper, lambda: calls.attribute(upper, redirect))
    if isinstance(found, Failure):
        return f"failed to read redirect flag on upper layer: {found.failure().message}"
    return _REDIRECT if found.unwrap() == b"d1" else ""
