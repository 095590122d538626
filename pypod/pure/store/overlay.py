"""The overlay driver's decisions while it is initialised (containers/storage ``drivers/overlay/overlay.go``, ``Init``).

Answers about the kernel are remembered in files of the driver's run home, whose names carry the answer
(``overlay-true``, ``metacopy(nodev)-false``); whether fuse-overlayfs ever wrote the store, in a marker of its home.
"""

from __future__ import annotations

import errno
from typing import Final

import msgspec
from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, Level, Probed
from pypod.pure.failure import (
    DriverIncompatible,
    DriverUnsupported,
    HostError,
    Problem,
    Refused,
    StoreRefused,
)
from pypod.pure.gotext import errno_text, joined, quoted
from pypod.pure.store.facts import OpenedDriver, Place
from pypod.pure.store.filesystems import (
    AUFS,
    ECRYPTFS,
    OVERLAYFS,
    XFS,
    ZFS,
    filesystem_name,
    is_network_filesystem,
)
from pypod.pure.store.overlay_options import OverlayOptions

MARKER_MODE: Final = 0o600
ANSWER_MODE: Final = 0o666
OVERLAY_FEATURE: Final = "overlay"
FUSE_OVERLAYFS: Final = "fuse-overlayfs"
"""The mount program that is looked for where the kernel cannot mount the store."""

_CONFIGURED: Final = Diagnostic(Level.DEBUG, "overlay: storage already configured with a mount-program")


class Overlay(Struct, frozen=True):
    """The driver on its way: where, with what, on which filesystem, and what is known of the kernel so far."""

    place: Place
    options: OverlayOptions
    magic: int
    native: bool = False
    metacopy: bool = False
    mounted: bool = False
    native_diff: bool = False
    assumed: tuple[str, ...] = ()

    @property
    def filesystem(self) -> str:
        return filesystem_name(self.magic)

    @property
    def home(self) -> str:
        return self.place.home

    @property
    def program(self) -> str:
        return self.options.mount_program


def directories(place: Place) -> tuple[str, str]:
    """The links of layers, and the run home."""
    return joined(place.home, "l"), place.run_home


# The marker of fuse-overlayfs


def marker(home: str) -> str:
    """The file that says whether fuse-overlayfs wrote the store."""
    return joined(home, ".has-mount-program")


class Marked(Struct, frozen=True):
    """What the marker says: ``native`` may be tried, or not, or the home has to be searched (``None``)."""

    native: bool | None
    said: tuple[Diagnostic, ...] = ()


def marked(content: Result[bytes, HostError]) -> Marked:
    """The marker's meaning; a missing one, and any other text, is as good as none."""
    match content.value_or(b"").strip():
        case b"true":
            return Marked(native=False, said=(_CONFIGURED,))
        case b"false":
            return Marked(native=True)
        case _:
            return Marked(native=None)


def marker_content(mount_program: bool) -> bytes:
    """The marker as it is written."""
    return b"true" if mount_program else b"false"


def unless_missing(answer: Result[object, HostError]) -> Result[None, Problem]:
    """What may fail because something is missing, and else in the kernel's words."""
    if not isinstance(answer, Failure) or answer.failure().errno == errno.ENOENT:
        return Success(None)
    error = answer.failure()
    return Failure(Refused(error.message, error.subject, cause=error))


# With and without a mount program


_NETWORK_MASK: Final = (
    'Network file system detected as backing store.  Enforcing overlay option `force_mask="700"`.  '
    "Add it to storage.conf to silence this warning"
)
_NEED_PROGRAM: Final = frozenset({AUFS, ZFS, OVERLAYFS, ECRYPTFS})


def natively(overlay: Overlay) -> Overlay:
    """Without a need for a mount program."""
    return msgspec.structs.replace(overlay, native=True)


def with_program(overlay: Overlay, program: str) -> Overlay:
    """With a mount program; an empty one is none."""
    return msgspec.structs.replace(overlay, options=msgspec.structs.replace(overlay.options, mount_program=program))


def program_lines(overlay: Overlay) -> tuple[Diagnostic, ...]:
    """What is said with a mount program on a network filesystem in a user namespace."""
    if overlay.place.rootless and is_network_filesystem(overlay.magic) and overlay.options.force_mask is None:
        return (Diagnostic(Level.WARNING, _NETWORK_MASK),)
    return ()


