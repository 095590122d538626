"""Starting a scope: a unit of systemd for processes that it did not start (go-systemd's ``StartTransientUnit``)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.dbus.dialogue import BUS, Call, Client, Refusal
from pypod.pure.dbus.marshal import Variant
from pypod.pure.dbus.message import SIGNAL, Message
from pypod.pure.systemd.facts import Scope

SYSTEMD: Final = "org.freedesktop.systemd1"
MANAGER: Final = f"{SYSTEMD}.Manager"
OBJECT: Final = "/org/freedesktop/systemd1"
UNKNOWN_PROCESS: Final = f"{BUS}.Error.UnixProcessIdUnknown"
"""The error where the process is not there any more."""
_ENDED_JOBS: Final = f"type='signal',interface='{MANAGER}',member='JobRemoved'"


def start_call(scope: Scope) -> Call:
    """The call that starts it, with the properties that podman gives a scope (``utils.RunUnderSystemdScope``)."""
    properties = (
        ("Slice", Variant("s", scope.slice)),
        ("PIDs", Variant("au", (scope.pid,))),
        ("Delegate", Variant("b", value=True)),
        ("DefaultDependencies", Variant("b", value=False)),
    )
    body = (scope.unit, "replace", properties, ())
    return Call(SYSTEMD, OBJECT, MANAGER, "StartTransientUnit", "ssa(sv)a(sa(sv))", body)


def starting(scope: Scope, uid: int) -> Generator[bytes, bytes, Result[None, Refusal]]:
    """Log in to a bus as a user, start a scope, and wait until the job of it is done, however that ended."""
    client = Client()
    known = yield from client.log_in(uid)
    if isinstance(known, Failure):
        return Failure(known.failure())
    told = yield from client.call(Call(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s", (_ENDED_JOBS,)))
    if isinstance(told, Failure):
        return Failure(told.failure())
    begun = yield from client.call(start_call(scope))
    if isinstance(begun, Failure):
        return Failure(begun.failure())
    ended = yield from client.heard(_end_of(begun.unwrap()))
    return Failure(ended.failure()) if isinstance(ended, Failure) else Success(None)


def _end_of(begun: Message) -> Callable[[Message], bool]:
    """Whether a message tells that the job is done which was answered: ``JobRemoved(id, job, unit, result)``."""
    job = begun.body[0] if begun.body else ""

    def is_end(one: Message) -> bool:
        told = one.kind == SIGNAL and one.interface == MANAGER and one.member == "JobRemoved"
        return told and one.signature == "uoss" and one.body[1] == job

    return is_end
