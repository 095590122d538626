"""``ps``: rows and columns from records, in the words of Podman 3.4 (``cmd/podman/containers/ps.go``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct, field

from pypod.pure.state.facts import ContainerRecord, Containers, Listed, PortRange
from pypod.pure.state.moments import duration, nanoseconds, since, unix
from pypod.pure.state.ports import ports_shown

HEADINGS: Final = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")

STATES: Final = ("unknown", "configured", "created", "running", "stopped", "paused", "exited", "removing", "stopping")
"""libpod 3.4's texts of a container's state, by its number."""

_SHORT_ID: Final = 12
_SHORT_COMMAND: Final = 17
_NARROWEST: Final = 12
_GAP: Final = 2


def state_text(number: int) -> str:
    """The text of a state's number (``ContainerStatus.String``)."""
    return STATES[number] if 0 <= number < len(STATES) else "bad state"


def status_text(one: ContainerRecord, now: int) -> str:
    """The STATUS column: ``Up 3 minutes ago``, ``Exited (0) 2 hours ago``; ``now`` in nanoseconds since the epoch."""
    state = state_text(one.state)
    if state == "running":
        return f"Up {_ago(one.started, now)}"
    if state in ("exited", "stopped"):
        return f"Exited ({one.exit_code}) {_ago(one.finished, now)}"
    return "Created" if state == "configured" else state


def _ago(moment: str, now: int) -> str:
    """Podman counts from the whole second."""
    return f"{duration(now - unix(moment) * 1_000_000_000)} ago"


def shown(containers: Containers) -> tuple[ContainerRecord, ...]:
    """The containers that can be loaded, the oldest first; each with the ports of the network that it uses."""
    sound = {one.id: one for one in containers.containers if not one.damage}
    return tuple(_with_ports(one, sound) for one in sorted(sound.values(), key=_created))


def _created(one: ContainerRecord) -> tuple[int, str]:
    return nanoseconds(one.created) or 0, one.id


def _with_ports(one: ContainerRecord, by_id: dict[str, ContainerRecord]) -> ContainerRecord:
    """With the ports of the container whose network namespace it shares, which may share one again."""
    seen = {one.id}
    owner = one
    while owner.shares_network_of in by_id and owner.shares_network_of not in seen:
        seen.add(owner.shares_network_of)
        owner = by_id[owner.shares_network_of]
    return one if owner is one else msgspec.structs.replace(one, ports=owner.ports, ranged=owner.ranged)


def damages(containers: Containers) -> tuple[str, ...]:
    """The log line of every container that it leaves out."""
    return tuple(
        f"Error retrieving container {one.id} from the database: {one.damage}"
        for one in containers.containers
        if one.damage
    )


def row(one: ContainerRecord, now: int, *, whole: bool) -> tuple[str, ...]:
    """The columns of a container; ``whole``: the id and the command are not shortened."""
    command = " ".join(one.command or ())
    if not whole and len(command.encode("utf-8", "surrogateescape")) > _SHORT_COMMAND:
        command = command.encode("utf-8", "surrogateescape")[:_SHORT_COMMAND].decode("utf-8", "replace") + "..."
    return (
        one.id if whole else one.id[:_SHORT_ID],
        one.image,
        command,
        f"{since(one.created, now)} ago",
        status_text(one, now),
        ports_shown(one.ports, ranged=one.ranged),
        one.name,
    )


def table(containers: Containers, now: int, *, whole: bool) -> str:
    """The table, headings first."""
    rows = [HEADINGS, *(row(one, now, whole=whole) for one in shown(containers))]
    return columns(rows)


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows as Podman aligns them: every column but the last at least twelve wide, two blanks between."""
    printed = [tuple(map(_printed, cells)) for cells in rows]
    widths = [max(_NARROWEST, *(len(cells[at]) + _GAP for cells in printed)) for at in range(len(printed[0]) - 1)]
    return "".join(
        "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)) + cells[-1] + "\n"
        for cells in printed
    )


def _printed(cell: str) -> str:
    """On one line, whatever a command contains."""
    return cell if cell.isprintable() else "".join(one if one.isprintable() else _escaped(one) for one in cell)


def _escaped(one: str) -> str:
    return one.encode("unicode_escape", "backslashreplace").decode("ascii")


def ids(listed: Iterable[Listed], *, whole: bool) -> str:
    """The ids alone, one a line."""
    return "".join(f"{one.id if whole else one.id[:_SHORT_ID]}\n" for one in listed)


class _Port(Struct, frozen=True, rename="camel"):
    host_port: int
    container_port: int
    protocol: str
    host_ip: str = field(name="hostIP")


class _Listed(Struct, frozen=True, rename="pascal"):
    """Podman's ``ListContainer``, in its order and with its names."""

    auto_remove: bool
    command: tuple[str, ...] | None
    created_at: str
    exited: bool
    exited_at: int
    exit_code: int
    id: str
    image: str
    image_id: str = field(name="ImageID")
    is_infra: bool
    labels: dict[str, str] | None
    mounts: tuple[str, ...]
    names: tuple[str, ...]
    namespaces: dict[str, str]
    networks: tuple[str, ...]
    pid: int
    pod: str
    pod_name: str
    ports: tuple[_Port, ...] | None
    size: None
    started_at: int
    state: str
    status: str
    created: int


def document(containers: Containers, now: int, default_network: str = "podman") -> bytes:
    """What ``--format json`` prints: a list of ``ListContainer``, as Podman 3.4 has it."""
    listed = [_entry(one, now, default_network) for one in shown(containers)]
    return msgspec.json.format(msgspec.json.encode(printable(msgspec.to_builtins(listed))), indent=2) + b"\n"


def printable(value: Any) -> Any:
    """A plain value in which every text can be written as UTF-8: an undecodable byte becomes U+FFFD, as in Go."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        held = cast("dict[str, Any]", value)
        return {printable(key): printable(one) for key, one in held.items()}
    if isinstance(value, list | tuple):
        return [printable(one) for one in cast("Sequence[Any]", value)]
    return value


def _entry(one: ContainerRecord, now: int, default_network: str) -> _Listed:
    networks = one.networks or ((default_network,) if one.bridged else ())
    return _Listed(
        auto_remove=one.auto_remove,
        command=one.command,
        created_at=f"{since(one.created, now)} ago",
        exited=one.exited,
        exited_at=unix(one.finished),
        exit_code=one.exit_code,
        id=one.id,
        image=one.image,
        image_id=one.image_id,
        is_infra=one.infra,
        labels=None if one.labels is None else dict(one.labels),
        mounts=one.mounts,
        names=(one.name,),
        namespaces={},
        networks=networks,
        pid=one.pid,
        pod=one.pod,
        pod_name="",
        ports=tuple(port for held in one.ports for port in _ports(held)) or None,
        size=None,
        started_at=unix(one.started),
        state=state_text(one.state),
        status=status_text(one, now),
        created=unix(one.created),
    )


def _ports(held: PortRange) -> Iterable[_Port]:
    for protocol in held.protocol.split(","):
        for offset in range(held.count):
            yield _Port(held.host_port + offset, held.container_port + offset, protocol, held.host_ip)
