"""The names and types of the settings, as containers.conf and storage.conf spell them.

``containers.*``, ``engine.*``, ``network.*``, ``secrets.*`` and ``machine.*`` are containers.conf's tables and keys
(containers/common ``pkg/config/config.go``); ``storage.*`` are storage.conf and the store options.  Lists are tuples,
tables are ``Table``.
"""

from __future__ import annotations

from typing import Final

from pypod.pure.settings import Key
from pypod.pure.table import Table

Strings = tuple[str, ...]
Texts = Table[str, str]

ANNOTATIONS: Final = Key[Strings]("containers.annotations")
APPARMOR_PROFILE: Final = Key[str]("containers.apparmor_profile")
CGROUPNS: Final = Key[str]("containers.cgroupns")
CGROUPS: Final = Key[str]("containers.cgroups")
DEFAULT_CAPABILITIES: Final = Key[Strings]("containers.default_capabilities")
DEFAULT_SYSCTLS: Final = Key[Strings]("containers.default_sysctls")
DEFAULT_ULIMITS: Final = Key[Strings]("containers.default_ulimits")
DEVICES: Final = Key[Strings]("containers.devices")
DNS_OPTIONS: Final = Key[Strings]("containers.dns_options")
DNS_SEARCHES: Final = Key[Strings]("containers.dns_searches")
DNS_SERVERS: Final = Key[Strings]("containers.dns_servers")
CONTAINER_ENV: Final = Key[Strings]("containers.env")
ENV_HOST: Final = Key[bool]("containers.env_host")
HTTP_PROXY: Final = Key[bool]("containers.http_proxy")
INIT: Final = Key[bool]("containers.init")
CONTAINER_INIT_PATH: Final = Key[str]("containers.init_path")
IPCNS: Final = Key[str]("containers.ipcns")
KEYRING: Final = Key[bool]("containers.keyring")
LABEL: Final = Key[bool]("containers.label")
LOG_DRIVER: Final = Key[str]("containers.log_driver")
LOG_SIZE_MAX: Final = Key[int]("containers.log_size_max")
LOG_TAG: Final = Key[str]("containers.log_tag")
NETNS: Final = Key[str]("containers.netns")
NO_HOSTS: Final = Key[bool]("containers.no_hosts")
PIDNS: Final = Key[str]("containers.pidns")
PIDS_LIMIT: Final = Key[int]("containers.pids_limit")
PREPARE_VOLUME_ON_CREATE: Final = Key[bool]("containers.prepare_volume_on_create")
ROOTLESS_NETWORKING: Final = Key[str]("containers.rootless_networking")
SECCOMP_PROFILE: Final = Key[str]("containers.seccomp_profile")
SHM_SIZE: Final = Key[str]("containers.shm_size")
TZ: Final = Key[str]("containers.tz")
UMASK: Final = Key[str]("containers.umask")
USERNS: Final = Key[str]("containers.userns")
USERNS_SIZE: Final = Key[int]("containers.userns_size")
UTSNS: Final = Key[str]("containers.utsns")
VOLUMES: Final = Key[Strings]("containers.volumes")
DEFAULT_MOUNTS_FILE: Final = Key[str]("containers.default_mounts_file")
"""Not settable from a file; ``--default-mounts-file``."""

