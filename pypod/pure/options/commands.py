"""Podman 3.4's commands and flags, as far as a command line must be understood before a runtime is built.

Of the commands that a runtime is built for here the flags are listed; of the others only the names are.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct


class FlagKind(Enum):
    """The form of a flag's value, in pflag's words."""

    TEXT = "string"
    BOOLEAN = "bool"
    INTEGER = "int"
    UNSIGNED = "uint"
    SLICE = "stringSlice"
    """Comma separated, and given any number of times."""
    ARRAY = "stringArray"
    """As it stands, and given any number of times."""


class Flag(Struct, frozen=True):
    """A flag: ``option`` names the RuntimeOption that it becomes, ``before`` says that it stands before the command only."""

    name: str
    kind: FlagKind = FlagKind.TEXT
    short: str = ""
    default: str = ""
    help: str = ""
    option: str = ""
    hidden: bool = False
    before: bool = False


class Arguments(Struct, frozen=True):
    """How many words of its own a command takes; ``most`` is ``None`` where there is no limit."""

    least: int = 0
    most: int | None = None


class Command(Struct, frozen=True):
    """A command: its path below ``podman``, its flags, and whether flags may follow its first word."""

    path: str
    flags: tuple[Flag, ...] = ()
    arguments: Arguments = Arguments()
    interspersed: bool = True
    renamed: tuple[tuple[str, str], ...] = ()
    """Former names of flags: (former, present)."""


_TEXT, _BOOLEAN, _SLICE, _ARRAY = FlagKind.TEXT, FlagKind.BOOLEAN, FlagKind.SLICE, FlagKind.ARRAY

GLOBAL_FLAGS: Final = (
    Flag("connection", short="c", help="Connection to use for remote Podman service", before=True),
    Flag("url", help="URL to access Podman service (CONTAINER_HOST)", before=True),
    Flag("context", default="default", hidden=True, before=True,
         help="Name of the context to use to connect to the daemon (This flag is a NOOP and provided solely for "
              "scripting compatibility.)"),
    Flag("identity", help="path to SSH identity file, (CONTAINER_SSHKEY)", before=True),
    Flag("remote", _BOOLEAN, "r", "false", "Access remote Podman service", before=True),
    Flag("version", _BOOLEAN, "v", "false", "version for podman", before=True),
    Flag("cgroup-manager", help='Cgroup manager to use ("cgroupfs"|"systemd")', option="WithCgroupManager"),
    Flag("cpu-profile", help="Path for the cpu-profiling results", hidden=True),
    Flag("memory-profile", help="Path for the memory-profiling results", hidden=True),
    Flag("conmon", help="Path of the conmon binary", option="WithConmonPath"),
    Flag("network-cmd-path", help="Path to the command for configuring the network", option="WithNetworkCmdPath"),
    Flag("cni-config-dir", help="Path of the configuration directory for CNI networks", option="WithCNIConfigDir"),
    Flag("default-mounts-file", help="Path to default mounts file", option="WithDefaultMountsFile", hidden=True),
    Flag("events-backend", help='Events backend to use ("file"|"journald"|"none")', option="WithEventsLogger"),
    Flag("hooks-dir", _SLICE, help="Set the OCI hooks directory path (may be set multiple times)",
         option="WithHooksDir"),
    Flag("max-workers", FlagKind.INTEGER, help="The maximum number of workers for parallel operations", hidden=True),
    Flag("namespace", option="WithNamespace",
         help="Set the libpod namespace, used to create separate views of the containers and pods on the system"),
    Flag("root", option="WithStorageConfig",
         help="Path to the root directory in which data, including images, is stored"),
    Flag("registries-conf", help="Path to a registries.conf to use for image processing", hidden=True,
         option="WithRegistriesConf"),
    Flag("runroot", help="Path to the 'run directory' where all state information is stored",
         option="WithStorageConfig"),
    Flag("runtime", option="WithOCIRuntime",
         help="Path to the OCI-compatible binary used to run containers, default is /usr/bin/runc"),
    Flag("storage-driver", option="WithStorageConfig",
         help="Select which storage driver is used to manage storage of images and containers (default is overlay)"),
    Flag("tmpdir", help="Path to the tmp directory for libpod state content.", option="WithTmpDir"),
    Flag("trace", _BOOLEAN, default="false", help="Enable opentracing output (default false)", hidden=True),
    Flag("storage-opt", _ARRAY, help="Used to pass an option to the storage driver", option="WithStorageConfig"),
    Flag("help", _BOOLEAN, default="false", help="Help for podman"),
    Flag("log-level", default="warn",
         help="Log messages above specified level (trace, debug, info, warn, warning, error, fatal, panic)"),
    Flag("runtime-flag", _ARRAY, help="add global flags for the container runtime", option="WithRuntimeFlags"),
    Flag("syslog", _BOOLEAN, default="false",
         help="Output logging information to syslog as well as the console (default false)"),
)  # fmt: skip
"""Podman's own flags.  All but those marked ``before`` may also follow the command."""

