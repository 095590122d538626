"""Facts of the real host, its sessions, its clock and its chance."""

from __future__ import annotations

import errno
import os
import time

from returns.result import Failure, Result, Success

from pypod.effects.linux.content import content_of
from pypod.effects.linux.mounts import mount_points
from pypod.effects.linux.refusal import asked
from pypod.pure.facts import HostFacts
from pypod.pure.failure import HostError

_BUS = "/var/run/dbus/system_bus_socket"
_SEAT = "/run/systemd/seats/seat0"


def _text(path: str) -> str:
    """A small file's text, empty where there is none: the kernel's switches are missing where the feature is."""
    try:
        return os.fsdecode(content_of(path)).strip()
    except OSError:
        return ""


def selinux_is_enabled() -> bool:
    """The SELinux filesystem is mounted and this process has a label other than the initial one (go-selinux)."""
    label = _text("/proc/self/attr/current").strip("\0")
    return label not in ("", "kernel") and "/sys/fs/selinux" in mount_points()


def _seccomp_is_supported() -> bool:
    """The kernel tells a seccomp mode of a process just if it was built with filters."""
    return "\nSeccomp:" in _text("/proc/self/status")


def _host() -> HostFacts:
    names = os.uname()
    return HostFacts(
        hostname=names.nodename,
        architecture=names.machine,
        page_size=os.sysconf("SC_PAGE_SIZE"),
        boot_id=_text("/proc/sys/kernel/random/boot_id"),
        selinux=selinux_is_enabled(),
        apparmor=_text("/sys/module/apparmor/parameters/enabled").startswith("Y"),
        seccomp=_seccomp_is_supported(),
        processors=len(os.sched_getaffinity(0)),
    )


def _active_user() -> str:
    """The user of the active session of seat0, from logind's own record."""
    for line in os.fsdecode(content_of(_SEAT)).splitlines():
        name, _, value = line.partition("=")
        if name == "ACTIVE_UID":
            return value
    return ""


def rfc3339(seconds: int, nanoseconds: int, zone: int) -> str:
    """A time as Go's RFC3339Nano writes it: no trailing zeros, ``Z`` for UTC; ``zone`` is seconds east of it."""
    plain = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds + zone))
    fraction = f".{nanoseconds:09d}".rstrip("0").rstrip(".")
    minutes = abs(zone) // 60
    sign = "-" if zone < 0 else "+"
    return f"{plain}{fraction}" + (f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" if zone else "Z")


def local_time(moment: int) -> str:
    """A time, in nanoseconds since the epoch, in the zone of this process."""
    seconds, nanoseconds = divmod(moment, 1_000_000_000)
    return rfc3339(seconds, nanoseconds, time.localtime(seconds).tm_gmtoff)


def _now() -> str:
    return local_time(time.time_ns())


class LinuxHost:
    """The host that it runs on."""

    def describe_host(self) -> Result[HostFacts, HostError]:
        return asked("uname", "", _host)

    def session_is_valid(self, uid: int, /) -> Result[bool, HostError]:
        """As libpod asks logind over the system bus, but what logind would say is read from its record of the seat.

        No connection is made: a connection would start services.  Without a bus socket the failure is godbus's.
        """
        bus = asked("connect", _BUS, lambda: os.stat(_BUS))  # noqa: PTH116 - one function a system call
        if isinstance(bus, Failure):
            number, reason = bus.failure().errno, bus.failure().reason
            return Failure(HostError(number, "", _BUS, f"dial unix {_BUS}: connect: {reason}"))
        user = asked("open", _SEAT, _active_user)
        if isinstance(user, Failure):
            return Failure(HostError(errno.ENXIO, "", _SEAT, "No seat 'seat0' known"))
        return Success(user.unwrap() == str(uid))

    def read_clock(self) -> Result[str, HostError]:
        return asked("clock_gettime", "", _now)

    def draw_token(self, digits: int, /) -> Result[str, HostError]:
        return asked("getrandom", "", lambda: os.urandom(-(-digits // 2)).hex()[:digits])
