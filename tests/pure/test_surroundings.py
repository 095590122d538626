"""Who runs, where programs are, and whether systemd can manage cgroups."""

from __future__ import annotations

import msgspec
import pytest

from pypod.pure.cgroups.decide import session_socket
from pypod.pure.cgroups.stage import CGROUPS
from pypod.pure.configuration.keys import CGROUP_MANAGER
from pypod.pure.draft import Draft
from pypod.pure.facts import ALL_CAPABILITIES, BuildFacts, HostFacts, Identity
from pypod.pure.settings import BUILTIN
from pypod.pure.surroundings.decide import environment_id, executable_candidates
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.surroundings.stage import look_around, look_path
from tests.pure.small_host import SmallHost, ran, small_host


def looked(host: SmallHost) -> Surroundings:
    return ran(look_around(), host).result.unwrap()


def test_root_on_cgroup_v1_without_systemd() -> None:
    around = looked(small_host())
    assert around == Surroundings(identity=Identity(capabilities=ALL_CAPABILITIES), host=HostFacts())


def test_a_user_is_rootless_by_both_probes() -> None:
    around = looked(small_host(uid=1000, init="systemd", unified=True))
    assert (around.rootless, around.unshared, around.needs_userns) == (True, True, True)
    assert (around.rootless_uid, around.unshared_uid, around.rootless_gid) == (1000, 1000, 1000)
    assert (around.unified, around.systemd, around.journald) == (True, True, True)


def test_the_probes_disagree_on_root_without_capabilities() -> None:
    host = small_host()
    weak = msgspec.structs.replace(host.world, identity=Identity(capabilities=0))
    around = looked(SmallHost(weak))
    assert (around.rootless, around.unshared, around.needs_userns) == (True, False, True)


def test_root_in_a_namespace_of_podmans() -> None:
    around = looked(
        small_host(environment={"_CONTAINERS_USERNS_CONFIGURED": "done", "_CONTAINERS_ROOTLESS_UID": "1000"})
    )
    assert (around.rootless, around.unshared, around.needs_userns) == (True, True, False)
    assert (around.rootless_uid, around.unshared_uid, around.rootless_gid) == (1000, 1000, 1000)


def test_a_build_without_systemd_sees_none() -> None:
    around = looked(small_host(init="systemd", facts=HostFacts(build=BuildFacts(systemd=False))))
    assert (around.systemd, around.journald) == (False, False)


@pytest.mark.parametrize(("text", "number"), [("1000", 1000), ("+5", 5), ("-1", -1), ("x", 0), ("1 ", 0), ("", 0)])
def test_ids_in_the_environment(text: str, number: int) -> None:
    assert environment_id(text) == number


def test_where_programs_are_looked_for() -> None:
    assert executable_candidates("runc", "/a::/b/") == ("/a/runc", "runc", "/b/runc")
    assert executable_candidates("./runc", "/a") == ("./runc",)
    assert executable_candidates("runc", None) == executable_candidates("runc", "") == ()


def test_a_program_is_no_directory_and_can_be_executed() -> None:
    host = small_host({"/usr/bin/runc": "#!"}, {"/usr/sbin/runc": (0o755, 0)})
    assert ran(look_path("runc"), host).result.unwrap() == "/usr/bin/runc"
    assert ran(look_path("crun"), host).result.unwrap() is None


def checked(host: SmallHost, *, uid: int = 1000) -> str:
    around = Surroundings(unshared=uid != 0, unshared_uid=uid)
    draft = msgspec.structs.replace(Draft().claim(CGROUP_MANAGER, "systemd", BUILTIN), surroundings=around)
    return ran(CGROUPS(draft), host).result.unwrap().setting(CGROUP_MANAGER)


@pytest.mark.parametrize(
    ("address", "manager"),
    [
        (None, "cgroupfs"),
        ("", "cgroupfs"),
        ("unix:path=/nope", "cgroupfs"),
        ("unix:abstract=/x", "systemd"),
        ("guid=1,unix:path=/run/bus", "systemd"),
        ("guid=1;unix:path=/run/bus", "systemd"),
        ("unix:path=/run/bus;guid=1", "cgroupfs"),
    ],
)
def test_systemd_manages_cgroups_only_in_a_session(address: str | None, manager: str) -> None:
    host = small_host({"/run/bus": ""}, environment={"DBUS_SESSION_BUS_ADDRESS": address}, uid=1000)
    assert checked(host) == manager
    said = [text for level, text in host.said if level == "warning"]
    assert said == [] if manager == "systemd" else len(said) == 4 and "enable-linger 1000`" in said[2]


def test_root_needs_no_session() -> None:
    assert checked(small_host(), uid=0) == "systemd"


def test_the_first_path_of_an_address_counts() -> None:
    assert session_socket("unix:path=/a,unix:path=/b") == "/a"
    assert session_socket("tcp:host=x") is None
