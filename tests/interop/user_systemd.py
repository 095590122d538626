"""A user's systemd for tests: it owns ``org.freedesktop.systemd1`` on a bus and answers ``StartTransientUnit``.

    user_systemd.py ADDRESS ANSWER

It prints ``ready`` and then a JSON object for each call: member, signature, body.  ANSWER is one of

    done      the job is answered, and then told to be done
    early     the job is told to be done before it is answered
    gone      there is no such process
    refused   an error of systemd's
    twice     an error of systemd's for the first two calls, then done
    silent    nothing
    hang-up   the connection is closed
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any, Final, cast

from pypod.pure.dbus.address import sockets
from pypod.pure.dbus.dialogue import BUS
from pypod.pure.dbus.marshal import Variant
from pypod.pure.dbus.message import CALL, ERROR, REPLY, SIGNAL, Message, first_message, written
from pypod.pure.systemd.scope import MANAGER, OBJECT, SYSTEMD, UNKNOWN_PROCESS

JOB: Final = "/org/freedesktop/systemd1/job/4711"
OTHER_JOB: Final = "/org/freedesktop/systemd1/job/1"


def plain(value: object) -> Any:
    """A value as JSON."""
    match value:
        case Variant(signature, inner):
            return {"signature": signature, "value": plain(inner)}
        case tuple():
            return [plain(one) for one in cast("tuple[object, ...]", value)]
        case _:
            return value


def say(what: object) -> None:
    """A line, at once."""
    sys.stdout.write(f"{what if isinstance(what, str) else json.dumps(what)}\n")
    sys.stdout.flush()


def removed(job: str) -> Message:
    """The signal that a job is done."""
    body = (4711, job, "podman-pause.scope", "done")
    return Message(SIGNAL, 1, OBJECT, MANAGER, "JobRemoved", signature="uoss", body=body)


def answers(call: Message, answer: str, count: int) -> list[Message]:
    """What is said to a call."""
    done = Message(REPLY, 1, reply_to=call.serial, destination=call.sender, signature="o", body=(JOB,))
    failed = ("org.freedesktop.systemd1.Failed", "Unit is masked.")
    name, text = (UNKNOWN_PROCESS, "Process 1 not found") if answer == "gone" else failed
    error = Message(ERROR, 1, error=name, reply_to=call.serial, destination=call.sender, signature="s", body=(text,))
    match answer:
        case "done":
            return [removed(OTHER_JOB), done, removed(OTHER_JOB), removed(JOB)]
        case "early":
            return [removed(JOB), done]
        case "twice":
            return [done, removed(JOB)] if count > 2 else [error]
        case "silent":
            return []
        case _:
            return [error]


def messages(line: socket.socket) -> Iterator[Message]:
    """What the bus says, message for message, after the line with which a log in ends."""
    came = b""
    while b"\r\n" not in came:
        came += line.recv(65536)
    came = came.partition(b"\r\n")[2]
    while True:
        found = first_message(came).unwrap()
        if found is not None:
            message, size = found
            came = came[size:]
            yield message
            continue
        more = line.recv(65536)
        if not more:
            return
        came += more


def serve(line: socket.socket, answer: str) -> None:
    """Take the name and answer for ever."""
    uid = str(os.getuid()).encode().hex().encode()
    bus = "/org/freedesktop/DBus"
    hello = Message(CALL, 1, bus, BUS, "Hello", destination=BUS)
    name = Message(CALL, 2, bus, BUS, "RequestName", destination=BUS, signature="su", body=(SYSTEMD, 0))
    line.sendall(b"\0AUTH EXTERNAL " + uid + b"\r\nBEGIN\r\n" + written(hello).unwrap() + written(name).unwrap())
    count = 0
    for message in messages(line):
        if message.reply_to == 2:
            say("ready")
        if message.kind != CALL:
            continue
        count += 1
        say({"member": message.member, "signature": message.signature, "body": plain(message.body)})
        if answer == "hang-up":
            return
        for said in answers(message, answer, count):
            line.sendall(written(said).unwrap())


def main(address: str, answer: str) -> None:
    """Connect to a bus and be its systemd."""
    where = sockets(address)[0].unwrap()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(f"\0{where.name}" if where.abstract else where.name)
        serve(line, answer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
