"""The default network's subnet, as Go's ``net.ParseCIDR`` reads and ``net.IPNet`` prints it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from returns.result import Failure, Result, Success

_MAPPED: Final = b"\0" * 10 + b"\xff\xff"


class Subnet(Struct, frozen=True):
    """A network address with its prefix length (``10.88.0.0/16``), and its gateway; ``single``: it is one address."""

    network: str
    gateway: str
    single: bool = False


def _prefix(text: str, bits: int) -> int | None:
    """The prefix length: ASCII digits, at most the address's bits."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None
    return int(text) if int(text) <= bits else None


def _address(text: str) -> bytes | None:
    """The address's bytes, four or sixteen; a zone is refused."""
    if "%" in text:
        return None
    from ipaddress import ip_address

    try:
        return ip_address(text).packed
    except ValueError:
        return None


def _text(packed: bytes) -> str:
    """How Go prints an address: one that stands for an IPv4 address prints as that."""
    if len(packed) == 16 and packed.startswith(_MAPPED):
        packed = packed[12:]
    from ipaddress import ip_address

    return str(ip_address(packed))


def parse_subnet(text: str) -> Result[Subnet, str]:
    """The network that a CIDR text names, host bits cleared, and the address after the network's as gateway.

    The failure is Go's text: ``invalid CIDR address: bad``.
    """
    address, slash, length = text.partition("/")
    packed = _address(address) if slash else None
    prefix = _prefix(length, len(packed) * 8) if packed is not None else None
    if packed is None or prefix is None:
        return Failure(f"invalid CIDR address: {text}")
    bits = len(packed) * 8
    mask = ((1 << prefix) - 1) << (bits - prefix)
    network = (int.from_bytes(packed, "big") & mask).to_bytes(len(packed), "big")
    shown = _text(network)
    shown_prefix = prefix - 96 if len(network) == 16 and ":" not in shown else prefix
    gateway = network[:-1] + bytes(((network[-1] + 1) % 256,))
    return Success(Subnet(f"{shown}/{shown_prefix}", _text(gateway), single=prefix == bits))
