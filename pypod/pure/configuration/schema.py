"""The tables and keys of containers.conf, and the Go type of each (containers/common 0.44.5 ``pkg/config/config.go``)."""

from __future__ import annotations

from functools import cache

from pypod.pure.configuration.toml import Field, Kind, Section, TableOf


def _fields(kind: Field, names: str) -> dict[str, Field]:
    return dict.fromkeys(names.split(), kind)


@cache
def containers_conf() -> Section:
    """What a containers.conf may hold.  Keys that no field takes are unknown, also those that only options set."""
    return Section(
        "config.Config",
        {
            "containers": Section("config.ContainersConfig", _containers()),
            "engine": Section("config.EngineConfig", _engine()),
            "network": Section(
                "config.NetworkConfig",
                _fields(Kind.STRINGS, "cni_plugin_dirs")
                | _fields(Kind.TEXT, "default_network default_subnet network_config_dir"),
            ),
            "secrets": Section(
                "config.SecretConfig", _fields(Kind.TEXT, "driver") | _fields(TableOf(Kind.TEXT), "opts")
            ),
            "machine": Section(
                "config.MachineConfig",
                _fields(Kind.UNSIGNED, "cpus disk_size memory") | _fields(Kind.TEXT, "image"),
            ),
        },
    )


def _containers() -> dict[str, Field]:
    return {
        **_fields(
            Kind.STRINGS,
            "annotations default_capabilities default_sysctls default_ulimits devices dns_options dns_searches"
            " dns_servers env volumes",
        ),
        **_fields(
            Kind.TEXT,
            "apparmor_profile cgroupns cgroups init_path ipcns log_driver log_tag netns pidns rootless_networking"
            " seccomp_profile shm_size tz umask userns utsns",
        ),
        **_fields(Kind.BOOLEAN, "env_host http_proxy init keyring label no_hosts prepare_volume_on_create"),
        **_fields(Kind.INTEGER, "log_size_max pids_limit userns_size"),
    }


def _engine() -> dict[str, Field]:
    return {
        **_fields(
            Kind.TEXT,
            "active_service cgroup_manager detach_keys events_logfile_path events_logger image_build_format"
            " image_default_format image_default_transport infra_command infra_image init_path lock_type namespace"
            " network_cmd_path pull_policy remote_identity remote_uri runtime static_dir tmp_dir volume_path",
        ),
        **_fields(
            Kind.BOOLEAN,
            "cgroup_check chown_copied_files enable_port_reservation machine_enabled multi_image_archive"
            " no_pivot_root remote",
        ),
        **_fields(
            Kind.STRINGS,
            "conmon_env_vars conmon_path env helper_binaries_dir hooks_dir network_cmd_options runtime_path"
            " runtime_supports_json runtime_supports_kvm runtime_supports_nocgroup",
        ),
        **_fields(Kind.UNSIGNED, "image_parallel_copies stop_timeout"),
        **_fields(Kind.UNSIGNED_32, "num_locks"),
        "runtimes": TableOf(Kind.STRINGS),
        "volume_plugins": TableOf(Kind.TEXT),
        "service_destinations": TableOf(Section("config.Destination", _fields(Kind.TEXT, "uri identity"))),
    }