ACTIVE_SERVICE: Final = Key[str]("engine.active_service")
CGROUP_CHECK: Final = Key[bool]("engine.cgroup_check")
CGROUP_MANAGER: Final = Key[str]("engine.cgroup_manager")
CHOWN_COPIED_FILES: Final = Key[bool]("engine.chown_copied_files")
CONMON_ENV_VARS: Final = Key[Strings]("engine.conmon_env_vars")
CONMON_PATH: Final = Key[Strings]("engine.conmon_path")
DETACH_KEYS: Final = Key[str]("engine.detach_keys")
ENABLE_PORT_RESERVATION: Final = Key[bool]("engine.enable_port_reservation")
ENGINE_ENV: Final = Key[Strings]("engine.env")
EVENTS_LOGFILE_PATH: Final = Key[str]("engine.events_logfile_path")
EVENTS_LOGGER: Final = Key[str]("engine.events_logger")
HELPER_BINARIES_DIR: Final = Key[Strings]("engine.helper_binaries_dir")
HOOKS_DIR: Final = Key[Strings]("engine.hooks_dir")
IMAGE_BUILD_FORMAT: Final = Key[str]("engine.image_build_format")
IMAGE_DEFAULT_FORMAT: Final = Key[str]("engine.image_default_format")
IMAGE_DEFAULT_TRANSPORT: Final = Key[str]("engine.image_default_transport")
IMAGE_PARALLEL_COPIES: Final = Key[int]("engine.image_parallel_copies")
INFRA_COMMAND: Final = Key[str]("engine.infra_command")
INFRA_IMAGE: Final = Key[str]("engine.infra_image")
ENGINE_INIT_PATH: Final = Key[str]("engine.init_path")
LOCK_TYPE: Final = Key[str]("engine.lock_type")
MACHINE_ENABLED: Final = Key[bool]("engine.machine_enabled")
MULTI_IMAGE_ARCHIVE: Final = Key[bool]("engine.multi_image_archive")
NAMESPACE: Final = Key[str]("engine.namespace")
NETWORK_CMD_PATH: Final = Key[str]("engine.network_cmd_path")
NETWORK_CMD_OPTIONS: Final = Key[Strings]("engine.network_cmd_options")
NO_PIVOT_ROOT: Final = Key[bool]("engine.no_pivot_root")
NUM_LOCKS: Final = Key[int]("engine.num_locks")
PULL_POLICY: Final = Key[str]("engine.pull_policy")
REMOTE: Final = Key[bool]("engine.remote")
REMOTE_IDENTITY: Final = Key[str]("engine.remote_identity")
REMOTE_URI: Final = Key[str]("engine.remote_uri")
RUNTIME: Final = Key[str]("engine.runtime")
RUNTIME_PATH: Final = Key[Strings]("engine.runtime_path")
RUNTIME_SUPPORTS_JSON: Final = Key[Strings]("engine.runtime_supports_json")
RUNTIME_SUPPORTS_KVM: Final = Key[Strings]("engine.runtime_supports_kvm")
RUNTIME_SUPPORTS_NOCGROUP: Final = Key[Strings]("engine.runtime_supports_nocgroup")
RUNTIMES: Final = Key[Table[str, Strings]]("engine.runtimes")
SERVICE_DESTINATIONS: Final = Key[Table[str, Texts]]("engine.service_destinations")
STATIC_DIR: Final = Key[str]("engine.static_dir")
STOP_TIMEOUT: Final = Key[int]("engine.stop_timeout")
TMP_DIR: Final = Key[str]("engine.tmp_dir")
VOLUME_PATH: Final = Key[str]("engine.volume_path")
VOLUME_PLUGINS: Final = Key[Texts]("engine.volume_plugins")
SIGNATURE_POLICY_PATH: Final = Key[str]("engine.signature_policy_path")
"""Not settable from a file."""
SD_NOTIFY: Final = Key[bool]("engine.sd_notify")
"""Not settable from a file."""
STATE_TYPE: Final = Key[int]("engine.state_type")
"""Not settable from a file: 0 invalid, 1 in memory, 2 SQLite, 3 BoltDB."""

CNI_PLUGIN_DIRS: Final = Key[Strings]("network.cni_plugin_dirs")
DEFAULT_NETWORK: Final = Key[str]("network.default_network")
DEFAULT_SUBNET: Final = Key[str]("network.default_subnet")
NETWORK_CONFIG_DIR: Final = Key[str]("network.network_config_dir")

SECRETS_DRIVER: Final = Key[str]("secrets.driver")
SECRETS_OPTS: Final = Key[Texts]("secrets.opts")

MACHINE_CPUS: Final = Key[int]("machine.cpus")
MACHINE_DISK_SIZE: Final = Key[int]("machine.disk_size")
MACHINE_IMAGE: Final = Key[str]("machine.image")
MACHINE_MEMORY: Final = Key[int]("machine.memory")

CONFIG_FILE: Final = Key[str]("storage.config_file")
RUN_ROOT: Final = Key[str]("storage.run_root")
GRAPH_ROOT: Final = Key[str]("storage.graph_root")
GRAPH_DRIVER: Final = Key[str]("storage.graph_driver")
"""The configured driver; empty: chosen when the store is opened."""
GRAPH_OPTIONS: Final = Key[Strings]("storage.graph_options")
"""The driver options, ``overlay.mountopt=nodev``, in order."""
ROOTLESS_STORAGE_PATH: Final = Key[str]("storage.rootless_storage_path")
UID_MAP: Final = Key[Strings]("storage.uid_map")
"""``container:host:size`` each."""
GID_MAP: Final = Key[Strings]("storage.gid_map")
ROOT_AUTO_USERNS_USER: Final = Key[str]("storage.root_auto_userns_user")
AUTO_USERNS_MIN_SIZE: Final = Key[int]("storage.auto_userns_min_size")
AUTO_USERNS_MAX_SIZE: Final = Key[int]("storage.auto_userns_max_size")
PULL_OPTIONS: Final = Key[Texts]("storage.pull_options")
DISABLE_VOLATILE: Final = Key[bool]("storage.disable_volatile")

STORE_GRAPH_DRIVER: Final = Key[str]("store.graph_driver")
"""The driver in use, once the store is open."""
CGROUP_VERSION: Final = Key[str]("host.cgroups")
"""``v1`` or ``v2``."""
FOUND_CONMON: Final = Key[str]("conmon.path")
FOUND_CONMON_VERSION: Final = Key[str]("conmon.version")
RUNTIME_NAME: Final = Key[str]("oci_runtime.name")
RUNTIME_FOUND: Final = Key[str]("oci_runtime.path")