def may_mount_natively(overlay: Overlay) -> Result[Overlay, Problem]:
    """Whether the driver may do without a mount program here; not yet whether the kernel can."""
    if overlay.options.force_mask is not None:
        return Failure(StoreRefused("'force_mask' is supported only with 'mount_program'", "force_mask"))
    if overlay.magic & 0xFFFFFFFF in _NEED_PROGRAM:
        text = f"'overlay' is not supported over {overlay.filesystem}, a mount_program is required"
        return Failure(DriverIncompatible.saying(text, overlay.home))
    if overlay.place.rootless and is_network_filesystem(overlay.magic):
        text = "A network file system with user namespaces is not supported.  Please use a mount_program"
        return Failure(DriverIncompatible.saying(text, overlay.home))
    return Success(overlay)


# Answers that are remembered


class Answer(Struct, frozen=True):
    """A remembered answer: yes or no, and the text in its file."""

    holds: bool
    text: str = ""


def answer_file(place: Place, feature: str, holds: bool) -> str:
    """The file of an answer about a feature.  A feature with a slash (of mount options) leads below the run home."""
    return f"{place.run_home}/{feature}-{'true' if holds else 'false'}"


def remembered(yes: Result[bytes, HostError], no: Result[bytes, HostError]) -> Answer | None:
    """The answer in the files; yes wins over no, neither is no answer."""
    if not isinstance(yes, Failure):
        return Answer(True, yes.unwrap().decode(errors="surrogateescape"))
    if not isinstance(no, Failure):
        return Answer(False, no.unwrap().decode(errors="surrogateescape"))
    return None


def assuming(overlay: Overlay, probed: Probed, sentence: str) -> Overlay:
    """With what a plan takes for granted, where only the kernel knows."""
    return overlay if probed.known else msgspec.structs.replace(overlay, assumed=(*overlay.assumed, sentence))


# Whether the kernel mounts overlays


def cached_support(answer: Answer) -> tuple[Diagnostic, Result[None, Problem]]:
    """A remembered answer; a negative one is returned as its bare text, so automatic choice does not go on from it."""
    if answer.holds:
        return Diagnostic(Level.DEBUG, "Cached value indicated that overlay is supported"), Success(None)
    said = Diagnostic(Level.DEBUG, "Cached value indicated that overlay is not supported")
    return said, Failure(StoreRefused(answer.text))


WHITEOUT: Final = "unable to create kernel-style whiteout: "
"""How a test begins to say that no whiteout could be made."""
_D_TYPE: Final = "overlay: the backing "
_NOT_OVER: Final = "'overlay' is not supported over "
_NOT_FOUND: Final = (
    "'overlay' not found as a supported filesystem on this host. "
    "Please ensure kernel is new enough and has overlay support loaded."
)
_TOO_OLD: Final = "kernel too old to provide multiple lowers feature for overlay"
_SUPPORTED: Final = Diagnostic(Level.DEBUG, "overlay: test mount with multiple lowers succeeded")


class Support(Struct, frozen=True):
    """The outcome of the support check: what is said, why overlay is not supported, whether that is remembered."""

    said: tuple[Diagnostic, ...] = ()
    problem: Problem | None = None
    lasting: bool = True
    known: bool = True


def _no_support(problem: Problem, *said: Diagnostic) -> Support:
    return Support(said, problem.wrapped("kernel does not support overlay fs"))


def without_d_type(filesystem: str) -> str:
    """The text for a filesystem that does not tell the types of directory entries."""
    reformat = " Reformat the filesystem with ftype=1 to enable d_type support." if filesystem == "xfs" else ""
    return (
        f"overlay: the backing {filesystem} filesystem is formatted without d_type support, which leads to incorrect "
        f"behavior.{reformat} Running without d_type is not supported."
    )


def refused_mounts(several: str, single: str) -> str:
    """Why overlays are not mounted, as a test tells it: the kernel's words for a mount with several lower directories and
    for one with a single one, empty where that worked.
    """
    return several if several == single else f"{several}\n{single}"


