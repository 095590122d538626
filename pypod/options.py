"""RuntimeOptions under the names that read well in a list: ``options.with_tmp_dir("/run/x")``.

Each is a :class:`RuntimeOption`; see :mod:`pypod.pure.options.all` for what it sets and refuses.
"""

from __future__ import annotations

from pypod.pure.options import all as every
from pypod.pure.options.apply import apply_all
from pypod.pure.options.option import RuntimeOption
from pypod.pure.options.storage import WithStorageConfig

with_cgroup_manager = every.WithCgroupManager
with_cni_config_dir = every.WithCNIConfigDir
with_cni_plugin_dir = every.WithCNIPluginDir
with_conmon_env = every.WithConmonEnv
with_conmon_path = every.WithConmonPath
with_default_infra_command = every.WithDefaultInfraCommand
with_default_infra_image = every.WithDefaultInfraImage
with_default_infra_name = every.WithDefaultInfraName
with_default_mounts_file = every.WithDefaultMountsFile
with_default_transport = every.WithDefaultTransport
with_enable_sd_notify = every.WithEnableSDNotify
with_events_logger = every.WithEventsLogger
with_hooks_dir = every.WithHooksDir
with_migrate = every.WithMigrate
with_migrate_runtime = every.WithMigrateRuntime
with_namespace = every.WithNamespace
with_network_cmd_path = every.WithNetworkCmdPath
with_no_pivot_root = every.WithNoPivotRoot
with_no_store = every.WithNoStore
with_oci_runtime = every.WithOCIRuntime
with_registries_conf = every.WithRegistriesConf
with_renumber = every.WithRenumber
with_runtime_flags = every.WithRuntimeFlags
with_signature_policy = every.WithSignaturePolicy
with_state_type = every.WithStateType
with_static_dir = every.WithStaticDir
with_storage_config = WithStorageConfig
with_tmp_dir = every.WithTmpDir
with_volume_path = every.WithVolumePath

__all__ = [
    "RuntimeOption",
    "apply_all",
    "with_cgroup_manager",
    "with_cni_config_dir",
    "with_cni_plugin_dir",
    "with_conmon_env",
    "with_conmon_path",
    "with_default_infra_command",
    "with_default_infra_image",
    "with_default_infra_name",
    "with_default_mounts_file",
    "with_default_transport",
    "with_enable_sd_notify",
    "with_events_logger",
    "with_hooks_dir",
    "with_migrate",
    "with_migrate_runtime",
    "with_namespace",
    "with_network_cmd_path",
    "with_no_pivot_root",
    "with_no_store",
    "with_oci_runtime",
    "with_registries_conf",
    "with_renumber",
    "with_runtime_flags",
    "with_signature_policy",
    "with_state_type",
    "with_static_dir",
    "with_storage_config",
    "with_tmp_dir",
    "with_volume_path",
]
