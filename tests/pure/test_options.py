"""RuntimeOptions, one by one, and the flags that become them."""

from __future__ import annotations

import errno

import msgspec
import pytest

from pypod import options
from pypod.pure.configuration import keys
from pypod.pure.configured import Configured
from pypod.pure.facts import Identity
from pypod.pure.failure import HostError
from pypod.pure.options.apply import apply_all
from pypod.pure.options.from_flags import check_environment, options_of, said_of
from pypod.pure.options.option import RuntimeOption
from pypod.pure.settings import Settings
from pypod.pure.storage.facts import SubordinateFiles
from pypod.pure.surroundings.facts import Surroundings
from pypod.pure.userns.facts import IdRange

ROOT = Surroundings()
USER = Surroundings(identity=Identity(1000, 1000, 1000, 1000), rootless=True, rootless_uid=1000)
FRESH = Configured(
    settings=Settings().claim(keys.TMP_DIR, "/run/libpod", options.with_tmp_dir("x").origin),
    default_run_root="/run/containers/storage",
    default_graph_root="/var/lib/containers/storage",
)


def applied(*given: RuntimeOption) -> Configured:
    return apply_all(given, FRESH).unwrap()


def refused(*given: RuntimeOption) -> str:
    return apply_all(given, FRESH).failure().message


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (options.with_state_type(0), "must provide a valid state store type: invalid argument"),
        (options.with_oci_runtime(""), "must provide a valid path: invalid argument"),
        (options.with_conmon_path(""), "must provide a valid path: invalid argument"),
        (options.with_cgroup_manager("x"), "CGroup manager must be one of cgroupfs and systemd: invalid argument"),
        (options.with_hooks_dir(("/a", "")), "empty-string hook directories are not supported: invalid argument"),
        (options.with_default_mounts_file(""), "invalid argument"),
        (options.with_migrate_runtime(""), "must provide a non-empty name for new runtime: invalid argument"),
        (options.with_events_logger("File"), '"File" is not a valid events backend: invalid argument'),
        (
            options.with_registries_conf("/nope", HostError(errno.ENOENT, "stat", "/nope")),
            "locating specified registries.conf: stat /nope: no such file or directory",
        ),
    ],
)
def test_refusals(option: RuntimeOption, text: str) -> None:
    assert refused(option) == f"error configuring runtime: {text}"


def test_a_graph_root_moves_what_lies_below() -> None:
    after = applied(options.with_storage_config(graph_root="/srv/a/"))
    settings = after.settings
    assert settings.get(keys.GRAPH_ROOT) == "/srv/a/"
    assert (settings.get(keys.STATIC_DIR), settings.get(keys.VOLUME_PATH)) == ("/srv/a/libpod", "/srv/a/volumes")
    assert settings.get(keys.RUN_ROOT) == "/run/containers/storage"
    set_ = after.storage_set
    assert (set_.graph_root, set_.static_dir, set_.volume_path, set_.run_root, set_.tmp_dir) == (
        True,
        True,
        True,
        False,
        False,
    )


def test_an_empty_list_of_driver_options_counts_and_none_does_not() -> None:
    assert applied(options.with_storage_config(graph_options=())).settings.get(keys.GRAPH_OPTIONS) == ()
    assert keys.GRAPH_OPTIONS not in applied(options.with_storage_config()).settings


def test_id_maps_do_not_fill_the_roots() -> None:
    after = applied(options.with_storage_config(uid_map=(IdRange(0, 1, 2),)))
    assert after.settings.get(keys.UID_MAP) == ("0:1:2",)
    assert keys.GRAPH_ROOT not in after.settings


def test_the_events_file_follows_the_temporary_directory_of_the_moment() -> None:
    late = applied(options.with_tmp_dir("/t"), options.with_events_logger("file"))
    early = applied(options.with_events_logger("file"), options.with_tmp_dir("/t"))
    assert late.settings.get(keys.EVENTS_LOGFILE_PATH) == "/t/events/events.log"
    assert early.settings.get(keys.EVENTS_LOGFILE_PATH) == "/run/libpod/events/events.log"


def test_registries_conf_makes_an_image_context_once() -> None:
    after = applied(options.with_registries_conf("/a", temporary="/t"), options.with_registries_conf("/b"))
    assert after.image is not None
    assert (after.image.registries_conf, after.image.big_files_temporary_dir) == ("/b", "/t")


