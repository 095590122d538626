"""What a client and a message bus say to each other, as a generator: it yields bytes to be sent, and is sent what came.

Theory of operation.  Nothing here touches a socket, so that every conversation can be tried with values.  Whoever has the
socket sends what is yielded, which may be nothing, waits for some bytes, as many as there are, and sends them in; no bytes
mean that the bus hung up.

A client logs in (SASL, mechanism ``EXTERNAL``: the kernel tells the bus who it is), says ``Hello``, and calls.  What
comes meanwhile and answers nothing that was asked is kept: a signal may come before the answer to the call it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final, TypeAlias, TypeVar

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.dbus.message import CALL, ERROR, REPLY, Message, first_message, written

T = TypeVar("T")

BUS: Final = "org.freedesktop.DBus"
_HUNG_UP: Final = "EOF"
_NO_LOG_IN: Final = "dbus: authentication failed"
_WRONG_LOG_IN: Final = "dbus: authentication protocol error"
_LONGEST_LINE: Final = 16384


class Refusal(Struct, frozen=True):
    """Why a conversation came to nothing: a text as godbus has it, and the name of the error where the bus or a service
    answered with one.
    """

    text: str
    name: str = ""


class Call(Struct, frozen=True):
    """A call of a method of somebody on the bus."""

    destination: str
    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[object, ...] = ()


Dialogue: TypeAlias = Generator[bytes, bytes, Result[T, Refusal]]


class Client:
    """The client's half of one conversation: what came and was not heard yet, what is said when something has to be waited
    for, and the number of the last call.
    """

    def __init__(self) -> None:
        self._came = b""
        self._unsent = b""
        self._serial = 0
        self._kept: list[Message] = []

    def log_in(self, uid: int) -> Generator[bytes, bytes, Result[None, Refusal]]:
        """Become a client of the bus as a user, and be given a name on it."""
        self._unsent += b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\n"
        said = yield from self._line()
        if isinstance(said, Failure):
            return Failure(said.failure())
        word = said.unwrap().split(b" ")[0]
        if word != b"OK":
            return Failure(Refusal(_NO_LOG_IN if word == b"REJECTED" else _WRONG_LOG_IN))
        self._unsent += b"BEGIN\r\n"
        named = yield from self.call(Call(BUS, "/org/freedesktop/DBus", BUS, "Hello"))
        return named.map(lambda _: None)

    def call(self, asked: Call) -> Generator[bytes, bytes, Result[Message, Refusal]]:
        """Call a method and wait for its answer."""
        self._serial += 1
        number = self._serial
        message = Message(
            CALL, number, asked.path, asked.interface, asked.member,
            destination=asked.destination, signature=asked.signature, body=asked.body,
        )  # fmt: skip
        octets = written(message)
        if isinstance(octets, Failure):
            return Failure(Refusal(f"dbus: {octets.failure()}"))
        self._unsent += octets.unwrap()
        answered = yield from self.heard(lambda one: one.kind in (REPLY, ERROR) and one.reply_to == number)
        return answered if isinstance(answered, Failure) else _not_refused(answered.unwrap())

    def heard(self, wanted: Callable[[Message], bool]) -> Generator[bytes, bytes, Result[Message, Refusal]]:
        """Wait for a message, unless it came already."""
        for one in self._kept:
            if wanted(one):
                return Success(one)
        while True:
            read = yield from self._message()
            if isinstance(read, Failure) or wanted(read.unwrap()):
                return read
            self._kept.append(read.unwrap())

    def _message(self) -> Generator[bytes, bytes, Result[Message, Refusal]]:
        """The next message."""
        while True:
            read = first_message(self._came)
            if isinstance(read, Failure):
                return Failure(Refusal(read.failure()))
            found = read.unwrap()
            if found is not None:
                message, size = found
                self._came = self._came[size:]
                return Success(message)
            more = yield from self._more()
            if isinstance(more, Failure):
                return Failure(more.failure())

    def _line(self) -> Generator[bytes, bytes, Result[bytes, Refusal]]:
        """The next line of the log in, without its end."""
        while True:
            line, end, rest = self._came.partition(b"\r\n")
            if end:
                self._came = rest
                return Success(line)
            if len(line) > _LONGEST_LINE:
                return Failure(Refusal(_WRONG_LOG_IN))
            more = yield from self._more()
            if isinstance(more, Failure):
                return Failure(more.failure())

    def _more(self) -> Generator[bytes, bytes, Result[None, Refusal]]:
        """Say what is to be said, and wait for what comes."""
        outgoing, self._unsent = self._unsent, b""
        came = yield outgoing
        if not came:
            return Failure(Refusal(_HUNG_UP))
        self._came += came
        return Success(None)


def _not_refused(answer: Message) -> Result[Message, Refusal]:
    """An answer that is an error is a failure: its text is the first word of its body, else its name (godbus)."""
    if answer.kind != ERROR:
        return Success(answer)
    first = answer.body[0] if answer.body else None
    return Failure(Refusal(first if isinstance(first, str) else answer.error, answer.error))
