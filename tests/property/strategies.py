"""Strategies that several families of laws share, and pools of nasty values beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from hypothesis import strategies as st

from pypod.pure.configuration.schema import containers_conf
from pypod.pure.configuration.toml import Field, Kind, Section, TableOf
from pypod.pure.effect import Effect
from pypod.pure.vocabulary import changes, files

# Configuration files

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
"""Values as a configuration file may hold them, quotes, backslashes and other planes included."""

NASTY_TEXTS = ("", "#", "]", '"', "'", "\\", "a = 1", "[engine]", "ü", "\U0001f9a6", "~/x", "$UID")


def configuration_values(field: Field) -> st.SearchStrategy[object]:
    """Values that fit a field of containers.conf, as Python holds them."""
    texts = TEXTS | st.sampled_from(NASTY_TEXTS)
    if isinstance(field, TableOf):
        return st.dictionaries(
            st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True), configuration_values(field.value), max_size=3
        )
    if isinstance(field, Section):
        return st.fixed_dictionaries(
            {}, optional={name: configuration_values(inner) for name, inner in field.fields.items()}
        )
    return {
        Kind.TEXT: texts,
        Kind.BOOLEAN: st.booleans(),
        Kind.INTEGER: st.integers(-(1 << 63), (1 << 63) - 1),
        Kind.UNSIGNED: st.integers(0, (1 << 63) - 1),
        Kind.UNSIGNED_32: st.integers(0, (1 << 32) - 1),
        Kind.STRINGS: st.lists(texts, max_size=4),
    }[field]


@st.composite
def configurations(draw: st.DrawFn, *, max_keys: int = 6) -> dict[str, object]:
    """What a containers.conf sets: dotted names of its fields, and values."""
    names = draw(st.lists(st.sampled_from(sorted(configuration_fields())), max_size=max_keys, unique=True))
    return {name: draw(configuration_values(configuration_fields()[name])) for name in names}


@cache
def configuration_fields() -> dict[str, Field]:
    """The fields of containers.conf by dotted name."""
    return {
        f"{table}.{name}": field
        for table, section in containers_conf().fields.items()
        if isinstance(section, Section)
        for name, field in section.fields.items()
    }


def written_value(value: object) -> str:
    """A value as TOML; text as JSON writes it, which TOML reads alike."""
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return "{" + ", ".join(f"{json.dumps(name)} = {written_value(inner)}" for name, inner in table.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written_value(inner) for inner in cast("list[object]", value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def written_configuration(configuration: Mapping[str, object]) -> bytes:
    """A containers.conf that sets just that, each key under its own dotted name."""
    return "".join(f"{name} = {written_value(value)}\n" for name, value in configuration.items()).encode()


# Hosts: effects on files

FILE_NAMES = ("a", "b", "l", "up", "self", "gone", "a-loop", "..", ".", "ä")


def paths() -> st.SearchStrategy[str]:
    """Absolute paths of up to three of a few names, some of them links, some with a slash too many."""
    plain = st.lists(st.sampled_from(FILE_NAMES), min_size=1, max_size=3).map(lambda names: "/" + "/".join(names))
    return plain | plain.map(lambda path: path + "/")


def file_effects() -> st.SearchStrategy[Effect[Any]]:
    """Effects that look at files or change them, over :func:`paths`."""
    modes = st.sampled_from((0o755, 0o700, 0o644, 0o600, 0o555, 0o000, 0o777, 0o311, 0o1700))
    contents = st.sampled_from((b"", b"x", b"some text\n"))
    return st.one_of(
        st.builds(changes.MakeDirectories, paths(), modes),
        st.builds(changes.CreateFile, paths(), modes, contents, st.booleans()),
        st.builds(changes.WriteFile, paths(), modes, contents),
        st.builds(changes.AppendFile, paths(), modes, contents),
        st.builds(changes.RemoveFile, paths()),
        st.builds(changes.ChangeMode, paths(), modes),
        st.builds(files.ReadFile, paths()),
        st.builds(files.ListDirectory, paths()),
        st.builds(files.Stat, paths()),
        st.builds(files.LookAt, paths()),
        st.builds(files.ReadLink, paths()),
    )
