"""Facts of the host, its clock and its chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from returns.result import Result

from pypod.pure.effect import Observation
from pypod.pure.facts import HostFacts
from pypod.pure.failure import HostError

if TYPE_CHECKING:
    from pypod.pure.machine import Observing


class DescribeHost(Observation[HostFacts], frozen=True):
    """What does not change while the host is up."""

    answer = HostFacts

    def see(self, machine: Observing, /) -> Result[HostFacts, HostError]:
        return machine.describe_host()

    def describe(self) -> str:
        return "ask what host this is"


class SessionIsValid(Observation[bool], frozen=True):
    """Whether logind has an active session of this user (podman's ``systemd.IsSystemdSessionValid``); the failure's text is
    what ``systemd-logind:`` is followed by.
    """

    answer = bool

    uid: int

    def see(self, machine: Observing, /) -> Result[bool, HostError]:
        return machine.session_is_valid(self.uid)

    def describe(self) -> str:
        return f"ask logind for a session of user {self.uid}"


class ReadClock(Observation[str], frozen=True):
    """The time as RFC 3339 with nanoseconds and the local zone, as Go writes it."""

    answer = str

    def see(self, machine: Observing, /) -> Result[str, HostError]:
        return machine.read_clock()

    def describe(self) -> str:
        return "read the clock"


class DrawToken(Observation[str], frozen=True):
    """Random hexadecimal digits, lower case."""

    answer = str

    digits: int

    def see(self, machine: Observing, /) -> Result[str, HostError]:
        return machine.draw_token(self.digits)

    def describe(self) -> str:
        return f"draw {self.digits} random digits"