def _unsupported(overlay: Overlay, because: str) -> Support:
    """``because`` is containers/storage's own words, or :func:`refused_mounts`."""
    if because.startswith(WHITEOUT):
        said = Diagnostic(Level.DEBUG, because[:1].upper() + because[1:])
        return _no_support(StoreRefused(because, overlay.home), said)
    if because.startswith(_D_TYPE):
        return _no_support(DriverUnsupported.saying(without_d_type(overlay.filesystem), overlay.home))
    level = Level.DEBUG if overlay.place.rootless else Level.ERROR
    several, differ, single = because.partition("\n")
    lines = (f"multiple lowers failed {several}", f"a single lower failed {single if differ else several}")
    mounts = [Diagnostic(Level.DEBUG, f"overlay: test mount with {line}") for line in lines]
    if differ and not single:
        text = "overlay: test mount with multiple lowers failed, but succeeded with a single lower"
        return _no_support(DriverUnsupported.saying(_TOO_OLD, overlay.home), mounts[0], Diagnostic(level, text))
    text = f"'overlay' is not supported over {overlay.filesystem} at {quoted(overlay.home)}"
    told = () if because.startswith(_NOT_OVER) else mounts
    return _no_support(DriverIncompatible.saying(text, overlay.home), *told, Diagnostic(level, text))


def support(overlay: Overlay, answer: Result[Probed, HostError]) -> Support:
    """The outcome of the test mount.  A full disk is reported as it is and not remembered."""
    if not isinstance(answer, Failure):
        probed = answer.unwrap()
        return Support((_SUPPORTED,), known=probed.known) if probed.holds else _unsupported(overlay, probed.because)
    error = answer.failure()
    refused = Refused(error.message, error.subject, cause=error)
    if error.errno == errno.ENOSPC:
        return Support(problem=refused, lasting=False)
    if error.call != "mkdir":
        return _no_support(refused)
    level = Level.DEBUG if overlay.place.rootless else Level.ERROR
    return _no_support(DriverUnsupported.saying(_NOT_FOUND, overlay.home), Diagnostic(level, _NOT_FOUND))


def support_answer(support: Support) -> Answer:
    """The outcome as it is remembered."""
    return Answer(True) if support.problem is None else Answer(False, support.problem.message)


def supported(overlay: Overlay, support: Support) -> Result[Overlay, Problem]:
    """The driver after the support check."""
    if support.problem is not None:
        return Failure(support.problem)
    if support.known:
        return Success(overlay)
    sentence = f"overlay: the kernel is taken to mount overlays in {overlay.home}."
    return Success(msgspec.structs.replace(overlay, assumed=(*overlay.assumed, sentence)))


def unrecorded_support(problem: Problem | None, error: HostError) -> Problem:
    """The answer about overlay could not be written down."""
    what = (
        f"recording overlay not being supported ({problem.message})" if problem else "recording overlay support status"
    )
    return Refused(f"{what}: {error.message}", error.subject, cause=error)


# Metacopy


def metacopy_feature(options: OverlayOptions) -> str:
    """The feature's name; it holds the mount options as they are."""
    return f"metacopy({options.mount_options})"


def metacopy_line(answer: Answer, *, cached: bool) -> Diagnostic:
    """The line about metacopy."""
    source = "Cached value" if cached else "overlay: test mount"
    return Diagnostic(Level.DEBUG, f"{source} indicated that metacopy is {'' if answer.holds else 'not '}being used")


def _metacopy_failure(options: OverlayOptions, error: HostError) -> str:
    match error.call:
        case "mount":
            return f"failed to mount overlay for metacopy check with {quoted(options.mount_options)} options: {error.reason}"
        case "chmod":
            return f"error changing permissions on file for metacopy check: {error.message}"
        case "getxattr" | "lgetxattr":
            return f"metacopy flag was not set on file in upper layer: {error.message}"
        case _:
            return error.message


class Metacopy(Struct, frozen=True):
    """The outcome of the metacopy check."""

    said: tuple[Diagnostic, ...]
    result: Result[Overlay, Problem]


def metacopy(overlay: Overlay, answer: Result[Probed, HostError]) -> Metacopy:
    """The outcome of the test; mount options that the kernel refuses mean that metacopy is not used."""
    options = overlay.options
    if isinstance(answer, Failure):
        text = _metacopy_failure(options, answer.failure())
        said = f"overlay: test mount did not indicate whether or not metacopy is being used: {text}"
        return Metacopy((Diagnostic(Level.INFO, said),), Failure(StoreRefused(text, cause=answer.failure())))
    probed = answer.unwrap()
    unknown = {
        errno_text(errno.EINVAL): f"metacopy option not supported on this kernel{options.mount_options}",
        errno_text(errno.EOPNOTSUPP): "metacopy option not supported",
    }
    known = Answer(probed.holds)
    why = (Diagnostic(Level.INFO, unknown[probed.because]),) if probed.because in unknown else ()
    assumed = assuming(overlay, probed, f"overlay: metacopy is taken to be {'on' if probed.holds else 'off'}.")
    after = msgspec.structs.replace(assumed, metacopy=probed.holds)
    return Metacopy((*why, metacopy_line(known, cached=False)), Success(after))


