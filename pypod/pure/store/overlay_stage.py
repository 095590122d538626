"""The overlay driver's initialisation, step by step.

A step goes from what is known of the driver to more of it, or to the problem that ends it.  The problem is a value
here, because automatic choice may go on to another driver.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError, Problem
from pypod.pure.program import Program, attempt, notes, refused
from pypod.pure.store import overlay as decide
from pypod.pure.store.facts import OpenedDriver, Place
from pypod.pure.store.home_stage import backing_filesystem, make_homes, mount_home
from pypod.pure.store.overlay import Answer, Overlay
from pypod.pure.store.overlay_options import OverlayOptions, overlay_options, overlay_paths
from pypod.pure.surroundings.stage import look_path
from pypod.pure.vocabulary.changes import RemoveFile, WriteFile
from pypod.pure.vocabulary.files import HoldsFuseOverlayRemains, ReadFile, Stat
from pypod.pure.vocabulary.mounts import TestMetacopy, TestNativeDiff, TestOverlay

Step: TypeAlias = Callable[[Overlay], Program[Result[Overlay, Problem]]]


def in_turn(overlay: Overlay, *steps: Step) -> Program[Result[Overlay, Problem]]:
    """One step after the other, up to the first that fails."""
    reached: Result[Overlay, Problem] = Success(overlay)
    for step in steps:
        reached = yield from step(reached.unwrap())
        if isinstance(reached, Failure):
            break
    return reached


def _read_options(entries: tuple[str, ...]) -> Program[Result[OverlayOptions, Problem]]:
    looked: dict[str, Result[FileStatus, HostError]] = {}
    for path in overlay_paths(entries):
        looked[path] = yield from attempt(Stat(path))
    said, options = overlay_options(entries, looked)
    yield from notes(said)
    return options


def _homes(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    made = yield from make_homes(overlay.place, *decide.directories(overlay.place))
    return made.map(lambda _: overlay)


def _mark(overlay: Overlay, fuse: bool) -> Program[Result[None, HostError]]:
    written = yield from attempt(
        WriteFile(decide.marker(overlay.home), decide.MARKER_MODE, decide.marker_content(fuse))
    )
    return written.map(lambda _: None)


def _searched(overlay: Overlay) -> Program[Result[bool, Problem]]:
    """Whether the native driver may be tried on a home without a marker, which it has afterwards."""
    remains = yield from attempt(HoldsFuseOverlayRemains(overlay.home))
    readable = decide.unless_missing(remains)
    if isinstance(readable, Failure):
        return readable.map(bool)
    fuse = remains.value_or(False)
    written = decide.unless_missing((yield from _mark(overlay, fuse)))
    return written.map(lambda _: not fuse)


def _is_native(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    """``SupportsNativeOverlay``: for root only; why the kernel does not mount overlays is found out once more later."""
    if overlay.place.euid != 0:
        return Success(overlay)
    marked = decide.marked((yield from attempt(ReadFile(decide.marker(overlay.home)))))
    yield from notes(marked.said)
    native: Result[bool, Problem] = Success(bool(marked.native))
    if marked.native is None:
        native = yield from _searched(overlay)
    if not native.value_or(False):
        return native.map(lambda _: overlay)
    supported = yield from _supported(overlay)
    return Success(supported.map(decide.natively).value_or(overlay))


def _find_program(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    """Without a mount program: fuse-overlayfs, if it is there, where the kernel does not do."""
    if overlay.program:
        return Success(overlay)
    native = yield from _is_native(overlay)
    if isinstance(native, Failure) or native.unwrap().native:
        return native
    found = yield from look_path(decide.FUSE_OVERLAYFS)
    return Success(decide.with_program(overlay, found or ""))


def _settle_program(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    if not overlay.program:
        return decide.may_mount_natively(overlay)
    yield from notes(decide.program_lines(overlay))
    written = yield from _mark(overlay, fuse=True)
    return written.alt(refused("")).map(lambda _: overlay)


def _remembered(place: Place, feature: str) -> Program[Answer | None]:
    yes = yield from attempt(ReadFile(decide.answer_file(place, feature, holds=True)))
    if not isinstance(yes, Failure):
        return decide.remembered(yes, yes)
    no = yield from attempt(ReadFile(decide.answer_file(place, feature, holds=False)))
    return decide.remembered(yes, no)


def _remember(place: Place, feature: str, answer: Answer) -> Program[Result[None, HostError]]:
    path = decide.answer_file(place, feature, answer.holds)
    written = yield from attempt(WriteFile(path, decide.ANSWER_MODE, answer.text.encode(errors="surrogateescape")))
    return written.map(lambda _: None)


def _supported(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    """``checkAndRecordOverlaySupport``: from the run home, else by a test mount whose outcome is written there."""
    known = yield from _remembered(overlay.place, decide.OVERLAY_FEATURE)
    if known is not None:
        said, cached = decide.cached_support(known)
        yield from notes((said,))
        return cached.map(lambda _: overlay)
    probed = yield from attempt(TestOverlay(overlay.home, overlay.place.rootless))
    support = decide.support(overlay, probed)
    yield from notes(support.said)
    if support.problem is not None:
        yield from attempt(RemoveFile(decide.directories(overlay.place)[0]))
        yield from attempt(RemoveFile(overlay.home))
    if support.lasting:
        written = yield from _remember(overlay.place, decide.OVERLAY_FEATURE, decide.support_answer(support))
        if isinstance(written, Failure):
            return Failure(decide.unrecorded_support(support.problem, written.failure()))
    return decide.supported(overlay, support)


def _metacopy(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    feature = decide.metacopy_feature(overlay.options)
    known = yield from _remembered(overlay.place, feature)
    if known is not None:
        yield from notes((decide.metacopy_line(known, cached=True),))
        return Success(msgspec.structs.replace(overlay, metacopy=known.holds))
    probed = yield from attempt(TestMetacopy(overlay.home, overlay.place.rootless, overlay.options.mount_options))
    tested = decide.metacopy(overlay, probed)
    yield from notes(tested.said)
    if isinstance(tested.result, Failure):
        return tested.result
    after = tested.result.unwrap()
    written = yield from _remember(overlay.place, feature, Answer(after.metacopy))
    return written.alt(decide.unrecorded_metacopy).map(lambda _: after)


def _probe(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    """What the kernel can do; with a mount program nobody asks."""
    if overlay.program:
        return Success(overlay)
    return (yield from in_turn(overlay, _supported, _metacopy))


def _mount(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    if overlay.options.skip_mount_home:
        return Success(overlay)
    mounted = yield from mount_home(overlay.home)
    return mounted.map(lambda _: msgspec.structs.replace(overlay, mounted=True))


def _native_diff(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    """``useNaiveDiff``: whether it could be written down does not matter."""
    if overlay.program:
        return Success(overlay)
    feature = decide.native_diff_feature(overlay.options)
    known = yield from _remembered(overlay.place, feature)
    if known is not None:
        yield from notes(decide.cached_native_diff(known))
        return Success(msgspec.structs.replace(overlay, native_diff=known.holds))
    probed = yield from attempt(TestNativeDiff(overlay.home, overlay.place.rootless, overlay.options.mount_options))
    answer = decide.native_diff(probed)
    yield from notes(decide.native_diff_lines(answer))
    yield from _remember(overlay.place, feature, answer)
    return Success(decide.with_native_diff(overlay, answer, probed))


def _quota(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    yield from ()
    return decide.quota(overlay)


def _report(overlay: Overlay) -> Program[Result[Overlay, Problem]]:
    yield from notes((decide.backing_line(overlay),))
    return Success(overlay)


def open_overlay(place: Place) -> Program[Result[OpenedDriver, Problem]]:
    """Initialise the overlay driver (containers/storage ``drivers/overlay``, ``Init``)."""
    options = yield from _read_options(place.options)
    if isinstance(options, Failure):
        return options
    filesystem = yield from backing_filesystem(place.home)
    if isinstance(filesystem, Failure):
        return filesystem
    overlay = Overlay(place, options.unwrap(), filesystem.unwrap().magic)
    opened = yield from in_turn(
        overlay, _homes, _find_program, _settle_program, _probe, _mount, _quota, _native_diff, _report
    )
    return opened.map(decide.opened_overlay)
