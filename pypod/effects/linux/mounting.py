"""Mounting on the real machine."""

from __future__ import annotations

import errno
from typing import Final

from returns.result import Failure, Result, Success

from pypod.effects.linux import calls
from pypod.effects.linux.entries import entry_at, place_of
from pypod.effects.linux.mounts import propagates
from pypod.effects.linux.refusal import asked
from pypod.pure.facts import NOTHING_CHANGED, Change, Changed, Probed
from pypod.pure.failure import HostError
from pypod.pure.store.mount_options import MS_BIND, MS_PRIVATE

_NOTHING: Final[Result[Changed, HostError]] = Success(NOTHING_CHANGED)


class LinuxMountsChanged:
    """The mounts of the namespace that it runs in."""

    def bind_on_itself(self, path: str, /) -> Result[Changed, HostError]:
        bound = asked("mount", path, lambda: calls.mount(path, path, "none", MS_BIND))
        return bound.map(lambda _: _changed(path, "bind-mounted on itself"))

    def make_private(self, path: str, /) -> Result[Changed, HostError]:
        before = asked("remount", path, lambda: propagates(path)).value_or(default_value=False)
        made = asked("remount", path, lambda: calls.mount("", path, "", MS_PRIVATE))
        return made.map(lambda _: _changed(path, "made private") if before else NOTHING_CHANGED)

    def unmount(self, path: str, /) -> Result[Changed, HostError]:
        detached = asked("unmount", path, lambda: calls.unmount(path, calls.MNT_DETACH))
        if isinstance(detached, Failure) and detached.failure().errno == errno.EINVAL:
            # Nothing is mounted there.
            return _NOTHING
        return detached.map(lambda _: _changed(path, "unmounted"))

    # What tests overlay is loaded when something does.

    def test_overlay(self, home: str, rootless: bool, /) -> Result[Probed, HostError]:
        from pypod.effects.linux.overlay_probes import test_overlay

        return test_overlay(home, rootless=rootless)

    def test_metacopy(self, home: str, rootless: bool, mount_options: str, /) -> Result[Probed, HostError]:
        from pypod.effects.linux.overlay_probes import test_metacopy

        return test_metacopy(home, mount_options, rootless=rootless)

    def test_native_diff(self, home: str, rootless: bool, mount_options: str, /) -> Result[Probed, HostError]:
        from pypod.effects.linux.overlay_probes import test_native_diff

        return test_native_diff(home, mount_options, rootless=rootless)


def _changed(path: str, detail: str) -> Changed:
    entry = entry_at(path)
    return Changed((Change(place_of(path), entry, entry, detail),))
