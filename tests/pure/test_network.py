"""Networks as they were observed with podman 3.4.7."""

from __future__ import annotations

import hashlib

import pytest
from returns.result import Failure, Success

from pypod.pure.facts import ProgramOutput
from pypod.pure.network.conflist import conflist
from pypod.pure.network.default import DefaultNetwork, checked, content
from pypod.pure.network.gojson import decoded
from pypod.pure.network.plugin import Network, loaded, objection
from pypod.pure.network.subnet import parse_subnet

LIST = "/etc/cni/net.d/10-x.conflist"


def test_the_default_file() -> None:
    text = conflist("podman", parse_subnet("10.88.0.0/16").unwrap(), machine=False)
    assert hashlib.sha256(text).hexdigest() == "f14e95a3a3f8a57e79b26500efe91b3188ef0bbeb0c6ccc571283d0bd984af3e"


@pytest.mark.parametrize(
    ("given", "network", "gateway"),
    [
        ("10.1.2.3/24", "10.1.2.0/24", "10.1.2.1"),
        ("fd00::/64", "fd00::/64", "fd00::1"),
        ("10.0.0.254/31", "10.0.0.254/31", "10.0.0.255"),
    ],
)
def test_subnets(given: str, network: str, gateway: str) -> None:
    read = parse_subnet(given).unwrap()
    assert (read.network, read.gateway) == (network, gateway)


def test_a_single_address_makes_no_file_and_no_error() -> None:
    assert content(DefaultNetwork("podman", "10.0.0.1/32", "/c", "/s", machine=False)) == Success(None)


@pytest.mark.parametrize("name", ["my-net", "_x", "a.b", "ü"])
def test_bad_names(name: str) -> None:
    problem = checked(DefaultNetwork(name, "10.0.0.0/8", "/c", "/s", machine=False)).failure()
    assert problem.message == f"invalid default network name {name} - letters, numbers, and underscores only"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "unexpected end of JSON input"),
        (b"[1,]", "invalid character ']' looking for beginning of value"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b"trxe", "invalid character 'x' in literal true (expecting 'u')"),
        (b'"\n"', r"invalid character '\n' in string literal"),
        (b"{}x", "invalid character 'x' after top-level value"),
    ],
)
def test_json_in_gos_words(text: bytes, why: str) -> None:
    assert decoded(text) == Failure(why)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (b"{}", "no name"),
        (b'{"name":1}', "invalid name type float64"),
        (b'{"name":"n"}', "no 'plugins' key"),
        (b'{"name":"n","plugins":{}}', "invalid 'plugins' type map[string]interface {}"),
        (b'{"name":"n","plugins":[]}', "no plugins in list"),
        (b'{"name":"n","cniVersion":1}', "invalid cniVersion type float64"),
    ],
)
def test_lists_that_do_not_load(text: bytes, why: str) -> None:
    said = loaded(LIST, Success(text)).failure()
    assert said.message == f"Error loading CNI config list file {LIST}: error parsing configuration list: {why}"


def test_a_plugin_without_a_type() -> None:
    said = loaded(LIST, Success(b'{"name":"n","plugins":[{}]}')).failure()
    why = "failed to parse plugin config 0: error parsing configuration: missing 'type'"
    assert said.message == f"Error loading CNI config list file {LIST}: {why}"


def test_versions() -> None:
    answer = Success(ProgramOutput(0, b'{"cniVersion":"0.4.0","supportedVersions":["0.1.0","0.4.0"]}'))
    assert objection(Network("n", "0.4.0", ("bridge",), LIST), "bridge", answer) == ""
    assert objection(Network("n", "", ("bridge",), LIST), "bridge", answer) == ""
    refused = objection(Network("n", "9.9.9", ("bridge",), LIST), "bridge", answer)
    assert refused == 'plugin bridge does not support config version "9.9.9"'
