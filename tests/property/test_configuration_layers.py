"""Laws of configuration layers.

* Every field that a file sets is in force above the defaults, with its file and line as origin.
* A later layer wins, and what it overrode stays on record, latest first.
* Merging a layer twice is merging it once.
* Layers that set different keys may be merged in either order; a key that none sets keeps its default.
* Keys that no field takes change no value.
* Tables of anything are merged name by name.
"""

from __future__ import annotations

from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Success

from pypod.pure.configuration.defaults import DefaultProbes, default_settings
from pypod.pure.configuration.layers import ConfigurationFile, Layer, capabilities, merged, read_layer
from pypod.pure.configuration.toml import Field, Kind, TableOf
from pypod.pure.settings import Origin, Settings, Source
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.table import Table
from tests.property.strategies import configuration_fields, configurations, written_configuration

DEFAULTS = default_settings(Surroundings(), DefaultProbes())


def layer_of(configuration: dict[str, object], path: str = "/a.conf", after: bytes = b"") -> Layer:
    content = written_configuration(configuration) + after
    return read_layer(ConfigurationFile(path, Success(content))).unwrap()


def values(settings: Settings) -> dict[str, object]:
    return {name: settings.entries[name].claim.value for name in configuration_fields()}


def in_force(name: str, value: object) -> object:
    """A value as it is in force over the defaults."""
    field: Field = configuration_fields()[name]
    if isinstance(field, TableOf):
        return name, value
    if field is not Kind.STRINGS:
        return value
    items = tuple(cast("list[str]", value))
    return capabilities(items) if name == "containers.default_capabilities" else items


@given(configurations())
def test_what_a_file_sets_is_in_force(configuration: dict[str, object]) -> None:
    settings = merged(DEFAULTS, layer_of(configuration, "/x/y.conf"))
    for line, (name, value) in enumerate(configuration.items(), 1):
        setting = settings.entries[name]
        if not isinstance(configuration_fields()[name], TableOf):
            assert setting.claim.value == in_force(name, value)
        assert setting.claim.origin == Origin(Source.FILE, f"/x/y.conf:{line}")
        assert setting.overrode == (DEFAULTS.entries[name].claim,)


@given(configurations())
def test_a_key_that_is_not_set_keeps_its_default(configuration: dict[str, object]) -> None:
    settings = merged(DEFAULTS, layer_of(configuration))
    for name in configuration_fields().keys() - configuration.keys():
        assert settings.entries[name] == DEFAULTS.entries[name]


@given(configurations(), configurations())
def test_the_later_layer_wins(lower: dict[str, object], upper: dict[str, object]) -> None:
    below = merged(DEFAULTS, layer_of(lower))
    settings = merged(below, layer_of(upper, "/b.conf"))
    alone = values(merged(DEFAULTS, layer_of(upper, "/b.conf")))
    for name in upper:
        if not isinstance(configuration_fields()[name], TableOf):
            assert values(settings)[name] == alone[name]
        assert settings.entries[name].overrode[0] == below.entries[name].claim


@given(configurations(), configurations())
def test_tables_are_merged_name_by_name(lower: dict[str, object], upper: dict[str, object]) -> None:
    settings = DEFAULTS
    for layer in (layer_of(lower), layer_of(upper)):
        before, settings = settings, merged(settings, layer)
        for claim in layer.decoded.claims:
            if isinstance(configuration_fields()[claim.name], TableOf):
                given_now = cast("Table[str, object]", claim.value)
                held = cast("Table[str, object]", before.entries[claim.name].claim.value)
                assert settings.entries[claim.name].claim.value == Table({**held, **given_now})


@given(configurations())
def test_merging_twice_is_merging_once(configuration: dict[str, object]) -> None:
    layer = layer_of(configuration)
    once = merged(DEFAULTS, layer)
    assert values(merged(once, layer)) == values(once)


@given(configurations(max_keys=10), st.data())
def test_unrelated_layers_commute(configuration: dict[str, object], data: st.DataObject) -> None:
    chosen = (
        set(data.draw(st.lists(st.sampled_from(sorted(configuration)), unique=True))) if configuration else set[str]()
    )
    one = layer_of({name: value for name, value in configuration.items() if name in chosen})
    other = layer_of({name: value for name, value in configuration.items() if name not in chosen}, "/b.conf")
    assert merged(merged(DEFAULTS, one), other).entries == merged(merged(DEFAULTS, other), one).entries


@given(
    configurations(),
    st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
    st.sampled_from(("[engine]", "[nothing]", "[containers.x]")),
)
def test_unknown_keys_change_no_value(configuration: dict[str, object], key: str, table: str) -> None:
    unknown = f"x-{key}"
    with_unknown = layer_of(configuration, after=f"[x-{key}]\n{unknown} = 1\n".encode())
    assert values(merged(DEFAULTS, with_unknown)) == values(merged(DEFAULTS, layer_of(configuration)))
    assert with_unknown.decoded.unknown_keys == (unknown, f"{unknown}.{unknown}")
    alone = read_layer(ConfigurationFile("/a", Success(f"{table}\n{unknown} = 1\n".encode()))).unwrap()
    assert values(merged(DEFAULTS, alone)) == values(DEFAULTS)
    assert alone.decoded.unknown_keys[-1] == f"{table[1:-1]}.{unknown}"