_NO_WORDS: Final = Arguments(0, 0)
_ONE_WORD: Final = Arguments(1, 1)
_FORMAT: Final = Flag("format")
_SHORT_FORMAT: Final = Flag("format", short="f")
_LATEST: Final = Flag("latest", _BOOLEAN, "l")
_NO_HEADING: Final = Flag("noheading", _BOOLEAN)
_NO_TRUNC: Final = Flag("no-trunc", _BOOLEAN)
_QUIET: Final = Flag("quiet", _BOOLEAN, "q")
_SIZE: Final = Flag("size", _BOOLEAN, "s")
_FILTERS: Final = Flag("filter", _SLICE, "f")
_FORCE: Final = Flag("force", _BOOLEAN, "f")
_ALL: Final = Flag("all", _BOOLEAN, "a")

_PS_FLAGS: Final = (
    _ALL, Flag("external", _BOOLEAN), _FILTERS, _FORMAT, Flag("last", FlagKind.INTEGER, "n"), Flag("ns", _BOOLEAN),
    _NO_TRUNC, Flag("pod", _BOOLEAN, "p"), _QUIET, _NO_HEADING, _SIZE, Flag("sync", _BOOLEAN),
    Flag("watch", FlagKind.UNSIGNED, "w"), Flag("sort"), _LATEST,
)  # fmt: skip
_PS_NAMES: Final = (("namespace", "ns"), ("storage", "external"))
_INFO_FLAGS: Final = (Flag("debug", _BOOLEAN, "D", hidden=True), _SHORT_FORMAT)
_POD_FLAGS: Final = (
    Flag("ctr-names", _BOOLEAN), Flag("ctr-ids", _BOOLEAN), Flag("ctr-status", _BOOLEAN), _FILTERS, _FORMAT, _NO_HEADING,
    Flag("namespace", _BOOLEAN), Flag("ns", _BOOLEAN), _NO_TRUNC, _QUIET, Flag("sort"), _LATEST,
)  # fmt: skip
_IMPORT_FLAGS: Final = (
    Flag("change", _ARRAY, "c"), Flag("message", short="m"), _QUIET, Flag("signature-policy", hidden=True),
)  # fmt: skip
_EVENTS_FLAGS: Final = (
    Flag("filter", _ARRAY), _FORMAT, Flag("stream", _BOOLEAN, default="true"), Flag("since"), Flag("until"),
)  # fmt: skip

