"""An event of libpod's, and how it is written: as a line of the events log, or as a journal entry.

The line follows ``libpod/events/events.go`` (``Event`` and its JSON), the journal entry ``libpod/events/journal_linux.go``
and journald's native protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from pypod.pure.gotext import quoted

Attributes = tuple[tuple[str, str], ...]


class Event(Struct, frozen=True):
    """Something that happened to a container, pod, image, volume, network or to libpod itself.

    ``type`` and ``status`` are libpod's words.  ``id`` and ``name`` are the object's (for a network event those of the
    container).  ``attributes`` are labels: ``None`` is written as ``null``, an empty tuple as ``{}``.
    """

    type: str
    status: str
    id: str = ""
    name: str = ""
    image: str = ""
    network: str = ""
    exit_code: int = 0
    attributes: Attributes | None = None


REFRESH: Final = Event("system", "refresh")
RENUMBER: Final = Event("system", "renumber")

_ESCAPES: Final[dict[int, str]] = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), *b"<>&", 0x2028, 0x2029)},
    **dict.fromkeys(range(0xD800, 0xE000), "\\ufffd"),
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
}


def _text(text: str) -> str:
    """A string as ``encoding/json`` writes it: HTML's characters escaped, what is no UTF-8 replaced."""
    return f'"{text.translate(_ESCAPES)}"'


def _labels(attributes: Attributes | None) -> str:
    if attributes is None:
        return "null"
    return "{" + ",".join(f"{_text(key)}:{_text(value)}" for key, value in sorted(dict(attributes).items())) + "}"


def json_line(event: Event, time: str) -> bytes:
    """The line of the events log, with its newline.  ``time`` is RFC 3339 with nanoseconds, as the host's clock gives it."""
    optional = (("ID", event.id), ("Image", event.image), ("Name", event.name), ("network", event.network))
    fields = (
        *((f'"ContainerExitCode":{event.exit_code}',) if event.exit_code else ()),
        *(f'"{key}":{_text(value)}' for key, value in optional if value),
        f'"Status":{_text(event.status)}',
        f'"Time":{_text(time)}',
        f'"Type":{_text(event.type)}',
        f'"Attributes":{_labels(event.attributes)}',
    )
    return ("{" + ",".join(fields) + "}\n").encode()


def _go_time(time: str) -> str:
    """RFC 3339 as Go prints a ``time.Time``; a zone other than UTC has no name in it, and Go then repeats the offset."""
    day, _, rest = time.partition("T")
    if rest.endswith("Z"):
        return f"{day} {rest[:-1]} +0000 UTC"
    offset = rest[-6:].replace(":", "")
    return f"{day} {rest[:-6]} {offset} {offset}"


def human_text(event: Event, time: str) -> str:
    """The event for people: libpod's ``Event.ToHumanReadable``."""
    head = f"{_go_time(time)} {event.type} {event.status}"
    labels = "".join(f", {key}={value}" for key, value in sorted(event.attributes or ()))
    tails = {
        "container": f" {event.id} (image={event.image}, name={event.name}{labels})",
        "pod": f" {event.id} (image={event.image}, name={event.name}{labels})",
        "network": f" {event.id} (container={event.id}, name={event.network})",
        "image": f" {event.id} {event.name}",
        "volume": f" {event.name}",
    }
    return head + tails.get(event.type, "")


def _journal_fields(event: Event) -> Iterable[tuple[str, str]]:
    if event.type in ("image", "container", "pod", "volume"):
        yield "PODMAN_NAME", event.name
    if event.type in ("image", "container", "pod", "network"):
        yield "PODMAN_ID", event.id
    if event.type == "network":
        yield "PODMAN_NETWORK_NAME", event.network
    if event.type in ("container", "pod"):
        yield "PODMAN_IMAGE", event.image
        if event.exit_code:
            yield "PODMAN_EXIT_CODE", str(event.exit_code)
        if event.attributes:
            yield "PODMAN_LABELS", _labels(event.attributes)


def _journal_field(name: str, value: str) -> bytes:
    """A field of the native protocol; a value with a newline is given by its length (64 bits, little-endian)."""
    content = value.encode(errors="surrogateescape")
    if "\n" not in value:
        return name.encode() + b"=" + content + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(content)) + content + b"\n"


def journal_payload(event: Event, time: str) -> bytes:
    """The datagram for journald: priority "info", the text for people, and libpod's fields."""
    fields = (
        ("PRIORITY", "6"),
        ("MESSAGE", human_text(event, time)),
        ("SYSLOG_IDENTIFIER", "podman"),
        ("PODMAN_EVENT", event.status),
        ("PODMAN_TYPE", event.type),
        ("PODMAN_TIME", time),
        *_journal_fields(event),
    )
    return b"".join(_journal_field(name, value) for name, value in fields)


_UNWRITTEN: Final = {
    "container": "pod event",
    "pod": "pod event",
    "network": "pod event",
    "died": "container exited event",
    "exec_died": "exec died event",
}


def unwritten(event: Event, error: str) -> str:
    """What libpod logs when an event could not be written; it goes on all the same (``libpod/events.go``)."""
    words = _UNWRITTEN.get(event.status) or _UNWRITTEN.get(event.type) or f"{event.type} event"
    return f"unable to write {words}: {quoted(error)}"


def journal_refusal(reason: str) -> str:
    """Go's words for a datagram that journald's socket did not take.  The sender's own address is random there."""
    return f"write unixgram @00000->/run/systemd/journal/socket: sendmsg: {reason}"
