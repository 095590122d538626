"""The RuntimeOptions of libpod 3.4 but WithStorageConfig (``libpod/options.go``).

Each sets one thing; ``at`` names the flag or the caller for the origin of what it sets.
"""

from __future__ import annotations

import msgspec
from returns.result import Failure, Result, Success

from pypod.pure.configuration import keys
from pypod.pure.configured import Configured, ImageContext
from pypod.pure.failure import HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import joined, quoted
from pypod.pure.options.option import RuntimeOption
from pypod.pure.settings import Key, T

CGROUPFS = "cgroupfs"
SYSTEMD = "systemd"
EVENTS_LOGGERS = ("file", "journald", "none")
DEFAULT_TEMPORARY = "/var/tmp"  # noqa: S108 - where libpod puts big files without TMPDIR


class _SettingOption(RuntimeOption, frozen=True):
    """An option that claims settings."""

    def claiming(self, configured: Configured, key: Key[T], value: T) -> Result[Configured, Problem]:
        """The configuration with one more claim."""
        return Success(msgspec.structs.replace(configured, settings=configured.settings.claim(key, value, self.origin)))


def _invalid(text: str, subject: str = "") -> Result[Configured, Problem]:
    return Failure(InvalidArgument.saying(text, subject))


class WithDefaultTransport(_SettingOption, frozen=True):
    """The transport of image names without one, such as ``docker://``."""

    transport: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.IMAGE_DEFAULT_TRANSPORT, self.transport)


class WithSignaturePolicy(_SettingOption, frozen=True):
    """The file that decides which images are trusted."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.SIGNATURE_POLICY_PATH, self.path)


class WithStateType(_SettingOption, frozen=True):
    """The kind of state: 1 in memory, 2 SQLite, 3 BoltDB.  ErrInvalidArg for 0."""

    state_type: int
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if self.state_type == 0:
            return _invalid("must provide a valid state store type")
        return self.claiming(configured, keys.STATE_TYPE, self.state_type)


class WithOCIRuntime(_SettingOption, frozen=True):
    """The OCI runtime, by name or absolute path.  ErrInvalidArg for the empty text."""

    runtime: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if not self.runtime:
            return _invalid("must provide a valid path", "engine.runtime")
        return self.claiming(configured, keys.RUNTIME, self.runtime)


class WithConmonPath(_SettingOption, frozen=True):
    """The only path at which conmon is looked for before ``$PATH``.  ErrInvalidArg for the empty text."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if not self.path:
            return _invalid("must provide a valid path", "engine.conmon_path")
        return self.claiming(configured, keys.CONMON_PATH, (self.path,))


class WithConmonEnv(_SettingOption, frozen=True):
    """The environment of conmon, ``NAME=value`` each."""

    environment: tuple[str, ...]
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.CONMON_ENV_VARS, self.environment)


class WithNetworkCmdPath(_SettingOption, frozen=True):
    """Where slirp4netns is."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.NETWORK_CMD_PATH, self.path)


class WithCgroupManager(_SettingOption, frozen=True):
    """``cgroupfs`` or ``systemd``; ErrInvalidArg for anything else."""

    manager: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if self.manager not in (CGROUPFS, SYSTEMD):
            return _invalid(f"CGroup manager must be one of {CGROUPFS} and {SYSTEMD}", "engine.cgroup_manager")
        return self.claiming(configured, keys.CGROUP_MANAGER, self.manager)


class WithStaticDir(_SettingOption, frozen=True):
    """The directory that survives a boot.  An existing database there still replaces what it stores."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.STATIC_DIR, self.path)


class WithRegistriesConf(RuntimeOption, frozen=True):
    """The only registries.conf.

    Whether it exists is the host's to say: ``refusal`` is what ``stat`` answered where it failed, ``temporary`` the value
    of TMPDIR, ``None`` where it is absent.
    """

    path: str
    refusal: HostError | None = None
    temporary: str | None = None
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if self.refusal is not None:
            problem = Refused(self.refusal.message, self.path, cause=self.refusal)
            return Failure(problem.wrapped("locating specified registries.conf"))
        big_files = DEFAULT_TEMPORARY if self.temporary is None else self.temporary
        image = configured.image or ImageContext(big_files_temporary_dir=big_files)
        return Success(
            msgspec.structs.replace(configured, image=msgspec.structs.replace(image, registries_conf=self.path))
        )


