"""A rootless user's directories: what is searched, made and exported."""

from __future__ import annotations

import pytest
from returns.result import Failure, Result, Success

from pypod.pure.draft import Draft
from pypod.pure.facts import FileStatus, FileType, Identity
from pypod.pure.failure import Refused
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.xdg.decide import CONTAINERS_COMMON, PODMAN, Search, accepts
from pypod.pure.xdg.stage import XDG_DIRECTORIES, export_directories, is_absent, runtime_directory
from tests.pure.small_host import SmallHost, ran, small_host

USER = Surroundings(
    identity=Identity(1000, 1000, 1000, 1000), rootless=True, rootless_uid=1000, unshared=True, unshared_uid=1000
)
NOTHING: Result[bool, str] = Success(False)
RUN_USER = {"/run/user/1000": (0o700, 1000)}


def found(host: SmallHost, search: Search) -> Result[str, str]:
    return ran(runtime_directory(search, 1000, 1000), host).result.unwrap()


def exported(host: SmallHost) -> dict[str, str | None]:
    names = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME")
    return {name: host.world.environment.get(name) for name in names}


def user_host(directories: dict[str, tuple[int, int]] | None = None, **environment: str | None) -> SmallHost:
    return small_host(directories=directories, environment=environment, uid=1000)


@pytest.mark.parametrize("search", [PODMAN, CONTAINERS_COMMON])
def test_the_directory_of_the_login_is_taken(search: Search) -> None:
    assert found(user_host(RUN_USER), search) == Success("/run/user/1000")


def test_a_directory_that_others_may_enter_passes_only_podmans_search() -> None:
    directories = {"/run/user/1000": (0o750, 1000)}
    assert found(user_host(directories), PODMAN) == Success("/run/user/1000")
    host = user_host(directories)
    assert found(host, CONTAINERS_COMMON) == Success("/tmp/podman-run-1000")
    assert host.changed == ["make directory /run/user/1000 (0700)", "make directory /tmp/podman-run-1000 (0700)"]


def test_a_given_directory_is_checked_only_for_the_tmp_dir() -> None:
    host = user_host(XDG_RUNTIME_DIR="/run")
    assert found(host, PODMAN) == Success("/run")
    assert found(host, CONTAINERS_COMMON) == Failure(
        'XDG_RUNTIME_DIR directory "/run" is not owned by the current user'
    )
    missing = found(user_host(XDG_RUNTIME_DIR="/x"), CONTAINERS_COMMON)
    assert missing == Failure("stat /x: no such file or directory")


def test_the_home_is_the_last_resort() -> None:
    taken = {"/t/podman-run-1000": (0o700, 0)}
    assert found(user_host(taken, TMPDIR="/t"), PODMAN) == Success("/home/user1000/rundir")
    assert found(user_host(taken, TMPDIR="/t", HOME=""), PODMAN) == Failure(
        "neither XDG_RUNTIME_DIR nor HOME was set non-empty"
    )
    lost = user_host(taken, TMPDIR="/t", HOME="/gone")
    assert found(lost, PODMAN) == Failure("cannot resolve /gone: lstat /gone: no such file or directory")
    assert found(lost, CONTAINERS_COMMON) == Failure("cannot resolve home: lstat /gone: no such file or directory")


@pytest.mark.parametrize(
    ("mode", "podman", "common"), [(0o700, True, True), (0o755, True, False), (0o600, False, False)]
)
def test_permissions_of_a_candidate(mode: int, *, podman: bool, common: bool) -> None:
    status = Success(FileStatus(FileType.DIRECTORY, mode, uid=1000))
    assert accepts(PODMAN, status, 1000) is podman
    assert accepts(CONTAINERS_COMMON, status, 1000) is common
    assert not accepts(PODMAN, status, 1001)


def test_root_exports_nothing() -> None:
    host = small_host()
    assert ran(export_directories(Surroundings(), is_absent), host).result.unwrap() == NOTHING
    assert host.effects == []


def test_what_is_lacking_is_exported() -> None:
    host = user_host({**RUN_USER, "/run/user/1000/bus": (0o700, 1000), "/home/user1000/.config": (0o755, 1000)})
    ran(XDG_DIRECTORIES(Draft(surroundings=USER)), host).result.unwrap()
    assert exported(host) == {
        "XDG_RUNTIME_DIR": "/run/user/1000",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus",
        "XDG_CONFIG_HOME": "/home/user1000/.config",
    }


def test_a_missing_configuration_directory_is_exported_as_nothing() -> None:
    host = user_host(RUN_USER)
    ran(XDG_DIRECTORIES(Draft(surroundings=USER)), host).result.unwrap()
    assert exported(host)["XDG_CONFIG_HOME"] == ""


def test_an_empty_variable_lacks_only_for_libpod() -> None:
    host = user_host(RUN_USER, XDG_RUNTIME_DIR="", XDG_CONFIG_HOME="", DBUS_SESSION_BUS_ADDRESS="")
    assert ran(export_directories(USER, is_absent), host).result.unwrap() == NOTHING
    assert exported(host)["XDG_RUNTIME_DIR"] == ""
    ran(XDG_DIRECTORIES(Draft(surroundings=USER)), host).result.unwrap()
    assert exported(host)["XDG_RUNTIME_DIR"] == "/run/user/1000"


def test_no_directory_at_all_ends_construction() -> None:
    host = user_host({"/t/podman-run-1000": (0o700, 0)}, TMPDIR="/t", HOME="/gone")
    ended = ran(XDG_DIRECTORIES(Draft(surroundings=USER)), host).result.failure()
    assert isinstance(ended, Refused)
    assert (ended.message, ended.stage) == (
        "cannot resolve /gone: lstat /gone: no such file or directory",
        "xdg-directories",
    )
