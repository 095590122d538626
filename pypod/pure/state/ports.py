"""The PORTS column of ``ps``: published ports, contiguous ones as one range."""

from __future__ import annotations

from typing import Final

from pypod.pure.state.facts import PortRange

_ANY: Final = "0.0.0.0"  # noqa: S104 - what Podman prints where no address is given


def ports_shown(ports: tuple[PortRange, ...], *, ranged: bool) -> str:
    """The published ports: as libpod 4 keeps them (``ranged``), or grouped as ``portsToString`` of Podman 3.4 does it.

    Ports of libpod 4 are shown as they were given; those of libpod 3 are sorted by the container's port.
    """
    if ranged:
        return ", ".join(_shown(one, protocol) for one in ports for protocol in one.protocol.split(","))
    return ", ".join(_group(group) for group in _groups(sorted(ports, key=_order)))


def _order(port: PortRange) -> tuple[int, str, int, str]:
    return port.container_port, port.host_ip, port.host_port, port.protocol


def _groups(ports: list[PortRange]) -> list[list[PortRange]]:
    """Runs of ports of the container that follow each other, whatever they are ports of the host's or protocols of."""
    groups: list[list[PortRange]] = []
    for port in ports:
        if groups and groups[-1][-1].container_port + 1 == port.container_port:
            groups[-1].append(port)
        else:
            groups.append([port])
    return groups


def _group(group: list[PortRange]) -> str:
    first, last = group[0], group[-1]
    host = _span(first.host_port, last.host_port)
    return f"{first.host_ip or _ANY}:{host}->{_span(first.container_port, last.container_port)}/{first.protocol}"


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def _shown(port: PortRange, protocol: str) -> str:
    last = port.count - 1
    host = _span(port.host_port, port.host_port + last)
    inner = _span(port.container_port, port.container_port + last)
    return f"{port.host_ip or _ANY}:{host}->{inner}/{protocol}"