def unrecorded_metacopy(error: HostError) -> Problem:
    """The answer about metacopy could not be written down: mount options with a slash in them, for one."""
    return Refused(f"recording metacopy-being-used status: {error.message}", error.subject, cause=error)


# Native diff


def native_diff_feature(options: OverlayOptions) -> str:
    """The feature's name; it holds the mount options as they are."""
    return f"native-diff({options.mount_options})"


def cached_native_diff(answer: Answer) -> tuple[Diagnostic, ...]:
    """The lines about a remembered answer; a negative one brings its reason along."""
    if answer.holds:
        return (Diagnostic(Level.DEBUG, "Cached value indicated that native-diff is usable"),)
    return (
        Diagnostic(Level.DEBUG, "Cached value indicated that native-diff is not being used"),
        Diagnostic(Level.INFO, answer.text),
    )


def native_diff(answer: Result[Probed, HostError]) -> Answer:
    """The outcome of the test; the text is what is said and remembered where native diff is not usable."""
    if isinstance(answer, Failure):
        error = answer.failure()
        because = f"failed to mount overlay: {error.reason}" if error.call == "mount" else error.message
    elif answer.unwrap().holds:
        return Answer(True)
    else:
        because = answer.unwrap().because
    head = "Not using native diff for overlay, this may cause degraded performance for building images"
    return Answer(False, f"{head}: {because}")


def native_diff_lines(answer: Answer) -> tuple[Diagnostic, ...]:
    """What is said after the test: nothing where all is well."""
    return () if answer.holds else (Diagnostic(Level.INFO, answer.text),)


def with_native_diff(overlay: Overlay, answer: Answer, probed: Result[Probed, HostError]) -> Overlay:
    """The driver after the test of native diff."""
    sentence = f"overlay: native diff is taken to be {'usable' if answer.holds else 'unusable'}."
    after = probed.map(lambda test: assuming(overlay, test, sentence)).value_or(overlay)
    return msgspec.structs.replace(after, native_diff=answer.holds)


# The end


def quota(overlay: Overlay) -> Result[Overlay, Problem]:
    """Sizes need XFS.  Whether its project quota is on is for the kernel to say: here it is taken to be."""
    if not (overlay.options.size > 0 or overlay.options.inodes > 0):
        return Success(overlay)
    if overlay.magic & 0xFFFFFFFF == XFS:
        return Success(overlay)
    text = (
        f"Storage option overlay.size and overlay.inodes only supported for backingFS XFS. Found {overlay.filesystem}"
    )
    return Failure(StoreRefused(text, overlay.home))


_PROJECT_QUOTA: Final = "XFS: whether its project quota is on was not tried."


def backing_line(overlay: Overlay) -> Diagnostic:
    """The last line of the driver."""
    words = {True: "true", False: "false"}
    return Diagnostic(
        Level.DEBUG,
        f"backingFs={overlay.filesystem}, projectQuotaSupported=false, useNativeDiff={words[overlay.native_diff]}, "
        f"usingMetacopy={words[overlay.metacopy]}",
    )


def opened_overlay(overlay: Overlay) -> OpenedDriver:
    """The driver with what ``info`` shows of it."""
    words = {True: "true", False: "false"}
    tried = overlay.magic & 0xFFFFFFFF != XFS
    return OpenedDriver(
        name=overlay.place.name,
        driver="overlay",
        status=(
            ("Backing Filesystem", overlay.filesystem),
            ("Supports d_type", "true"),
            ("Native Overlay Diff", words[overlay.native_diff]),
            ("Using metacopy", words[overlay.metacopy]),
        ),
        mounted=overlay.mounted,
        image_stores=overlay.options.image_stores,
        assumed=overlay.assumed if tried else (*overlay.assumed, _PROJECT_QUOTA),
    )
