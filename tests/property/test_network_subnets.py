"""Laws of the default network's subnet, against an implementation that is not ours.

- Reading a CIDR text is total, and a failure repeats the text.
- The network is the one that ``ipaddress`` computes; the gateway is the address after it.
- A subnet's own text reads as itself.
"""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.network.subnet import Subnet, parse_subnet

ADDRESSES = st.ip_addresses()


@given(st.text() | st.text("0123456789./:af", max_size=20))
def test_reading_is_total(text: str) -> None:
    read = parse_subnet(text)
    if isinstance(read, Failure):
        assert read.failure() == f"invalid CIDR address: {text}"


@given(ADDRESSES, st.data())
def test_network_and_gateway(address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject) -> None:
    prefix = data.draw(st.integers(0, address.max_prefixlen))
    network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
    read = parse_subnet(f"{address}/{prefix}").unwrap()
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        return
    assert read.network == str(network)
    assert read.single == (prefix == address.max_prefixlen)
    if not read.single:
        assert ipaddress.ip_address(read.gateway) == network.network_address + 1


@given(ADDRESSES, st.data())
def test_a_network_reads_as_itself(address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject) -> None:
    read: Subnet = parse_subnet(f"{address}/{data.draw(st.integers(0, address.max_prefixlen))}").unwrap()
    assert parse_subnet(read.network) == Success(read)
