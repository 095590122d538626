"""registries.conf: which files count and what they say, as ``info`` shows it."""

from __future__ import annotations

from typing import Any

import pytest
from pyrsistent import thaw

from pypod.pure.facts import DirectoryEntry, FileType
from pypod.pure.registries.decide import Registries, directories, drop_ins, read, shown
from tests.pure.described_commands import ran_described

SEARCH = 'unqualified-search-registries = ["a.example", "b.example"]\n'
ONE = """
[[registry]]
prefix = "docker.io/library"
location = "mirror.example/library/"
insecure = true
[[registry.mirror]]
location = "other.example"
"""


def told(text: str, *, drop_in: bool = False) -> Registries:
    return read("/r.conf", text.encode(), drop_in=drop_in).unwrap()


def test_a_registry_is_shown_with_all_its_fields() -> None:
    assert thaw(shown(told(SEARCH + ONE))) == {
        "search": ("a.example", "b.example"),
        "docker.io/library": {
            "Prefix": "docker.io/library",
            "Location": "mirror.example/library",
            "Insecure": True,
            "Mirrors": [{"Location": "other.example", "Insecure": False}],
            "Blocked": False,
            "MirrorByDigestOnly": False,
        },
    }


def test_a_drop_in_replaces_what_has_the_same_prefix_and_keeps_the_rest() -> None:
    later = told('[[registry]]\nlocation = "docker.io/library"\nblocked = true\n', drop_in=True)
    both = told(SEARCH + ONE).joined_with(later)
    assert both.search == ("a.example", "b.example")
    assert both.by_prefix["docker.io/library"].blocked


@pytest.mark.parametrize(
    ("text", "drop_in", "why"),
    [
        (
            "[registries.search]\nregistries = []\n" + "[[registry]]\nlocation = 'x'\n",
            False,
            "mixing sysregistry v1/v2",
        ),
        ("[registries.search]\nregistries = []\n", True, "registry must be in v2 format but is in v1"),
        ("[[registry]]\nprefix = 'x'\n", False, "location is unset and prefix is not in the format: *.example.com"),
        ("[[registry]]\n", False, "invalid location: cannot be empty"),
        ("x = [", False, "loading registries configuration"),
    ],
)
def test_what_is_refused(text: str, drop_in: bool, why: str) -> None:
    problem = read("/r.conf", text.encode(), drop_in=drop_in).failure()
    assert problem.message.startswith("error getting registries: loading ")
    assert why in problem.message


def test_the_first_version_searches_too() -> None:
    assert told('[registries.search]\nregistries = ["old.example"]\n').search == ("old.example",)


def test_drop_ins_are_files_of_that_name_alone() -> None:
    entries = (
        DirectoryEntry("a.conf", FileType.FILE),
        DirectoryEntry("b.conf", FileType.DIRECTORY),
        DirectoryEntry("c.txt", FileType.FILE),
        DirectoryEntry("d.conf", FileType.LINK),
    )
    assert drop_ins("/d", entries) == ("/d/a.conf", "/d/d.conf")
    assert directories("/home/x", own=True) == ("/home/x/.config/containers/registries.conf.d",)


@pytest.mark.parametrize(
    ("env", "files", "search"),
    [
        ({}, {"/etc/containers/registries.conf": SEARCH}, ("a.example", "b.example")),
        (
            {},
            {
                "/etc/containers/registries.conf": SEARCH,
                "/etc/containers/registries.conf.d/z.conf": 'unqualified-search-registries = ["z.example"]\n',
            },
            ("z.example",),
        ),
        (
            {},
            {
                "/etc/containers/registries.conf": SEARCH,
                "/root/.config/containers/registries.conf": 'unqualified-search-registries = ["own.example"]\n',
                "/etc/containers/registries.conf.d/z.conf": 'unqualified-search-registries = ["z.example"]\n',
            },
            ("own.example",),
        ),
        (
            {"CONTAINERS_REGISTRIES_CONF": "/srv/r.conf"},
            {"/etc/containers/registries.conf": SEARCH, "/srv/r.conf": ""},
            None,
        ),
    ],
)
def test_the_files_that_count(env: dict[str, str], files: dict[str, str], search: Any) -> None:
    done = ran_described("info", env=env, files={path: {"text": text} for path, text in files.items()})
    assert done.draft.info["registries"].get("search") == search


def test_a_named_file_must_be_there() -> None:
    done = ran_described("info", env={"CONTAINERS_REGISTRIES_CONF": "/srv/none.conf"})
    assert done.ending is not None
    assert "open /srv/none.conf: no such file or directory" in getattr(done.ending, "message", "")
