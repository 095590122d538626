"""Loading the configuration on small hosts: which files count, what is made, and how a bad one ends the command."""

from __future__ import annotations

import pytest

from pypod.pure.configuration import keys
from pypod.pure.configuration.stage import CONFIGURATION
from pypod.pure.draft import Draft
from pypod.pure.facts import HostFacts
from pypod.pure.failure import Misconfigured
from pypod.pure.settings import Key, Origin, Source
from tests.pure.small_host import SmallHost, ran, small_host

ETC = "/etc/containers/containers.conf"
RUN_USER = {"/run/user/1000": (0o700, 1000)}


def loaded(host: SmallHost) -> Draft:
    return ran(CONFIGURATION(Draft()), host).result.unwrap()


def ended(host: SmallHost) -> Misconfigured:
    problem = ran(CONFIGURATION(Draft()), host).result.failure()
    assert isinstance(problem, Misconfigured)
    assert (problem.exit_status, problem.stage) == (1, "configuration")
    assert host.said[-1] == ("error", problem.message)
    return problem


def test_root_with_nothing() -> None:
    host = small_host()
    draft = loaded(host)
    expected = {
        keys.TMP_DIR: "/run/libpod",
        keys.STATIC_DIR: "/var/lib/containers/storage/libpod",
        keys.VOLUME_PATH: "/var/lib/containers/storage/volumes",
        keys.EVENTS_LOGFILE_PATH: "/run/libpod/events/events.log",
        keys.CGROUP_MANAGER: "cgroupfs",
        keys.EVENTS_LOGGER: "file",
        keys.LOG_DRIVER: "k8s-file",
        keys.CGROUPNS: "host",
        keys.NETWORK_CONFIG_DIR: "/etc/cni/net.d/",
        keys.SIGNATURE_POLICY_PATH: "/etc/containers/policy.json",
        keys.RUNTIME: "",
    }
    assert {key: draft.setting(key) for key in expected} == expected
    assert draft.setting(keys.DEFAULT_ULIMITS) == ("nproc=32768:32768",)
    assert (host.said, host.changed) == ([], [])


def test_a_user_with_a_login() -> None:
    host = small_host(directories=RUN_USER, environment={"XDG_RUNTIME_DIR": "/run/user/1000"}, uid=1000)
    draft = loaded(host)
    assert draft.setting(keys.TMP_DIR) == "/run/user/1000/libpod/tmp"
    assert draft.setting(keys.STATIC_DIR) == "/home/user1000/.local/share/containers/storage/libpod"
    assert draft.setting(keys.NETWORK_CONFIG_DIR) == "/home/user1000/.config/cni/net.d"
    assert draft.setting(keys.DEFAULT_ULIMITS) == ()
    assert host.changed[0] == "make directory /run/user/1000/libpod (1700)"


def test_a_user_without_a_login_gets_two_directories() -> None:
    host = small_host(directories={"/t": (0o1777, 0)}, environment={"TMPDIR": "/t"}, uid=1000)
    draft = loaded(host)
    assert draft.setting(keys.TMP_DIR) == "/t/podman-run-1000/libpod/tmp"
    assert {"/t/containers-user-1000/containers", "/t/podman-run-1000/containers"} <= set(host.world.nodes)
    assert host.world.environment["XDG_RUNTIME_DIR"] == "/t/podman-run-1000"


def test_libpods_directory_gets_its_mode_again() -> None:
    directories = {**RUN_USER, "/run/user/1000/libpod": (0o755, 1000)}
    host = small_host(directories=directories, environment={"XDG_RUNTIME_DIR": "/run/user/1000"}, uid=1000)
    loaded(host)
    assert host.world.nodes["/run/user/1000/libpod"].mode == 0o1700


@pytest.mark.parametrize(
    ("directories", "text"),
    [
        ({"/run/x": (0o700, 0)}, 'XDG_RUNTIME_DIR directory "/run/x" is not owned by the current user'),
        ({}, "stat /run/x: no such file or directory"),
        ({"/run/x": (0o500, 1000)}, "mkdir /run/x/libpod: permission denied"),
        (
            {"/run/x": (0o700, 1000), "/run/x/libpod": (0o755, 0)},
            "set sticky bit on: chmod /run/x/libpod: operation not permitted",
        ),
    ],
)
def test_a_runtime_directory_that_will_not_do(directories: dict[str, tuple[int, int]], text: str) -> None:
    host = small_host(directories=directories, environment={"XDG_RUNTIME_DIR": "/run/x"}, uid=1000)
    assert ended(host).message == text


