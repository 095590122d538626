"""D-Bus as values: addresses as godbus takes them, messages as the specification lays them out, and conversations."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from returns.result import Failure, Result, Success

from pypod.pure.dbus import address, dialogue, marshal, message, signature
from pypod.pure.dbus.address import UnixSocket
from pypod.pure.dbus.dialogue import Refusal
from pypod.pure.dbus.marshal import Variant
from pypod.pure.dbus.message import CALL, ERROR, REPLY, SIGNAL, Message
from pypod.pure.failure import HostError
from pypod.pure.systemd.facts import Scope
from pypod.pure.systemd.scope import MANAGER, OBJECT, UNKNOWN_PROCESS, start_call, starting

# -- addresses


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("unix:path=/run/user/1000/bus", Success(UnixSocket("/run/user/1000/bus"))),
        ("unix:guid=12,path=/b", Success(UnixSocket("/b"))),
        ("unix:path=/a,path=/b", Success(UnixSocket("/a"))),
        ("unix:abstract=/tmp/x,guid=1", Success(UnixSocket("/tmp/x", abstract=True))),
        ("unix:path=/a%20b%2fc%C3%a4", Success(UnixSocket("/a b/cä"))),
        ("unix:path=/100%,x", Success(UnixSocket("/100%"))),
        ("unix:path=/a=b", Success(UnixSocket("/a=b"))),
        ("unix:path=/a,abstract=b", Failure("dbus: invalid address (both path and abstract set)")),
        ("unix:tmpdir=/tmp", Failure("dbus: invalid address (neither path nor abstract set)")),
        ("unix:path", Failure("dbus: invalid address (neither path nor abstract set)")),
        ("tcp:host=h,port=1", Failure("dbus: invalid bus address (invalid or unsupported transport)")),
        ("tcp:host=h", Failure("dbus: unsupported address (must set host and port)")),
        ("/run/bus", Failure("dbus: invalid bus address (no transport)")),
        ("", Failure("dbus: invalid bus address (no transport)")),
    ],
)
def test_addresses(given: str, found: Result[UnixSocket, str]) -> None:
    assert address.sockets(given) == (found,)


def test_alternatives_stand_in_their_order() -> None:
    found = address.sockets("nothing;unix:path=/a;unix:abstract=b")
    assert [isinstance(one, Success) for one in found] == [False, True, True]


def test_where_a_session_bus_is() -> None:
    assert address.given(Success("unix:path=/x")) == "unix:path=/x"
    assert address.given(Success("autolaunch:")) == address.given(Success(None)) == address.given(Success("")) == ""
    assert address.told_by(b"DBUS_SESSION_BUS_ADDRESS=unix:abstract=/t,guid=1\r\n") == "unix:abstract=/t,guid=1"
    assert address.told_by(b"OTHER=unix:path=/x\n") == address.told_by(b"") == ""
    assert address.is_there(Failure(HostError(13, "stat", "/x")))
    assert not address.is_there(Failure(HostError(2, "stat", "/x")))


# -- signatures and values


@pytest.mark.parametrize("text", ["a", "(", "()", "a{vs}", "a{s}", "{ss}", "a{sss}", ")", "r", "e", "a" * 33 + "y", "y" * 256,
                                  "(" * 33 + "y" + ")" * 33, "aa{sv", "é"])  # fmt: skip
def test_no_signatures(text: str) -> None:
    assert isinstance(signature.types(text), Failure)


def test_signatures() -> None:
    assert signature.types("ssa(sv)a(sa(sv))") == Success(("s", "s", "a(sv)", "a(sa(sv))"))
    assert signature.types("a{sa{oay}}v") == Success(("a{sa{oay}}", "v"))
    assert signature.types("") == Success(())


@pytest.mark.parametrize(
    ("kind", "value", "octets"),
    [
        ("y", 255, "ff"),
        ("n", -2, "feff"),
        ("u", 4711, "67120000"),
        ("t", 1, "0100000000000000"),
        ("d", 0.5, "000000000000e03f"),
        ("b", True, "01000000"),
        ("s", "foo", "03000000666f6f00"),
        ("s", "ä", "02000000c3a400"),
        ("o", "/a", "020000002f6100"),
        ("g", "au", "02617500"),
        ("v", Variant("u", 7), "0175000007000000"),
        ("at", (), "0000000000000000"),
        ("at", (5,), "08000000000000000500000000000000"),
        ("(yu)", (1, 2), "0100000002000000"),
        ("a{ys}", ((1, ""),), "0900000000000000010000000000000000"),
    ],
)  # fmt: skip
def test_values_as_bytes(kind: str, value: marshal.Value, octets: str) -> None:
    assert marshal.marshalled(kind, (value,)) == Success(bytes.fromhex(octets))
    assert marshal.unmarshalled(kind, bytes.fromhex(octets)) == Success((value,))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("y", 256), ("y", -1), ("u", "x"), ("u", True), ("b", 1), ("s", 1), ("s", "a\0"), ("s", "\ud800"), ("o", "a"),
        ("o", "/a/"), ("o", "//"), ("g", "("), ("au", 1), ("(u)", (1, 2)), ("v", 1), ("v", Variant("uu", (1, 2))),
        ("v", Variant("", 0)), ("i", 1.5),
    ],
)  # fmt: skip
def test_what_is_of_another_type_is_not_marshalled(kind: str, value: marshal.Value) -> None:
    assert isinstance(marshal.marshalled(kind, (value,)), Failure)


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        ("b", "02000000"), ("s", "0100000061"), ("s", "010000006161"), ("s", "01000000ff00"), ("s", "010000000000"),
        ("o", "010000006100"), ("au", "0300000001000000"), ("au", "0400000001"), ("yu", "01ff000001000000"),
        ("v", "02757500"), ("v", "00000000"), ("u", "0100000000"), ("at", "000000000f000000"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_values(kind: str, octets: str) -> None:
    assert isinstance(marshal.unmarshalled(kind, bytes.fromhex(octets)), Failure)


def test_values_are_not_nested_for_ever() -> None:
    value: marshal.Value = 1
    for _ in range(100):
        value = Variant("v" if isinstance(value, Variant) else "y", value)
    assert isinstance(marshal.marshalled("v", (value,)), Failure)
    assert isinstance(marshal.unmarshalled("v", b"\x01v\0" * 200 + b"\x01y\0\x01"), Failure)


# -- messages


def test_a_call_as_bytes() -> None:
    """Laid out by hand, after the specification."""
    hello = Message(
        CALL, 1, "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", destination="org.freedesktop.DBus"
    )
    octets = (
        b"l\1\0\1" + b"\0\0\0\0" + b"\1\0\0\0" + b"\x6d\0\0\0"
        b"\1\1o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0"
        b"\2\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0"
        b"\3\1s\0\5\0\0\0Hello\0\0\0"
        b"\6\1s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0"
    )
    assert message.written(hello) == Success(octets)
    assert message.first_message(octets + b"more") == Success((hello, len(octets)))


@pytest.mark.parametrize("place", range(4))
def test_a_message_of_another_kind_is_none(place: int) -> None:
    octets = bytearray(message.written(Message(REPLY, 1, reply_to=1)).unwrap())
    octets[place] = 0 if place != 2 else 255
    read = message.first_message(bytes(octets))
    assert isinstance(read, Success if place == 2 else Failure), "flags may be any"


def test_what_a_message_must_have() -> None:
    for one in (Message(CALL, 1, "/"), Message(REPLY, 1), Message(ERROR, 1, reply_to=1), Message(SIGNAL, 1, "/", "a.b"),
                Message(REPLY, 0, reply_to=1)):  # fmt: skip
        assert isinstance(message.first_message(message.written(one).unwrap()), Failure)


def test_the_other_byte_order_and_fields_that_nobody_knows() -> None:
    told = Message(SIGNAL, 3, "/a", "b.c", "D", sender=":1.2", signature="uo", body=(1, "/x"))
    swapped = message.written(told, ">").unwrap()
    assert swapped[:1] == b"B"
    assert message.first_message(swapped) == Success((told, len(swapped)))
    fields = ((5, Variant("u", 9)), (9, Variant("u", 2)), (77, Variant("s", "?")))
    head = marshal.marshalled("yyyyuua(yv)", (ord("l"), 2, 1, 1, 0, 7, fields)).unwrap()
    read = message.first_message(head + bytes(-len(head) % 8)).unwrap()
    assert read is not None
    assert read[0] == Message(REPLY, 7, reply_to=9, flags=1)


def test_a_message_that_is_too_large_is_not_waited_for() -> None:
    octets = b"l\2\1\1" + (1 << 27).to_bytes(4, "little") + b"\1\0\0\0\0\0\0\0"
    assert isinstance(message.first_message(octets), Failure)


# -- conversations

SCOPE = Scope("user.slice", "podman-pause-1.scope", 4711)
JOB = "/org/freedesktop/systemd1/job/5"
Talk = Generator[bytes, bytes, Result[None, Refusal]]


def reply(number: int, sign: str = "", *body: object) -> bytes:
    return message.written(Message(REPLY, 9, reply_to=number, signature=sign, body=body)).unwrap()


def removed(job: str) -> bytes:
    told = Message(SIGNAL, 9, OBJECT, MANAGER, "JobRemoved", signature="uoss", body=(5, job, "u", "done"))
    return message.written(told).unwrap()


def talked(*came: bytes, talk: Talk | None = None) -> tuple[list[bytes], Result[None, Refusal]]:
    """What was sent, and how it ended; no bytes come after the given ones."""
    talk = starting(SCOPE, 1000) if talk is None else talk
    sent = [next(talk)]
    for one in (*came, b""):
        try:
            sent.append(talk.send(one))
        except StopIteration as done:
            ended: Result[None, Refusal] = done.value
            return sent, ended
    raise AssertionError("it went on after the end")


def test_a_scope_is_started() -> None:
    sent, ended = talked(
        b"OK 1234\r\n", reply(1, "s", ":1.7"), reply(2), reply(3, "o", JOB), removed("/other"), removed(JOB)
    )
    assert ended == Success(None)
    assert sent[0] == b"\0AUTH EXTERNAL 31303030\r\n"
    assert sent[1].startswith(b"BEGIN\r\nl\1")
    assert b"type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'" in sent[2]
    call = message.first_message(sent[3]).unwrap()
    assert call is not None
    asked = start_call(SCOPE)
    assert (call[0].destination, call[0].path, call[0].interface, call[0].member) == (
        "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1.Manager",
        "StartTransientUnit",
    )
    assert (call[0].signature, call[0].body) == ("ssa(sv)a(sa(sv))", asked.body)
    assert [*sent[4:]] == [b"", b""], "nothing more is said"


def test_a_job_that_is_done_before_it_is_answered() -> None:
    _, ended = talked(b"OK\r\n" + reply(1, "s", ":1.7"), removed(JOB) + reply(2) + removed("/x"), reply(3, "o", JOB))
    assert ended == Success(None)


def error(number: int, name: str, sign: str = "", *body: object) -> bytes:
    return message.written(Message(ERROR, 9, error=name, reply_to=number, signature=sign, body=body)).unwrap()


@pytest.mark.parametrize(
    ("came", "refusal"),
    [
        ([], Refusal("EOF")),
        ([b"OK\r\n"], Refusal("EOF")),
        ([b"OK\r\n", reply(1, "s", ":1"), reply(2), reply(3, "o", JOB)], Refusal("EOF")),
        ([b"REJECTED DBUS_COOKIE_SHA1\r\n"], Refusal("dbus: authentication failed")),
        ([b"ERROR\r\n"], Refusal("dbus: authentication protocol error")),
        ([b"x" * 20000], Refusal("dbus: authentication protocol error")),
        ([b"OK\r\n", b"x" * 16], Refusal("dbus: invalid message")),
        ([b"OK\r\n", error(1, "a.b", "s", "no")], Refusal("no", "a.b")),
        ([b"OK\r\n", error(1, "a.b")], Refusal("a.b", "a.b")),
        ([b"OK\r\n", error(1, "a.b", "u", 1)], Refusal("a.b", "a.b")),
        ([b"OK\r\n", reply(1, "s", ":1"), error(2, "a.b", "s", "no")], Refusal("no", "a.b")),
        (
            [b"OK\r\n", reply(1, "s", ":1"), reply(2), error(3, UNKNOWN_PROCESS, "s", "gone")],
            Refusal("gone", UNKNOWN_PROCESS),
        ),
    ],
)
def test_how_it_can_come_to_nothing(came: list[bytes], refusal: Refusal) -> None:
    assert talked(*came)[1] == Failure(refusal)


def test_a_call_that_cannot_be_marshalled_is_not_sent() -> None:
    client = dialogue.Client()
    talk = client.call(dialogue.Call("a.b", "no path", "a.b", "C"))
    with pytest.raises(StopIteration) as ended:
        next(talk)
    assert "no object path" in ended.value.value.failure().text
