"""Finding the bus of a user's session, as godbus finds it."""

from __future__ import annotations

from pypod.pure.dbus.address import BUS_ADDRESS, at_path, given, is_there, told_by, user_bus, user_session
from pypod.pure.program import Program, attempt
from pypod.pure.vocabulary.files import ReadFile, Stat
from pypod.pure.vocabulary.process import ReadVariable


def session_bus(uid: int) -> Program[str]:
    """Its address: the variable's, the socket's that a login makes, or the one that a file tells; empty for none."""
    address = given((yield from attempt(ReadVariable(BUS_ADDRESS))))
    if address:
        return address
    socket = user_bus(uid)
    if is_there((yield from attempt(Stat(socket)))):
        return at_path(socket)
    told = yield from attempt(ReadFile(user_session(uid)))
    return told_by(told.value_or(b""))