COMMANDS: Final = {
    command.path: command
    for command in (
        Command("info", _INFO_FLAGS, _NO_WORDS),
        Command("system info", _INFO_FLAGS, _NO_WORDS),
        Command("ps", _PS_FLAGS, _NO_WORDS, renamed=_PS_NAMES),
        Command("container ps", _PS_FLAGS, _NO_WORDS, renamed=_PS_NAMES),
        Command("container list", _PS_FLAGS, _NO_WORDS, renamed=_PS_NAMES),
        Command("container exists", (Flag("external", _BOOLEAN),), _ONE_WORD),
        Command("container inspect", (_SIZE, _SHORT_FORMAT, _LATEST)),
        Command("pod exists", (), _ONE_WORD),
        Command("pod ps", _POD_FLAGS, _NO_WORDS),
        Command("system renumber", (), _NO_WORDS),
        Command("system migrate", (Flag("new-runtime", option="WithMigrateRuntime"),), _NO_WORDS),
        Command("system reset", (_FORCE,), _NO_WORDS),
        Command("system prune", (_FORCE, _ALL, Flag("volumes", _BOOLEAN), Flag("filter", _ARRAY)), _NO_WORDS),
        Command("system df", (Flag("verbose", _BOOLEAN, "v"), _FORMAT), _NO_WORDS),
        Command("version", (_SHORT_FORMAT,), _NO_WORDS),
        Command("help"),
        Command("events", _EVENTS_FLAGS, _NO_WORDS),
        Command("image exists", (), _ONE_WORD),
        Command("import", _IMPORT_FLAGS, Arguments(1, 2)),
        Command("image import", _IMPORT_FLAGS, Arguments(1, 2)),
        Command("volume create", (Flag("driver"), Flag("label", _SLICE, "l"), Flag("opt", _ARRAY, "o"))),
        Command("volume inspect", (_ALL, _SHORT_FORMAT)),
        Command("volume ls", (_FILTERS, _FORMAT, _NO_HEADING, _QUIET), _NO_WORDS),
        Command("volume exists", (), _ONE_WORD),
        Command("secret ls", (_FORMAT, _NO_HEADING), _NO_WORDS),
        Command("network ls", (_FORMAT, _QUIET, _NO_TRUNC, Flag("filter", _ARRAY, "f"), _NO_HEADING), _NO_WORDS),
        Command("network inspect", (_SHORT_FORMAT,), Arguments(1)),
        Command("network exists", (), _ONE_WORD),
        Command("healthcheck run", (), _ONE_WORD),
    )
}
"""The commands whose flags are known, by path."""

_GROUPS: Final = {
    "": "attach auto-update build buildx commit completion container cp create diff events exec export generate healthcheck help "
        "history image images import info init inspect kill load login logout logs machine manifest mount network pause play pod "
        "port ps pull push rename restart rm rmi run save search secret start stats stop system tag top unmount unpause "
        "unshare untag version volume wait umount=unmount",
    "container": "attach checkpoint cleanup commit cp create diff exec exists export init inspect kill list logs mount "
                 "pause port prune ps rename restart restore rm run runlabel start stats stop top unmount unpause wait "
                 "ls=list umount=unmount",
    "generate": "kube systemd",
    "healthcheck": "run",
    "image": "build diff exists history import inspect list load mount prune pull push rm save scp search sign tag tree "
             "trust unmount untag ls=list umount=unmount",
    "image trust": "set show",
    "buildx": "build",
    "machine": "init list rm ssh start stop ls=list",
    "manifest": "add annotate create exists inspect push remove rm",
    "network": "connect create disconnect exists inspect ls prune reload rm remove=rm",
    "play": "kube",
    "pod": "create exists inspect kill logs pause prune ps restart rm start stats stop top unpause ls=ps list=ps",
    "secret": "create inspect ls rm list=ls",
    "system": "connection df info migrate prune renumber reset service",
    "system connection": "add default list remove rename ls=list rm=remove mv=rename",
    "volume": "create exists export import inspect ls prune rm list=ls remove=rm",
}  # fmt: skip
"""The names below each command that has some; ``former=name`` is an alias."""

_HIDDEN: Final = frozenset({"buildx", "help"})
_WITHOUT_RUNTIME: Final = frozenset({("help",), ("completion",), ("machine",), ("system", "connection")})


REWRITING: Final = ("system renumber", "system migrate")
"""The commands that construct a second runtime, with an option of their own, and rewrite every container."""


def is_group(path: str) -> bool:
    """Whether a command is only there for those below it."""
    return path in _GROUPS


def makes_runtime(path: str) -> bool:
    """Whether Podman makes a runtime before a command runs: not to help, and not for what it sets up by itself."""
    words = tuple(path.split())
    return words[:1] not in _WITHOUT_RUNTIME and words[:2] not in _WITHOUT_RUNTIME


def next_command(path: str, word: str) -> str | None:
    """The command that a word names below another, by name or alias."""
    for entry in _GROUPS.get(path, "").split():
        name, _, present = entry.partition("=")
        if name == word:
            return f"{path} {present or name}".strip()
    return None


def suggestions(path: str, word: str) -> tuple[str, ...]:
    """The names that a mistyped word is the beginning of, without regard to case."""
    names = (entry for entry in _GROUPS.get(path, "").split() if "=" not in entry and entry not in _HIDDEN)
    return tuple(name for name in names if name.lower().startswith(word.lower()))