def test_the_infra_name_is_an_image() -> None:
    assert applied(options.with_default_infra_name("n")).settings.get(keys.INFRA_IMAGE) == "n"


def made(*flags: tuple[str, str], surroundings: Surroundings = ROOT, command: str = "info") -> list[str]:
    chosen = options_of(flags, FRESH, surroundings, command=command).unwrap()
    return [type(option).__name__ for option in chosen]


def test_flags_become_options_in_podmans_order() -> None:
    assert made(
        ("registries-conf", "/r"), ("hooks-dir", ""), ("events-backend", "none"), ("tmpdir", "/t"), ("conmon", "c"),
        ("runtime", "r"), ("namespace", "n"), ("root", "/r"), ("runtime-flag", "debug"), ("cgroup-manager", "systemd"),
        ("cni-config-dir", "/c"), ("default-mounts-file", "/m"), ("network-cmd-path", "/n"),
    ) == [
        "WithRuntimeFlags", "WithStorageConfig", "WithNamespace", "WithOCIRuntime", "WithConmonPath", "WithTmpDir",
        "WithNetworkCmdPath", "WithEventsLogger", "WithCgroupManager", "WithCNIConfigDir", "WithDefaultMountsFile",
        "WithHooksDir", "WithRegistriesConf",
    ]  # fmt: skip


def test_commands_bring_options_of_their_own() -> None:
    assert made(("new-runtime", "crun"), command="system migrate") == ["WithMigrate", "WithMigrateRuntime"]
    assert made(command="system renumber") == ["WithRenumber"]
    assert made(command="system service") == ["WithEnableSDNotify"]


def test_rootless_on_cgroups_v1_gets_cgroupfs_unless_told_otherwise() -> None:
    assert made(surroundings=USER) == ["WithCgroupManager"]
    assert made(surroundings=msgspec.structs.replace(USER, unified=True)) == []


def test_an_empty_root_drops_the_driver_options_only() -> None:
    (option,) = options_of((("root", ""),), FRESH, ROOT).unwrap()
    after = applied(option)
    assert after.settings.get(keys.GRAPH_OPTIONS) == ()
    assert after.settings.origin(keys.GRAPH_OPTIONS).at == "--root"
    assert not after.storage_set.graph_root


def test_one_empty_driver_option_is_none() -> None:
    (option,) = options_of((("storage-opt", ""),), FRESH, ROOT).unwrap()
    assert applied(option).settings.get(keys.GRAPH_OPTIONS) == ()


@pytest.mark.parametrize(
    ("run_root", "good"), [("/" + "r" * 49, True), ("/" + "r" * 50, False), ("/" + "ü" * 25, False)]
)
def test_the_run_root_flag_is_measured_in_bytes(run_root: str, good: bool) -> None:
    result = options_of((("runroot", run_root),), FRESH, ROOT)
    text = result.swap().map(lambda problem: problem.message).value_or("")
    assert text == ("" if good else "the specified runroot is longer than 50 characters")


def test_malformed_id_maps() -> None:
    text = 'error initializing ID mappings: UID setting is malformed expected ["uint32:uint32:uint32"]: ["0:1:2:3"]'
    assert options_of((("uidmap", "0:1:2:3"),), FRESH, ROOT).failure().message == text


def test_id_maps_by_name() -> None:
    files = SubordinateFiles(subuid="u:100:5\n", subgid="u:200:6\n")
    (option,) = options_of((("subuidname", "u"),), FRESH, ROOT, files=files).unwrap()
    settings = applied(option).settings
    assert (settings.get(keys.UID_MAP), settings.get(keys.GID_MAP)) == (("0:100:5",), ("0:200:6",))


def test_checks_after_construction() -> None:
    assert check_environment(()).unwrap() is None
    text = "maximum workers must be set to a positive number (got 0)"
    assert check_environment((("max-workers", "0"),)).failure().message == text
    assert check_environment((("context", "x"),)).failure().message.startswith("Podman does not support swarm")


def test_what_is_said_when_options_are_made() -> None:
    (option,) = options_of((("registries-conf", "/r"),), FRESH, ROOT).unwrap()
    assert [one.message for one in said_of((option,))] == ['Setting custom registries.conf: "/r"']
