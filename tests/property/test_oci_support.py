"""Laws of OCI runtimes.

- What a runtime supports depends on the base name of its name alone.
- Only a missing path lets the search go on; a present one counts if and only if it is a regular file.
- The default is found if and only if it is among the runtimes.
"""

from __future__ import annotations

import errno

from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from pypod.pure.configuration.keys import RUNTIME_SUPPORTS_JSON, RUNTIME_SUPPORTS_KVM, RUNTIME_SUPPORTS_NOCGROUP
from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.oci.decide import chosen, described, is_usable
from pypod.pure.oci.facts import OciRuntime
from pypod.pure.settings import BUILTIN, Settings
from pypod.pure.table import Table

NAMES = st.text("abc", min_size=1, max_size=3)


@given(NAMES, st.lists(NAMES), st.lists(NAMES), st.lists(NAMES), st.sampled_from(("", "/usr/bin/", "/x/y/")))
def test_support_follows_the_base_name(
    name: str, json: list[str], nocgroups: list[str], kvm: list[str], directory: str
) -> None:
    settings = Settings()
    for key, names in (
        (RUNTIME_SUPPORTS_JSON, json),
        (RUNTIME_SUPPORTS_NOCGROUP, nocgroups),
        (RUNTIME_SUPPORTS_KVM, kvm),
    ):
        settings = settings.claim(key, tuple(names), BUILTIN)
    runtime = described(directory + name, "/anything", (), settings)
    flags = (runtime.supports_json, runtime.supports_nocgroups, runtime.supports_kvm)
    assert flags == (name in json, name in nocgroups, name in kvm)


@given(st.sampled_from(FileType), st.integers(0, 0o7777))
def test_a_present_path(type_: FileType, mode: int) -> None:
    assert is_usable("x", Success(FileStatus(type_, mode))) == Success(type_ is FileType.FILE)


@given(st.sampled_from((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES)))
def test_a_refused_path(number: int) -> None:
    assert isinstance(is_usable("x", Failure(HostError(number, "stat", "/p"))), Success) == (number == errno.ENOENT)


@given(NAMES, st.sets(NAMES))
def test_the_default(name: str, there: set[str]) -> None:
    runtimes = Table({one: OciRuntime(one, f"/bin/{one}") for one in there})
    assert isinstance(chosen(name, runtimes, Table()), Success) == (name in there)
