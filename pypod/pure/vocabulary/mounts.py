"""Mounting, and the overlay driver's test mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Effect, Kind
from pypod.pure.facts import Changed, Probed
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import Machine


class BindOnItself(Effect[Changed], frozen=True):
    """Bind-mount a directory on itself."""

    kind = Kind.CHANGE
    answer = Changed

    path: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.bind_on_itself(self.path)

    def describe(self) -> str:
        return f"bind-mount {self.path} on itself"


class MakePrivate(Effect[Changed], frozen=True):
    """Make a mount private: mounts below it do not propagate."""

    kind = Kind.CHANGE
    answer = Changed

    path: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.make_private(self.path)

    def describe(self) -> str:
        return f"make the mount {self.path} private"


class Unmount(Effect[Changed], frozen=True):
    """Detach a mount (``MNT_DETACH``); a path that is no mount point is no failure."""

    kind = Kind.CHANGE
    answer = Changed

    path: str

    def via(self, machine: Machine, /) -> Result[Changed, HostError]:
        return machine.unmount(self.path)

    def describe(self) -> str:
        return f"unmount {self.path}"


class TestOverlay(Effect[Probed], frozen=True):
    """Whether the kernel mounts an overlay with two lower directories in ``home``, on scratch directories that are removed
    again (containers/storage's ``supportsOverlay``).
    """

    kind = Kind.CHANGE
    answer = Probed

    home: str
    rootless: bool

    def via(self, machine: Machine, /) -> Result[Probed, HostError]:
        return machine.test_overlay(self.home, self.rootless)

    def describe(self) -> str:
        return f"test an overlay mount in {self.home}"


class TestMetacopy(Effect[Probed], frozen=True):
    """Whether an overlay with these mount options uses metacopy (``doesMetacopy``)."""

    kind = Kind.CHANGE
    answer = Probed

    home: str
    rootless: bool
    mount_options: str

    def via(self, machine: Machine, /) -> Result[Probed, HostError]:
        return machine.test_metacopy(self.home, self.rootless, self.mount_options)

    def describe(self) -> str:
        return f"test in {self.home} whether overlay uses metacopy"


class TestNativeDiff(Effect[Probed], frozen=True):
    """Whether overlay's native diff is usable with these mount options (``doesSupportNativeDiff``)."""

    kind = Kind.CHANGE
    answer = Probed

    home: str
    rootless: bool
    mount_options: str

    def via(self, machine: Machine, /) -> Result[Probed, HostError]:
        return machine.test_native_diff(self.home, self.rootless, self.mount_options)

    def describe(self) -> str:
        return f"test in {self.home} whether native diff is usable"
