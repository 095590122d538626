"""``ps``: columns, times, ports and states in Podman 3.4's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypod.pure.state.facts import Backend, ContainerRecord, Containers, Listed, PortRange
from pypod.pure.state.moments import ZERO, duration, nanoseconds, since, unix
from pypod.pure.state.ports import ports_shown
from pypod.pure.state.ps import columns, document, ids, shown, state_text, status_text, table

SECOND = 1_000_000_000
NOW = nanoseconds("2026-11-23T12:00:00Z") or 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "Less than a second"),
        (0.9, "Less than a second"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (3599, "59 minutes"),
        (3600, "About an hour"),
        (5399, "About an hour"),
        (5400, "2 hours"),
        (47.4 * 3600, "47 hours"),
        (47.5 * 3600, "2 days"),
        (14 * 86400, "2 weeks"),
        (60 * 86400, "2 months"),
        (729 * 86400, "24 months"),
        (730 * 86400, "2 years"),
        (1e12, "292 years"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(int(seconds * SECOND)) == words


FIRST_DAY, LAST_DAY = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-30")


@given(st.datetimes(FIRST_DAY, LAST_DAY), st.integers(0, 999_999_999), st.integers(-14 * 60, 14 * 60))
def test_times_are_read_to_the_nanosecond(moment: datetime, fraction: int, minutes: int) -> None:
    """Against the standard library's calendar."""
    whole = moment.replace(microsecond=0)
    digits = f".{fraction:09d}".rstrip("0").rstrip(".")
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "Z"
    seconds = (whole.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    text = f"{whole.year:04d}-{whole:%m-%dT%H:%M:%S}{digits}{zone}"
    assert nanoseconds(text) == (int(seconds) - minutes * 60) * SECOND + fraction


@given(st.text("0123456789-:TZ.+ x", max_size=36))
def test_no_text_breaks_a_time(text: str) -> None:
    assert unix(text) == ZERO or nanoseconds(text) is not None
    assert since(text, NOW)


def test_the_zero_time() -> None:
    assert unix("0001-01-01T00:00:00Z") == ZERO == -62135596800
    assert since("", NOW) == "292 years"


def port(container: int, host: int, protocol: str = "tcp", ip: str = "", count: int = 1) -> PortRange:
    return PortRange(ip, host, container, protocol, count)


@pytest.mark.parametrize(
    ("ports", "ranged", "text"),
    [
        ((), False, ""),
        ((port(80, 8080),), False, "0.0.0.0:8080->80/tcp"),
        ((port(81, 8081), port(80, 8080)), False, "0.0.0.0:8080-8081->80-81/tcp"),
        ((port(443, 8443, ip="127.0.0.1"), port(80, 8080)), False, "0.0.0.0:8080->80/tcp, 127.0.0.1:8443->443/tcp"),
        ((port(53, 53, "udp"), port(53, 53)), False, "0.0.0.0:53->53/tcp, 0.0.0.0:53->53/udp"),
        ((port(6000, 5000, count=2), port(80, 8080)), True, "0.0.0.0:5000-5001->6000-6001/tcp, 0.0.0.0:8080->80/tcp"),
        ((port(53, 53, "tcp,udp"),), True, "0.0.0.0:53->53/tcp, 0.0.0.0:53->53/udp"),
    ],
)
def test_ports(ports: tuple[PortRange, ...], ranged: bool, text: str) -> None:
    assert ports_shown(ports, ranged=ranged) == text


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (0, "unknown"),
        (1, "Created"),
        (2, "created"),
        (3, "Up 3 minutes ago"),
        (4, "Exited (7) 2 hours ago"),
        (5, "paused"),
        (6, "Exited (7) 2 hours ago"),
        (7, "removing"),
        (8, "stopping"),
        (9, "bad state"),
    ],
)
def test_statuses(state: int, text: str) -> None:
    one = ContainerRecord(
        "a", state=state, exit_code=7, started="2026-11-23T11:57:00.9Z", finished="2026-11-23T10:00:00.1Z"
    )
    assert status_text(one, NOW) == text


def test_states_of_other_numbers() -> None:
    assert [state_text(number) for number in (-1, 3, 6, 99)] == ["bad state", "running", "exited", "bad state"]


OLD = ContainerRecord(
    "b" * 64, "old", "img", command=("sh", "-c", "echo hello; sleep"), created="2026-11-23T10:00:00Z", state=1
)
NEW = ContainerRecord("a" * 64, "new", created="2026-11-23T11:00:00.5Z", state=1, shares_network_of="b" * 64)
HELD = Containers(Backend.BOLT, (NEW, OLD, ContainerRecord("c" * 64, damage="error unmarshalling")))


def test_the_table() -> None:
    assert table(HELD, NOW, whole=False) == (
        "CONTAINER ID  IMAGE       COMMAND               CREATED         STATUS      PORTS       NAMES\n"
        "bbbbbbbbbbbb  img         sh -c echo hello;...  2 hours ago     Created                 old\n"
        "aaaaaaaaaaaa                                    59 minutes ago  Created                 new\n"
    )
    assert "sh -c echo hello; sleep " in table(HELD, NOW, whole=True)
    assert "b" * 64 in table(HELD, NOW, whole=True)


def test_ports_are_those_of_the_network() -> None:
    owner = ContainerRecord("b", "owner", ports=(port(80, 8080),), state=1)
    user = ContainerRecord("a", "user", shares_network_of="b", state=1)
    ring = (ContainerRecord("c", shares_network_of="d", state=1), ContainerRecord("d", shares_network_of="c", state=1))
    found = {one.id: one.ports for one in shown(Containers(Backend.BOLT, (owner, user, *ring)))}
    assert found == {"a": owner.ports, "b": owner.ports, "c": (), "d": ()}


def test_json() -> None:
    rich = ContainerRecord(
        "d" * 64, "rich", "img", "1" * 64, ("true",), "2026-11-23T11:00:00Z", 6, finished="2026-11-23T11:00:01Z", exit_code=3,
        exited=True, labels=(("a", "\udcff"),), ports=(port(80, 8080, count=2),), bridged=True,
    )  # fmt: skip
    held = json.loads(document(Containers(Backend.BOLT, (rich, *HELD.containers)), NOW))
    assert [one["Names"] for one in held] == [["old"], ["rich"], ["new"]]
    assert held[1]["Labels"] == {"a": "\ufffd"}
    assert held[1]["Networks"] == ["podman"]
    assert [one["hostPort"] for one in held[1]["Ports"]] == [8080, 8081]
    assert (held[1]["Status"], held[1]["ExitedAt"]) == ("Exited (3) 59 minutes ago", 1795431601)
    assert (held[0]["StartedAt"], held[0]["Ports"], held[0]["Labels"], held[0]["Size"]) == (ZERO, None, None, None)
    assert document(Containers(Backend.BOLT), NOW) == b"[]\n"


def test_ids() -> None:
    listed = (Listed("a" * 64, "new"), Listed("b" * 64, "old"))
    assert ids(listed, whole=False) == "aaaaaaaaaaaa\nbbbbbbbbbbbb\n"
    assert ids(listed[:1], whole=True) == "a" * 64 + "\n"


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=5))
def test_a_row_is_a_line(rows: list[tuple[str, str, str]]) -> None:
    text = columns(rows)
    assert text.count("\n") == len(rows)
    assert all(line.isprintable() for line in text.splitlines())
