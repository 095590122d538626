"""Where a message bus is: server addresses (the D-Bus specification's "Server Addresses"), as godbus takes them."""

from __future__ import annotations

import errno
from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.failure import HostError

BUS_ADDRESS: Final = "DBUS_SESSION_BUS_ADDRESS"
UNDETERMINED: Final = "dbus: couldn't determine address of session bus"
_AUTOLAUNCH: Final = "autolaunch:"
_NO_TRANSPORT: Final = "dbus: invalid bus address (no transport)"
_OTHER_TRANSPORT: Final = "dbus: invalid bus address (invalid or unsupported transport)"
_NO_PORT: Final = "dbus: unsupported address (must set host and port)"
_NEITHER: Final = "dbus: invalid address (neither path nor abstract set)"
_BOTH: Final = "dbus: invalid address (both path and abstract set)"


class UnixSocket(Struct, frozen=True):
    """A socket by its path, or by a name in the abstract namespace, which no file stands for."""

    name: str
    abstract: bool = False

    @property
    def shown(self) -> str:
        """As Go names it."""
        return f"@{self.name}" if self.abstract else self.name


def not_reached(where: UnixSocket, reason: str) -> str:
    """Go's text of a connection that the kernel refused."""
    return f"dial unix {where.shown}: connect: {reason}"


def given(variable: Result[str | None, HostError]) -> str:
    """The address that ``DBUS_SESSION_BUS_ADDRESS`` gives; empty where it gives none."""
    address = variable.value_or("") or ""
    return "" if address == _AUTOLAUNCH else address


def user_bus(uid: int) -> str:
    """The socket of a user's bus, where a login makes one."""
    return f"/run/user/{uid}/bus"


def user_session(uid: int) -> str:
    """The file that tells the address of a user's bus where no such socket is made."""
    return f"/run/user/{uid}/dbus-session"


def is_there(looked: Result[object, HostError]) -> bool:
    """Whether that socket counts: whatever else keeps it from being looked at, it is not missing."""
    return not isinstance(looked, Failure) or looked.failure().errno != errno.ENOENT


def at_path(path: str) -> str:
    """The address of a socket."""
    return f"unix:path={_escaped(path)}"


def told_by(content: bytes) -> str:
    """The address in such a file; empty where it begins with something else."""
    name, _, address = content.decode("utf-8", "surrogateescape").partition("=")
    return address.rstrip("\r\n") if name == BUS_ADDRESS else ""


def sockets(address: str) -> tuple[Result[UnixSocket, str], ...]:
    """The alternatives of an address in their order, or godbus's text of what is wrong with each.

    Only sockets of this host are known: over the others a user cannot be told from another.  Values are taken with
    their percent escapes undone, as the specification has it.
    """
    return tuple(_socket(one) for one in address.split(";"))


def _socket(alternative: str) -> Result[UnixSocket, str]:
    transport, colon, rest = alternative.partition(":")
    if not colon:
        return Failure(_NO_TRANSPORT)
    if transport == "tcp" and not (_value(rest, "host") and _value(rest, "port")):
        return Failure(_NO_PORT)
    if transport != "unix":
        return Failure(_OTHER_TRANSPORT)
    path, abstract = _value(rest, "path"), _value(rest, "abstract")
    if path and abstract:
        return Failure(_BOTH)
    if not path and not abstract:
        return Failure(_NEITHER)
    return Success(UnixSocket(_unescaped(path or abstract), abstract=bool(abstract)))


def _value(pairs: str, key: str) -> str:
    """The first value of a key; empty where there is none."""
    named = (pair.partition("=") for pair in pairs.split(","))
    return next((value for name, equals, value in named if name == key and equals), "")


_PLAIN: Final = frozenset(b"-_/\\*.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _escaped(text: str) -> str:
    octets = text.encode("utf-8", "surrogateescape")
    return "".join(chr(one) if one in _PLAIN else f"%{one:02x}" for one in octets)


def _unescaped(text: str) -> str:
    """What is no escape stands for itself."""
    first, *others = text.split("%")
    octets = first.encode("utf-8", "surrogateescape")
    for other in others:
        digits = other[:2]
        if len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
            octets += bytes.fromhex(digits) + other[2:].encode("utf-8", "surrogateescape")
        else:
            octets += f"%{other}".encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "surrogateescape")