class WithHooksDir(_SettingOption, frozen=True):
    """The directories of OCI hooks, possibly none.  ErrInvalidArg if one of them is the empty text."""

    paths: tuple[str, ...]
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if "" in self.paths:
            return _invalid("empty-string hook directories are not supported", "engine.hooks_dir")
        return self.claiming(configured, keys.HOOKS_DIR, self.paths)


class WithDefaultMountsFile(_SettingOption, frozen=True):
    """The file of default mounts.  ErrInvalidArg for the empty text."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if not self.path:
            return _invalid("", "containers.default_mounts_file")
        return self.claiming(configured, keys.DEFAULT_MOUNTS_FILE, self.path)


class WithTmpDir(_SettingOption, frozen=True):
    """The directory that a boot empties; the events file does not move with it, and an existing database wins."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.TMP_DIR, self.path)


class WithNoStore(RuntimeOption, frozen=True):
    """No store is opened."""

    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return Success(msgspec.structs.replace(configured, no_store=True))


class WithNoPivotRoot(_SettingOption, frozen=True):
    """Containers start without pivot_root."""

    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.NO_PIVOT_ROOT, True)


class WithCNIConfigDir(_SettingOption, frozen=True):
    """The directory of network configurations."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.NETWORK_CONFIG_DIR, self.path)


class WithCNIPluginDir(_SettingOption, frozen=True):
    """The only directory of network plugins."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.CNI_PLUGIN_DIRS, (self.path,))


class WithNamespace(_SettingOption, frozen=True):
    """The libpod namespace: only containers and pods in it are seen; the empty one sees all."""

    namespace: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.NAMESPACE, self.namespace)


class WithVolumePath(_SettingOption, frozen=True):
    """The directory of named volumes; an existing database wins."""

    path: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.VOLUME_PATH, self.path)


class WithDefaultInfraImage(_SettingOption, frozen=True):
    """The image of pods' infra containers."""

    image: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.INFRA_IMAGE, self.image)


class WithDefaultInfraCommand(_SettingOption, frozen=True):
    """The command of pods' infra containers."""

    command: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.INFRA_COMMAND, self.command)


class WithDefaultInfraName(_SettingOption, frozen=True):
    """As libpod 3.4 has it, this sets the infra *image*."""

    name: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.INFRA_IMAGE, self.name)


class WithRenumber(RuntimeOption, frozen=True):
    """All locks are numbered anew."""

    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return Success(msgspec.structs.replace(configured, renumber=True))


class WithMigrate(RuntimeOption, frozen=True):
    """Containers are stopped and their configurations rewritten."""

    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return Success(msgspec.structs.replace(configured, migrate=True))


class WithMigrateRuntime(RuntimeOption, frozen=True):
    """The OCI runtime that containers get by a migration.  ErrInvalidArg for the empty text."""

    runtime: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if not self.runtime:
            return _invalid("must provide a non-empty name for new runtime")
        return Success(msgspec.structs.replace(configured, migrate_runtime=self.runtime))


class WithEventsLogger(_SettingOption, frozen=True):
    """``file``, ``journald`` or ``none``, spelled exactly so; ErrInvalidArg for anything else.  The events file moves below
    the temporary directory as it is known at this point.
    """

    logger: str
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        if self.logger not in EVENTS_LOGGERS:
            return _invalid(f"{quoted(self.logger)} is not a valid events backend", "engine.events_logger")
        tmp_dir = configured.settings.get(keys.TMP_DIR) if keys.TMP_DIR in configured.settings else ""
        path = joined(tmp_dir, "events", "events.log")
        settings = configured.settings.claim(keys.EVENTS_LOGGER, self.logger, self.origin)
        return self.claiming(msgspec.structs.replace(configured, settings=settings), keys.EVENTS_LOGFILE_PATH, path)


class WithEnableSDNotify(_SettingOption, frozen=True):
    """As libpod has it, systemd's socket activation is *not* used."""

    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return self.claiming(configured, keys.SD_NOTIFY, True)


class WithRuntimeFlags(RuntimeOption, frozen=True):
    """Global flags of the OCI runtime, with their dashes."""

    flags: tuple[str, ...]
    at: str = ""

    def checked(self, configured: Configured) -> Result[Configured, Problem]:
        return Success(msgspec.structs.replace(configured, runtime_flags=self.flags))
