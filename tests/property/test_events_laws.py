"""Laws of written events.

- A line is one line of UTF-8, and JSON that gives the event back.
- Its keys stand in libpod's order; type, status, time and attributes are always there.
- HTML's characters never stand in it as they are.
- A journal payload is a sequence of fields in journald's native form, and every value can be read back.
"""

from __future__ import annotations

import json
import struct

from hypothesis import given
from hypothesis import strategies as st

from pypod.pure.events.line import Event, journal_payload, json_line

TIME = "2021-12-09T12:00:00.5Z"
ORDER = ("ContainerExitCode", "ID", "Image", "Name", "network", "Status", "Time", "Type", "Attributes")


def words() -> st.SearchStrategy[str]:
    """Texts of events: what Unicode has, without surrogates."""
    nasty = ("<a&b>", "\u2028", '"\\', "a\nb", "\x00\x1f\x7f", "é", "")
    return st.sampled_from(nasty) | st.text(st.characters(codec="utf-8"), max_size=6)


def events() -> st.SearchStrategy[Event]:
    """Events of every type."""
    attributes = st.none() | st.dictionaries(words(), words(), max_size=3).map(lambda labels: tuple(labels.items()))
    types = st.sampled_from(("container", "pod", "image", "volume", "network", "system"))
    return st.builds(
        Event, types, words(), words(), words(), words(), words(), st.integers(-1, 255), attributes
    )  # fmt: skip


@given(events())
def test_line_gives_the_event_back(event: Event) -> None:
    line = json_line(event, TIME)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert not set(b"<>&") & set(line)
    held = json.loads(line)
    keys = list(held)
    assert keys == [key for key in ORDER if key in held]
    assert {"Status", "Time", "Type", "Attributes"} <= set(keys)
    assert "" not in [held.get(key, "x") for key in ("ID", "Image", "Name", "network")]
    labels = None if held["Attributes"] is None else tuple(held["Attributes"].items())
    again = Event(
        held["Type"],
        held["Status"],
        held.get("ID", ""),
        held.get("Name", ""),
        held.get("Image", ""),
        held.get("network", ""),
        held.get("ContainerExitCode", 0),
        labels,
    )
    wanted = None if event.attributes is None else tuple(sorted(event.attributes))
    assert again == Event(
        event.type, event.status, event.id, event.name, event.image, event.network, event.exit_code, wanted
    )


def fields(payload: bytes) -> dict[str, str]:
    """A payload of journald's native protocol, read."""
    found: dict[str, str] = {}
    while payload:
        line, _, payload = payload.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", payload[:8])
            value, payload = payload[8 : 8 + length], payload[9 + length :]
        found[name.decode()] = value.decode()
    return found


@given(events())
def test_journal_payload_can_be_read_back(event: Event) -> None:
    held = fields(journal_payload(event, TIME))
    assert held["PODMAN_EVENT"] == event.status
    assert held["PODMAN_TYPE"] == event.type
    assert held["PODMAN_TIME"] == TIME
    if event.type in ("container", "pod", "image", "volume"):
        assert held["PODMAN_NAME"] == event.name
    assert ("PODMAN_LABELS" in held) == (event.type in ("container", "pod") and bool(event.attributes))
