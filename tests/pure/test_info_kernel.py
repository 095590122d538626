"""What ``info`` makes of the kernel's own account of the machine, and the order in which it is shown."""

from __future__ import annotations

import json

import pytest
import yaml
from pyrsistent import pmap
from returns.result import Failure, Success

from pypod.cli.info import rendered
from pypod.pure.facts import FileStatus, FileType
from pypod.pure.failure import HostError
from pypod.pure.info.kernel import (
    enabled_controllers,
    kernel,
    memory,
    mounted_controllers,
    own_controllers_file,
    uptime,
)
from tests.pure.described_commands import ran_described


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"902.16 1800.00\n", "15m 2.16s"),
        (b"3723.5 1.0\n", "1h 2m 3.5s (Approximately 0.04 days)"),
        (b"7.00 1.0\n", "7s"),
        (b"86400.00 1.0\n", "24h 0m 0s (Approximately 1.00 days)"),
        (b"", "0s"),
    ],
)
def test_uptime(content: bytes, shown: str) -> None:
    assert uptime(content) == shown


def test_memory_is_told_in_bytes() -> None:
    assert memory(b"MemTotal:  2 kB\nMemFree: 1 kB\nSwapTotal: 3 MB\nHugePages_Total: 4\n") == {
        "memFree": 1024,
        "memTotal": 2048,
        "swapFree": 0,
        "swapTotal": 0,
    }


def test_the_kernel_is_the_third_word() -> None:
    assert kernel(b"Linux version 6.1.0-13-amd64 (debian) #1\n") == "6.1.0-13-amd64"
    assert kernel(b"Linux\n") == ""


def test_controllers_of_the_first_hierarchies_are_enabled_and_mounted() -> None:
    names = enabled_controllers(
        b"#subsys_name\thierarchy\tnum\tenabled\ncpu\t1\t2\t1\nrdma\t1\t2\t0\nmemory\t3\t1\t1\n"
    )
    assert names == ("cpu", "memory")
    there = Success(FileStatus(FileType.DIRECTORY, 0o755))
    assert mounted_controllers(names, (there, Failure(HostError(2, "stat", "/x")))) == ["cpu"]


def test_a_users_controllers_are_those_of_the_own_cgroup() -> None:
    own = b"0::/user.slice/user-1000.slice\n"
    assert own_controllers_file(own, rootless=False) == "/sys/fs/cgroup/cgroup.controllers"
    assert own_controllers_file(own, rootless=True) == "/sys/fs/cgroup/user.slice/user-1000.slice/cgroup.controllers"


def test_info_is_shown_in_the_order_of_libpods_structures() -> None:
    shown = json.loads(rendered(ran_described("info").draft.info, "json").unwrap())
    assert list(shown) == ["host", "store", "registries", "plugins", "version"]
    assert list(shown["host"])[:6] == [
        "arch", "buildahVersion", "cgroupManager", "cgroupVersion", "cgroupControllers", "conmon",
    ]  # fmt: skip
    assert list(shown["host"])[-1] == "linkmode"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("{{.Store.GraphRoot}}", "/var/lib/containers/storage\n"),
        ("{{ .Host.OCIRuntime.Name }} on {{.Host.CgroupsVersion}}", "runc on v1\n"),
        ("{{json .Host.IDMappings}}", '{"gidmap":null,"uidmap":null}\n'),
        ("{{.Host.ServiceIsRemote}}", "false\n"),
    ],
)
def test_fields_of_a_template(form: str, text: str) -> None:
    assert rendered(ran_described("info").draft.info, form).unwrap() == text


@pytest.mark.parametrize("form", ["{{.Nosuch}}", "{{range .Plugins}}x{{end}}", "{{"])
def test_a_template_that_is_not_understood_is_refused(form: str) -> None:
    assert isinstance(rendered(ran_described("info").draft.info, form), Failure)


def test_yaml_is_sorted_and_reads_back() -> None:
    info = pmap({"host": pmap({"arch": "amd64", "kernel": "two\nlines"}), "version": pmap({"Version": "3.4.7"})})
    text = rendered(info, "").unwrap()
    assert yaml.safe_load(text) == {
        "host": {"arch": "amd64", "kernel": "two\nlines"},
        "version": {"Version": "3.4.7"},
    }
    assert "  kernel: |-\n" in text


def test_yaml_quotes_as_podmans_library_does() -> None:
    # Forms that podman 4.3.1 writes in its own ``info``.
    said = {"12": '"12"', "": '""', "true": '"true"', "5.10.0": "5.10.0"}
    for value, form in said.items():
        assert rendered(pmap({"host": pmap({"arch": value})}), "").unwrap() == f"host:\n  arch: {form}\n"