def test_layers_in_order() -> None:
    host = small_host(
        {
            "/usr/share/containers/containers.conf": "[engine]\nnum_locks = 10\nenv = ['A=1', 'B=2']\n",
            ETC: "[engine]\nenv = ['C=3']\n",
            f"{ETC}.d/09-a.conf": "[engine]\nnum_locks = 30\n",
            f"{ETC}.d/10-b.conf": "\n[engine]\nnum_locks = 20\n",
            f"{ETC}.d/zz.notconf": "[engine]\nnum_locks = 40\n",
            f"{ETC}.d/sub/zz.conf": "[engine]\nnum_locks = 50\n",
        }
    )
    draft = loaded(host)
    assert (draft.setting(keys.NUM_LOCKS), draft.setting(keys.ENGINE_ENV)) == (20, ("C=3",))
    assert draft.settings.origin(keys.NUM_LOCKS) == Origin(Source.FILE, f"{ETC}.d/10-b.conf:3")
    overrode = draft.settings.entries[keys.NUM_LOCKS.name].overrode
    assert [claim.value for claim in overrode] == [30, 10, 2048]
    paths = ("/usr/share/containers/containers.conf", ETC, f"{ETC}.d/09-a.conf", f"{ETC}.d/10-b.conf")
    assert host.said == [("debug", f'Merged system config "{path}"') for path in paths]


def test_only_a_rootless_user_reads_their_own_file() -> None:
    own = "[engine]\nnum_locks = 7\n"
    files = {"/root/.config/containers/containers.conf": own, "/home/user1000/.config/containers/containers.conf": own}
    root = loaded(small_host(files))
    assert root.setting(keys.NUM_LOCKS) == 2048
    ignored = root.settings.entries[keys.NUM_LOCKS.name].ignored
    assert [(one.value, one.origin.at) for one in ignored] == [(7, "/root/.config/containers/containers.conf:2")]
    user = small_host(files, RUN_USER, {"XDG_RUNTIME_DIR": "/run/user/1000"}, uid=1000)
    assert loaded(user).setting(keys.NUM_LOCKS) == 7


def test_a_named_file_replaces_all_others() -> None:
    files = {ETC: "[engine]\nnum_locks = 7\n", f"{ETC}.d/a.conf": "nonsense", "/my.conf": "[engine]\nnamespace = 'n'\n"}
    draft = loaded(small_host(files, environment={"CONTAINERS_CONF": "/my.conf"}))
    assert (draft.setting(keys.NUM_LOCKS), draft.setting(keys.NAMESPACE)) == (2048, "n")
    assert [one.origin.at for one in draft.settings.entries[keys.NUM_LOCKS.name].ignored] == [f"{ETC}:2"]
    assert loaded(small_host({ETC: files[ETC]}, environment={"CONTAINERS_CONF": ""})).setting(keys.NUM_LOCKS) == 7


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/nope", "finding config on system: CONTAINERS_CONF file: stat /nope: no such file or directory"),
        ("/etc", 'reading system config "/etc": decode configuration /etc: read /etc: is a directory'),
    ],
)
def test_a_named_file_must_be_one(path: str, text: str) -> None:
    assert ended(small_host(environment={"CONTAINERS_CONF": path})).message == text


def test_a_bad_file_ends_the_command_after_the_warnings_before_it() -> None:
    files = {ETC: "[engine]\nfoo = 1\n", f"{ETC}.d/a.conf": "[engine]\nnum_locks = 'x'\n"}
    host = small_host(files)
    assert ended(host).message.endswith("toml: cannot load TOML value of type string into a Go integer")
    assert [level for level, _ in host.said] == ["warning", "error"]


def test_a_check_that_fails_ends_the_command() -> None:
    host = small_host({ETC: "[network]\nnetwork_config_dir = '/etc/passwd'\n", "/etc/passwd": ""})
    text = "validating network configs: invalid network_config_dir: /etc/passwd: stat /etc/passwd: not a directory"
    assert ended(host).message == text


def test_the_default_runtime_is_searched_in_the_builtin_places_first() -> None:
    files = {"/usr/bin/runc": "#!", ETC: "[engine.runtimes]\ncrun = ['/usr/bin/runc']\n"}
    assert loaded(small_host(files)).setting(keys.RUNTIME) == "runc"
    host = small_host({"/x/runsc": "#!"}, environment={"PATH": "/x"})
    assert loaded(host).setting(keys.RUNTIME) == "runsc"
    assert host.said == [("debug", "Found default OCI runtime /x/runsc path via PATH environment variable")]


def test_an_empty_graph_root_is_warned_of() -> None:
    host = small_host({"/etc/containers/storage.conf": "[storage]\ndriver = 'vfs'\n"})
    assert loaded(host).setting(keys.STATIC_DIR) == "/var/lib/containers/storage/libpod"
    text = 'Storage configuration is unset - using hardcoded default graph root "/var/lib/containers/storage"'
    assert host.said == [("warning", text)]


def test_a_host_with_systemd_and_selinux() -> None:
    draft = loaded(small_host(init="systemd", unified=True, facts=HostFacts(selinux=True)))
    assert (draft.setting(keys.CGROUP_MANAGER), draft.setting(keys.CGROUPNS)) == ("systemd", "private")
    assert (draft.setting(keys.EVENTS_LOGGER), draft.setting(keys.LOG_DRIVER)) == ("journald", "journald")
    assert draft.setting(keys.LABEL) is True


def test_every_key_is_claimed() -> None:
    settings = loaded(small_host()).settings
    names = {key.name for key in vars(keys).values() if isinstance(key, Key)}
    tables = ("containers.", "engine.", "network.", "secrets.", "machine.")
    assert {name for name in names if name.startswith(tables)} == set(settings)
