"""Messages of D-Bus: a header of fixed fields, an array of named ones, and a body of the types that its signature says."""

from __future__ import annotations

import struct
from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.dbus.marshal import Order, Variant, marshalled, unmarshalled, within

CALL: Final = 1
REPLY: Final = 2
ERROR: Final = 3
SIGNAL: Final = 4

_VERSION: Final = 1
_FIXED: Final = 16
_LARGEST: Final = 1 << 27
_LARGEST_FIELDS: Final = 1 << 26
_ORDERS: Final[dict[int, Order]] = {ord("l"): "<", ord("B"): ">"}
_FIELDS: Final = {
    "path": (1, "o"), "interface": (2, "s"), "member": (3, "s"), "error": (4, "s"), "reply_to": (5, "u"),
    "destination": (6, "s"), "sender": (7, "s"), "signature": (8, "g"),
}  # fmt: skip
_NAMES: Final = {code: (name, kind) for name, (code, kind) in _FIELDS.items()}
_DEMANDED: Final = {
    CALL: ("path", "member"),
    REPLY: ("reply_to",),
    ERROR: ("error", "reply_to"),
    SIGNAL: ("path", "interface", "member"),
}


class Message(Struct, frozen=True):
    """A message; a field that it has not got is empty.  ``serial`` is the sender's number of it, not 0; ``reply_to`` that of
    the message which is answered.
    """

    kind: int
    serial: int
    path: str = ""
    interface: str = ""
    member: str = ""
    error: str = ""
    reply_to: int = 0
    destination: str = ""
    sender: str = ""
    signature: str = ""
    body: tuple[object, ...] = ()
    flags: int = 0


def written(message: Message, order: Order = "<") -> Result[bytes, str]:
    """A message as bytes; the failure is what cannot be marshalled."""
    body = marshalled(message.signature, message.body, order)
    if isinstance(body, Failure):
        return body
    octets = body.unwrap()
    held: tuple[str | int, ...] = (
        message.path, message.interface, message.member, message.error, message.reply_to,
        message.destination, message.sender, message.signature,
    )  # fmt: skip
    fields = tuple(
        (code, Variant(kind, value)) for (code, kind), value in zip(_FIELDS.values(), held, strict=True) if value
    )
    letter = next(one for one, its in _ORDERS.items() if its == order)
    fixed = (letter, message.kind, message.flags, _VERSION, len(octets), message.serial)
    header = marshalled("yyyyuua(yv)", (*fixed, fields), order)
    return header.map(lambda head: head + bytes(-len(head) % 8) + octets)


def first_message(data: bytes) -> Result[tuple[Message, int] | None, str]:
    """The message at the beginning of bytes and how many bytes it has; ``None`` while it is not whole.

    The failure is what is wrong with it: nothing after it can be understood then.
    """
    if len(data) < _FIXED:
        return Success(None)
    order = _ORDERS.get(data[0])
    if order is None or data[3] != _VERSION:
        return Failure("dbus: invalid message")
    body, serial, fields = struct.unpack_from(f"{order}III", data, 4)
    head = _FIXED + fields + -fields % 8
    if fields > _LARGEST_FIELDS or head + body > _LARGEST:
        return Failure("dbus: invalid message: it is too large")
    if len(data) < head + body:
        return Success(None)
    read = _read(data[: head + body], head, order, serial)
    return read.map(lambda message: (message, head + body)).alt(lambda why: f"dbus: invalid message: {why}")


def _read(data: bytes, head: int, order: Order, serial: int) -> Result[Message, str]:
    (length,) = struct.unpack_from(f"{order}I", data, _FIXED - 4)
    listed = unmarshalled("a(yv)", data[: _FIXED + length], order, _FIXED - 4)
    if isinstance(listed, Failure):
        return listed
    if any(data[_FIXED + length : head]):
        return Failure("what fills the space before the body is not zero")
    named = _named(listed.unwrap())
    if isinstance(named, Failure):
        return Failure(named.failure())
    fields = named.unwrap()
    missing = [name for name in _DEMANDED.get(data[1], ()) if not fields.get(name)]
    if missing or not serial or not data[1]:
        return Failure(f"it has no {missing[0] if missing else 'number' if not serial else 'type'}")
    said = {name: value for name, value in fields.items() if isinstance(value, str)}
    reply_to = fields.get("reply_to", 0)
    body = unmarshalled(said.get("signature", ""), data[head:], order)
    return body.map(
        lambda values: Message(
            kind=data[1],
            serial=serial,
            path=said.get("path", ""),
            interface=said.get("interface", ""),
            member=said.get("member", ""),
            error=said.get("error", ""),
            reply_to=reply_to if isinstance(reply_to, int) else 0,
            destination=said.get("destination", ""),
            sender=said.get("sender", ""),
            signature=said.get("signature", ""),
            body=values,
            flags=data[2],
        )
    )


def _named(listed: tuple[object, ...]) -> Result[dict[str, object], str]:
    """The fields that are known, by name; others are passed over, as the specification wants it."""
    fields: dict[str, object] = {}
    for entry in within(listed[0]):
        code, value = within(entry)
        if not isinstance(code, int) or code not in _NAMES or not isinstance(value, Variant):
            continue
        name, kind = _NAMES[code]
        if value.signature != kind:
            return Failure(f"its {name} is of the type {value.signature!r}")
        fields[name] = value.value
    return Success(fields)
