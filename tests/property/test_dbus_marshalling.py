"""Laws of D-Bus's bytes.

- What is marshalled, in either byte order, is read back as it was, and so is a whole message.
- Reading any bytes is total: values, or a text that says what is wrong; the same for the text of a signature.
- Of a message that is cut short anywhere it is known that it is not whole yet; nothing after it is touched.
- However the bytes of a conversation are cut into pieces, it goes the same way.
- An address that was made for a socket leads to that socket.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.dbus.address import UnixSocket, at_path, sockets
from pypod.pure.dbus.marshal import Order, Variant, marshalled, unmarshalled
from pypod.pure.dbus.message import CALL, ERROR, REPLY, SIGNAL, Message, first_message, written
from pypod.pure.dbus.signature import types
from pypod.pure.systemd.facts import Scope
from pypod.pure.systemd.scope import starting
from tests.pure.test_dbus import JOB, error, removed, reply

TEXTS: Final = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ELEMENTS: Final = st.text("abcXYZ019_", min_size=1, max_size=6)
PATHS: Final = st.lists(ELEMENTS, max_size=3).map(lambda parts: "/" + "/".join(parts))
NAMES: Final = st.lists(ELEMENTS, min_size=2, max_size=3).map(".".join)
ORDERS: Final[st.SearchStrategy[Order]] = st.sampled_from(("<", ">"))
BASIC: Final[dict[str, st.SearchStrategy[Any]]] = {
    "y": st.integers(0, 255), "n": st.integers(-(1 << 15), (1 << 15) - 1), "q": st.integers(0, (1 << 16) - 1),
    "i": st.integers(-(1 << 31), (1 << 31) - 1), "u": st.integers(0, (1 << 32) - 1),
    "x": st.integers(-(1 << 63), (1 << 63) - 1), "t": st.integers(0, (1 << 64) - 1), "d": st.floats(allow_nan=False),
    "b": st.booleans(), "s": TEXTS, "o": PATHS, "g": st.sampled_from(("", "a{sv}", "(ii)u")),
}  # fmt: skip
Typed = tuple[str, Any]


def _arrays(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    """Arrays whose values are of the type of the first."""

    def same(one: Typed) -> st.SearchStrategy[Typed]:
        return st.integers(0, 3).map(lambda count: (f"a{one[0]}", (one[1],) * count))

    return inner.flatmap(same)


def _nested(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    def structure(parts: list[Typed]) -> Typed:
        return f"({''.join(kind for kind, _ in parts)})", tuple(value for _, value in parts)

    keyed = st.tuples(TEXTS, inner).map(lambda pair: (f"a{{s{pair[1][0]}}}", ((pair[0], pair[1][1]),)))
    variants = inner.map(lambda one: ("v", Variant(*one)))
    return st.lists(inner, min_size=1, max_size=3).map(structure) | variants | keyed | _arrays(inner)


BASICS: Final = st.sampled_from(sorted(BASIC)).flatmap(lambda kind: BASIC[kind].map(lambda value: (kind, value)))
VALUES: Final = st.recursive(BASICS, _nested, max_leaves=6)
BODIES: Final = st.lists(VALUES, max_size=4)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Whole messages of every kind."""
    body = draw(BODIES)
    kind = draw(st.sampled_from((CALL, REPLY, ERROR, SIGNAL)))
    asked = kind in (CALL, SIGNAL)
    return Message(
        kind,
        draw(st.integers(1, (1 << 32) - 1)),
        path=draw(PATHS) if asked else "",
        interface=draw(NAMES) if asked else "",
        member=draw(ELEMENTS) if asked else "",
        error=draw(NAMES) if kind == ERROR else "",
        reply_to=0 if asked else draw(st.integers(1, (1 << 32) - 1)),
        sender=draw(st.sampled_from(("", ":1.5"))),
        signature="".join(one for one, _ in body),
        body=tuple(value for _, value in body),
        flags=draw(st.integers(0, 7)),
    )


@given(BODIES, ORDERS)
def test_values_come_back(body: list[Typed], order: Order) -> None:
    signature, values = "".join(kind for kind, _ in body), tuple(value for _, value in body)
    octets = marshalled(signature, values, order).unwrap()
    assert unmarshalled(signature, octets, order) == Success(values)


@given(st.sampled_from(("a(sv)", "v", "s", "a{sv}", "aay", "(ybnqiuxtdsog)", "a(yv)")) | VALUES.map(lambda one: one[0]),
       st.binary(max_size=64), ORDERS)  # fmt: skip
def test_reading_is_total(signature: str, octets: bytes, order: Order) -> None:
    read = unmarshalled(signature, octets, order)
    if isinstance(read, Success):
        again = marshalled(signature, read.unwrap(), order)
        assert len(again.unwrap()) == len(octets)


@given(st.text("ybnqiuxtdsogva(){}r", max_size=20) | st.text(max_size=5))
def test_signatures_are_total(text: str) -> None:
    found = types(text)
    assert isinstance(found, Failure) or "".join(found.unwrap()) == text


@given(messages(), ORDERS, st.binary(max_size=20), st.data())
def test_messages_come_back(message: Message, order: Order, after: bytes, data: st.DataObject) -> None:
    octets = written(message, order).unwrap()
    assert first_message(octets + after) == Success((message, len(octets)))
    cut = data.draw(st.integers(0, len(octets) - 1))
    assert first_message(octets[:cut]) == Success(None)


@given(st.binary(max_size=100) | messages().map(lambda one: written(one).unwrap()), st.data())
def test_any_bytes_are_a_message_or_none(octets: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, max(len(octets) - 1, 0)))
    damaged = octets[:place] + data.draw(st.binary(min_size=1, max_size=2)) + octets[place + 1 :]
    assert isinstance(first_message(damaged), Success | Failure)


CONVERSATIONS: Final = st.sampled_from(
    (
        b"OK 12\r\n" + reply(1, "s", ":1.7") + reply(2) + reply(3, "o", JOB) + removed(JOB),
        b"OK 12\r\n" + reply(1, "s", ":1.7") + removed(JOB) + reply(2) + reply(3, "o", JOB),
        b"OK 12\r\n" + reply(1, "s", ":1.7") + reply(2) + error(3, "a.b", "s", "no"),
        b"OK 12\r\n" + reply(1, "s", ":1.7") + b"not a message at all",
        b"REJECTED EXTERNAL\r\n",
    )
)


def _ended(pieces: list[bytes]) -> object:
    talk = starting(Scope("user.slice", "x.scope", 5), 1000)
    next(talk)
    for piece in [*pieces, b""]:
        try:
            talk.send(piece)
        except StopIteration as done:
            return done.value
    raise AssertionError("it went on after the end")


@given(CONVERSATIONS, st.lists(st.integers(0, 600), max_size=12))
def test_a_conversation_does_not_depend_on_how_it_is_cut(octets: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    pieces = [octets[begin:end] for begin, end in pairwise(places)]
    assert _ended(pieces) == _ended([octets])
    assert _ended([octets[place : place + 1] for place in range(len(octets))]) == _ended([octets])


@given(st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name))
def test_an_address_leads_to_its_socket(name: bytes) -> None:
    path = f"/{name.decode('utf-8', 'surrogateescape')}"
    assert sockets(at_path(path)) == (Success(UnixSocket(path)),)
