"""Laws of single values.

* Capabilities: putting the prefix is idempotent, keeps number and order, and leaves nothing without it.
* TOML: the line that is told for a key is the line on which it stands, whatever values stand before it.
* TOML: keys in any case reach the same field; hexadecimal and grouped numbers are numbers.
* Unsigned numbers wrap where the library does not check, and are refused where it does.
* TOML: a document without its lines of comments says the same, right or wrong, on the same lines.
* TOML: the scanner comes to an end on anything, and an error's line is one of the file.
* Validation: of two things that are wrong, the one that is checked first is told, and mending it tells the other.
"""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from pypod.pure.configuration import keys
from pypod.pure.configuration.defaults import DefaultProbes, default_settings
from pypod.pure.configuration.layers import capabilities
from pypod.pure.configuration.schema import containers_conf
from pypod.pure.configuration.toml import decode, parse_document
from pypod.pure.configuration.toml_lines import scanned, without_comments
from pypod.pure.configuration.validate import wrong_with
from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError
from pypod.pure.settings import Claim, Key, Origin, Settings, Source
from pypod.pure.surroundings.facts import Surroundings
from tests.property.strategies import configurations, written_configuration

DEFAULTS = default_settings(Surroundings(), DefaultProbes())

WRONG: tuple[tuple[Key[object], object, str], ...] = (
    (Key("containers.default_ulimits"), ("nofile",), "containers config: unrecognized ulimit"),
    (Key("containers.devices"), ("/sys/x",), "containers config: invalid device mode"),
    (Key("containers.tz"), "Mars/Base", "containers config: find timezone"),
    (Key("containers.umask"), "9", "containers config: not a valid umask"),
    (Key("containers.log_size_max"), 0, "containers config: log size max"),
    (Key("containers.shm_size"), "lots", "containers config: invalid --shm-size"),
    (Key("engine.static_dir"), "x", "engine configs: static directory"),
    (Key("engine.tmp_dir"), "x", "engine configs: temporary directory"),
    (Key("engine.volume_path"), "x", "engine configs: volume path"),
    (Key("engine.pull_policy"), "x", "engine configs: invalid pull type"),
    (Key("network.network_config_dir"), "/etc/passwd/x", "network configs: invalid network_config_dir"),
    (Key("network.cni_plugin_dirs"), (), "network configs: invalid cni_plugin_dirs"),
)
"""A wrong value for each check, in the order of the checks."""

NOT_DIRECTORY: Result[FileStatus, HostError] = Failure(HostError(20, "stat", "/etc/passwd/x"))
MISSING: Result[FileStatus, HostError] = Failure(HostError(2, "stat", "/x"))
SEEN = {
    "/usr/share/zoneinfo/Mars/Base": MISSING,
    "/etc/zoneinfo/Mars/Base": MISSING,
    "/etc/passwd/x": NOT_DIRECTORY,
}


LINES = (
    "# a comment", "  \t# k = 1", "#", "# \x00", "# \x7f", "# \r", "#\u00e9\u2028", "", "   ", "[t]", "[[a]]", "k = 1 # one",
    "l = 'x # y'", "m = [", "  1, # one", "]", 'n = """', '"""', "o = '''", "'''", "p = {", "}", "q =", 'r = "# s',
)  # fmt: skip


def said_of(text: str) -> object:
    """What a document says, or on which line it is wrong."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return str(error).rpartition(" (at ")[2].partition(",")[0]


def with_wrong(chosen: list[int]) -> Settings:
    origin = Origin(Source.FILE, "/x:1")
    return DEFAULTS.claims((WRONG[index][0].name, Claim(WRONG[index][1], origin)) for index in chosen)


@given(st.lists(st.integers(0, len(WRONG) - 1), unique=True))
def test_the_first_check_that_fails_is_told(chosen: list[int]) -> None:
    told = wrong_with(with_wrong(chosen), SEEN, "/root", rootless=False)
    if chosen:
        assert told.startswith(f"validating {WRONG[min(chosen)][2]}")
    else:
        assert told == ""


@given(st.lists(st.text(max_size=8)))
def test_capability_prefixing_is_idempotent(names: list[str]) -> None:
    once = capabilities(tuple(names))
    assert capabilities(once) == once
    assert len(once) == len(names)
    assert all(name.lower().startswith("cap_") for name in once)


@given(configurations())
def test_lines_are_those_of_the_keys(configuration: dict[str, object]) -> None:
    content = b'top = """\n# no comment\n\\""""\n\n' + written_configuration(configuration)
    document = parse_document(content).unwrap()
    lines = content.decode().split("\n")
    for name in configuration:
        assert lines[document.line(name) - 1].startswith(f"{name} = ")
    assert [key for key in document.order if key in configuration] == list(configuration)


@given(
    st.sampled_from(("num_locks", "NUM_LOCKS", "Num_Locks")),
    st.sampled_from(("engine", "Engine")),
    st.integers(0, 9999),
)
def test_keys_match_in_any_case(key: str, table: str, number: int) -> None:
    for written in (str(number), hex(number), f"{number:_}"):
        document = parse_document(f"[{table}]\n{key} = {written}\n".encode()).unwrap()
        decoded = decode(document, containers_conf()).unwrap()
        assert [(claim.name, claim.value) for claim in decoded.claims] == [("engine.num_locks", number)]
        assert decoded.unknown == ()


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_unsigned_numbers(number: int) -> None:
    unchecked = parse_document(f"engine.stop_timeout = {number}\n".encode()).unwrap()
    assert decode(unchecked, containers_conf()).unwrap().claims[0].value == number % (1 << 64)
    checked = decode(parse_document(f"engine.num_locks = {number}\n".encode()).unwrap(), containers_conf())
    fits = 0 <= number < 1 << 32
    assert checked.map(lambda decoded: decoded.claims[0].value) == (
        Success(number) if fits else Failure(f"toml: value {number} is out of range for uint32")
    )


@given(st.binary(max_size=60))
def test_any_content_is_answered(content: bytes) -> None:
    document = parse_document(content)
    if isinstance(document, Failure):
        assert document.failure().startswith(("Near line ", "files cannot contain NULL bytes"))
    else:
        decode(document.unwrap(), containers_conf())


@given(st.text("[]{}=,.#\"'\\\n ab1", max_size=60))
def test_the_scanner_ends_on_anything(text: str) -> None:
    found = scanned(text)
    assert set(found.order) == set(found.lines) >= found.arrays
    assert all(1 <= line <= text.count("\n") + 1 for line in found.lines.values())


@given(configurations(), st.integers(0, 200))
def test_the_line_of_a_syntax_error_exists(configuration: dict[str, object], length: int) -> None:
    content = written_configuration(configuration)[:length]
    document = parse_document(content)
    if isinstance(document, Failure):
        line = int(document.failure().removeprefix("Near line ").partition(" ")[0])
        assert 0 <= line <= content.count(b"\n") + 1


def test_wrong_values_are_all_reachable() -> None:
    assert keys.CNI_PLUGIN_DIRS.name == WRONG[-1][0].name
    assert len({key.name for key, _, _ in WRONG}) == len(WRONG) == 12


@given(st.lists(st.sampled_from(LINES), max_size=12), st.sampled_from(("\n", "\r\n")))
def test_comments_say_nothing(lines: list[str], end: str) -> None:
    text = end.join(lines)
    assert said_of(without_comments(text)) == said_of(text)
    whole, bare = scanned(text.replace("\r\n", "\n")), scanned(without_comments(text).replace("\r\n", "\n"))
    assert not isinstance(said_of(text), dict) or bare == whole
