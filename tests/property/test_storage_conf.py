"""Laws of storage.conf.

* Any bytes are read or refused; nothing raises.
* Reading twice gives what reading once gives.
* STORAGE_DRIVER and STORAGE_OPTS win over any file.
* Keys that nothing knows change no option.
* The last claim on a field is the value in force.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure

from pypod.pure.storage.expand import expanded, variables_in
from pypod.pure.storage.facts import StorageVariables, StoreOptions, SubordinateFiles
from pypod.pure.storage.id_maps import parse_id_map, subordinate_maps
from pypod.pure.storage.parse import decoded, file_options

PATH = "/etc/containers/storage.conf"
WORDS = st.sampled_from(("", "vfs", "overlay", "btrfs", "zfs", "/srv/a", "$UID", "0:1:2", "bad", "ü", "true"))


def keys(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Keys of a table."""
    return st.sampled_from(names)


TOP = st.dictionaries(keys(("driver", "runroot", "graphroot", "rootless_storage_path")), WORDS)
OPTIONS = st.dictionaries(
    keys(("size", "mountopt", "remap-uids", "remap-gids", "remap-user", "mount_program",
                     "ignore_chown_errors", "root-auto-userns-user")), WORDS)  # fmt: skip
FOR_OVERLAY = st.dictionaries(keys(("size", "mountopt", "inodes", "force_mask")), WORDS)
VARIABLES = st.builds(StorageVariables, driver=st.none() | WORDS, options=st.none() | WORDS)


def table(name: str, values: Mapping[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


@st.composite
def files(draw: st.DrawFn) -> str:
    """A storage.conf that decodes."""
    return (
        table("storage", draw(TOP))
        + table("storage.options", draw(OPTIONS))
        + table("storage.options.overlay", draw(FOR_OVERLAY))
    )


def read(text: str, variables: StorageVariables, before: StoreOptions | None = None) -> StoreOptions:
    known = StoreOptions() if before is None else before
    return file_options(decoded(text.encode()).unwrap(), PATH, variables, SubordinateFiles(), known).options


def in_force(options: StoreOptions) -> dict[str, object]:
    history = ("claims", "ignored")
    return {name: getattr(options, name) for name in StoreOptions.__struct_fields__ if name not in history}


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    document = decoded(content)
    if isinstance(document, Failure):
        assert document.failure()
    else:
        file_options(document.unwrap(), PATH, StorageVariables(), SubordinateFiles(), StoreOptions())


@given(files(), VARIABLES)
def test_reading_twice_is_reading_once(text: str, variables: StorageVariables) -> None:
    once = read(text, variables)
    assert in_force(read(text, variables, once)) == in_force(once)


@given(files(), st.sampled_from(("vfs", "bogus")), st.sampled_from(("", "a=b", "a,b")))
def test_the_environment_wins(text: str, driver: str, options: str) -> None:
    given_ = read(text, StorageVariables(driver=driver, options=options))
    assert given_.graph_driver == driver
    if "remap-user" not in text:
        assert given_.graph_options == (tuple(options.split(",")) if options else None)


@given(files(), VARIABLES, WORDS)
def test_unknown_keys_never_matter(text: str, variables: StorageVariables, value: str) -> None:
    more = text + table("storage.options.nobody", {"knows": value}) + table("elsewhere", {"size": value})
    assert in_force(read(more, variables)) == in_force(read(text, variables))


@given(files(), VARIABLES)
def test_the_last_claim_is_in_force(text: str, variables: StorageVariables) -> None:
    options = read(text, variables)
    claimed = {field: claim.value for field, claim in options.claims}
    assert claimed == {field: getattr(options, field) for field in claimed}
    untouched = set(in_force(options)) - set(claimed)
    assert all(getattr(options, field) == getattr(StoreOptions(), field) for field in untouched)


@given(st.text(max_size=12))
def test_expanding_never_raises_and_keeps_texts_without_variables(text: str) -> None:
    after = expanded(text, dict.fromkeys(variables_in(text), "v"))
    assert "$" in text or after == text


@given(st.text("0123456789:-+a", max_size=12), st.text("abALL:0123456789\n#", max_size=30))
def test_maps_never_raise(text: str, content: str) -> None:
    parse_id_map((text,), "UID")
    subordinate_maps("a", "ALL", SubordinateFiles(users=content, subuid=content, subgid=content))


@given(st.lists(st.tuples(*[st.integers(0, (1 << 32) - 1)] * 3), max_size=4))
def test_maps_are_read_back(triples: list[tuple[int, ...]]) -> None:
    text = ":".join(str(number) for triple in triples for number in triple)
    ranges = parse_id_map((text,), "UID").unwrap()
    assert [(one.inside, one.outside, one.length) for one in ranges] == triples
