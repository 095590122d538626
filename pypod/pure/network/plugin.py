"""Loading network configurations and validating them against the plugins (ocicni and libcni 0.8.1)."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct
from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, DirectoryEntry, FileStatus, FileType, Level, ProgramOutput, Stream
from pypod.pure.failure import HostError, Problem, Refused
from pypod.pure.gotext import joined, listed, quoted, signal_text
from pypod.pure.network.default import extension
from pypod.pure.network.gojson import as_list, as_object, decoded_object, go_type, kind_of, text_field, text_of

DEFAULT_CONFIG_DIR: Final = "/etc/cni/net.d"
DEFAULT_PLUGIN_DIR: Final = "/opt/cni/bin"
QUERY: Final = b'{"cniVersion":"0.4.0"}'
QUERY_ENVIRONMENT: Final = (
    ("CNI_COMMAND", "VERSION"),
    ("CNI_CONTAINERID", ""),
    ("CNI_NETNS", "dummy"),
    ("CNI_ARGS", ""),
    ("CNI_IFNAME", "dummy"),
    ("CNI_PATH", "dummy"),
)
"""What a plugin is asked with for the versions that it knows."""

_OBJECT_FIELDS: Final = (
    ("capabilities", "map[string]bool"),
    ("ipam", "types.IPAM"),
    ("dns", "types.DNS"),
    ("prevResult", "map[string]interface {}"),
)


class Network(Struct, frozen=True):
    """A configuration list: the network's name (empty: none given), the version it is written for, the types of its
    plugins in order, and its file.
    """

    name: str
    version: str
    plugins: tuple[str, ...]
    file: str

    @property
    def shown_name(self) -> str:
        """The name that it goes by: the file's where it has none."""
        return self.name or self.file.rpartition("/")[2]


def no_nsenter() -> Problem:
    """Ocicni needs ``nsenter`` and finds it over PATH."""
    text = 'exec: "nsenter": executable file not found in $PATH'
    problem = Refused(text, "nsenter").wrapped("error configuring CNI network plugin")
    return problem.hinting("install util-linux, whose nsenter libpod's network plugin needs")


def configuration_files(directory: str, entries: tuple[DirectoryEntry, ...]) -> tuple[str, ...]:
    """The files of a directory that may configure a network, sorted by name."""
    names = (entry.name for entry in entries if entry.type is not FileType.DIRECTORY)
    return tuple(
        sorted(joined(directory, name) for name in names if extension(name) in {".conf", ".conflist", ".json"})
    )


def is_scanned(error: HostError) -> bool:
    """Whether the scan goes on although the directory cannot be read: only a missing one counts as empty."""
    return error.errno == errno.ENOENT


def loaded(file: str, read: Result[bytes, HostError]) -> Result[Network, Diagnostic]:
    """The network that a file configures; the failure is what ocicni logs before it passes the file over."""
    is_list = file.endswith(".conflist")
    content = _content(file, read)
    network = content if isinstance(content, Failure) else _network(file, content.unwrap(), is_list)
    kind = "config list file" if is_list else "config file"
    return network.alt(lambda why: Diagnostic(Level.ERROR, f"Error loading CNI {kind} {file}: {why}"))


# Hosts have much the same few networks, most of all the default one.
@lru_cache(maxsize=32)
def _network(file: str, content: bytes, is_list: bool) -> Result[Network, str]:
    return _list(file, content) if is_list else _single(file, content)


def _plugin(members: dict[str, Any]) -> Result[tuple[str, str, str], str]:
    """A plugin's type, name and version (libcni's ``ConfFromBytes``)."""
    read = {name: text_field(members, name, "NetConf") for name in ("cniVersion", "name", "type")}
    wrong = {name: value.failure() for name, value in read.items() if isinstance(value, Failure)}
    for name, type_ in _OBJECT_FIELDS:
        value = members.get(name)
        if value is not None and not isinstance(value, dict):
            wrong[name] = f"json: cannot unmarshal {kind_of(value)} into Go struct field NetConf.{name} of type {type_}"
    for name in members:
        if name in wrong:
            return Failure(f"error parsing configuration: {wrong[name]}")
    if wrong:
        return Failure(f"error parsing configuration: {next(iter(wrong.values()))}")
    if not read["type"].unwrap():
        return Failure("error parsing configuration: missing 'type'")
    return Success((read["type"].unwrap(), read["name"].unwrap(), read["cniVersion"].unwrap()))


def _content(file: str, read: Result[bytes, HostError]) -> Result[bytes, str]:
    return read.alt(lambda error: f"error reading {file}: {error.message}")


def _single(file: str, content: bytes) -> Result[Network, str]:
    """A file with one plugin: a list of that plugin."""
    members = decoded_object(content, "types.NetConf")
    if isinstance(members, Failure):
        return Failure(f"error parsing configuration: {members.failure()}")
    return _plugin(members.unwrap()).map(lambda plugin: Network(plugin[1], plugin[2], (plugin[0],), file))


def _list(file: str, content: bytes) -> Result[Network, str]:
    """A file with a list of plugins (libcni's ``ConfListFromBytes``)."""
    members = decoded_object(content, "map[string]interface {}")
    if isinstance(members, Failure):
        return Failure(_of_list(members.failure()))
    return _head(file, members.unwrap()).alt(_of_list)


def _of_list(text: str) -> str:
    return text if text.startswith("failed to parse plugin config") else f"error parsing configuration list: {text}"


def _head(file: str, whole: dict[str, Any]) -> Result[Network, str]:
    if "name" not in whole:
        return Failure("no name")
    for key, type_ in (("name", str), ("cniVersion", str), ("disableCheck", bool)):
        if key in whole and not isinstance(whole[key], type_):
            return Failure(f"invalid {key} type {go_type(whole[key])}")
    if "plugins" not in whole:
        return Failure("no 'plugins' key")
    plugins = as_list(whole["plugins"])
    if plugins is None:
        return Failure(f"invalid 'plugins' type {go_type(whole['plugins'])}")
    if not plugins:
        return Failure("no plugins in list")
    return _types(plugins).map(lambda types: Network(whole["name"], whole.get("cniVersion", ""), types, file))


def _types(plugins: Sequence[Any]) -> Result[tuple[str, ...], str]:
    """The types of a list's plugins."""
    types: tuple[str, ...] = ()
    for number, plugin in enumerate(plugins):
        members = as_object(plugin)
        if plugin is not None and members is None:
            why = f"json: cannot unmarshal {kind_of(plugin)} into Go value of type types.NetConf"
            return Failure(f"failed to parse plugin config {number}: error parsing configuration: {why}")
        # libcni writes each plugin anew before it reads it: its members come sorted.
        read = _plugin(dict(sorted((members or {}).items())))
        if isinstance(read, Failure):
            return Failure(f"failed to parse plugin config {number}: {read.failure()}")
        types = (*types, read.unwrap()[0])
    return Success(types)


# The plugins of the default network are looked for on every host.
@lru_cache(maxsize=64)
def plugin_paths(plugin: str, directories: tuple[str, ...]) -> Result[tuple[str, ...], str]:
    """Where a plugin is looked for."""
    if "/" in plugin:
        return Failure(f"invalid plugin name: {plugin}")
    return Success(tuple(joined(directory, plugin) for directory in directories))


def is_plugin(status: Result[FileStatus, HostError]) -> bool:
    """Whether a path is taken for a plugin: any regular file is."""
    return not isinstance(status, Failure) and status.unwrap().is_file


def not_found(plugin: str, directories: tuple[str, ...]) -> str:
    """No directory has the plugin."""
    return f"failed to find plugin {quoted(plugin)} in path {listed(directories)}"


def objection(network: Network, plugin: str, answer: Result[ProgramOutput, HostError]) -> str:
    """Why a plugin that answered so does not do for a network; empty where it does."""
    versions = _supported(answer)
    if isinstance(versions, Failure):
        why: str = versions.failure()
        return why
    version = network.version or "0.1.0"
    if version in versions.unwrap():
        return ""
    return f"plugin {plugin} does not support config version {quoted(version)}"


def complaint(answer: Result[ProgramOutput, HostError]) -> tuple[Diagnostic, ...]:
    """What a plugin that succeeded wrote to its standard error, which goes to Podman's."""
    written = answer.map(lambda output: output.stderr if not _ended_badly(output) else b"").value_or(b"")
    text = written.decode("utf-8", "replace").removesuffix("\n")
    return (Diagnostic(Level.INFO, text, Stream.STDERR),) if text else ()


def _ended_badly(output: ProgramOutput) -> str:
    if output.signal or output.timed_out:
        return f"signal: {signal_text(output.signal or 9)}"
    return f"exit status {output.status}" if output.status else ""


def _supported(answer: Result[ProgramOutput, HostError]) -> Result[tuple[str, ...], str]:
    """The versions that a plugin knows (libcni's ``GetVersionInfo``)."""
    if isinstance(answer, Failure):
        return Failure(f"netplugin failed with no error message: {answer.failure().message}")
    output = answer.unwrap()
    ended = _ended_badly(output)
    if not ended:
        return _versions(output.stdout).alt(lambda text: f"decoding version info: {text}")
    message = _failure_message(output, ended)
    # Plugins from before the VERSION command say just this.
    return Success(("0.1.0",)) if message == "unknown CNI_COMMAND: VERSION" else Failure(message)


def _failure_message(output: ProgramOutput, ended: str) -> str:
    if not output.stdout and not output.stderr:
        return f"netplugin failed with no error message: {ended}"
    if not output.stdout:
        return f"netplugin failed: {quoted(output.stderr.decode('utf-8', 'surrogateescape'))}"
    members = decoded_object(output.stdout, "types.Error")
    message = text_of(members, "msg", "Error")
    details = text_of(members, "details", "Error")
    for part in (message, details):
        if isinstance(part, Failure):
            shown = quoted(output.stdout.decode("utf-8", "surrogateescape"))
            return f"netplugin failed but error parsing its diagnostic message {shown}: {part.failure()}"
    return message.unwrap() + (f"; {details.unwrap()}" if details.unwrap() else "")


# One build of a plugin answers as the other plugins of that build do.
@lru_cache(maxsize=64)
def _versions(answer: bytes) -> Result[tuple[str, ...], str]:
    members = decoded_object(answer, "version.pluginInfo")
    version = text_of(members, "cniVersion", "pluginInfo")
    if isinstance(version, Failure):
        return Failure(version.failure())
    supported = members.unwrap().get("supportedVersions")
    names = as_list(supported)
    field = "into Go struct field pluginInfo.supportedVersions of type"
    if supported is not None and names is None:
        return Failure(f"json: cannot unmarshal {kind_of(supported)} {field} []string")
    names = names or []
    for name in names:
        if name is not None and not isinstance(name, str):
            return Failure(f"json: cannot unmarshal {kind_of(name)} {field} string")
    if not version.unwrap():
        return Failure("missing field cniVersion")
    if not names and version.unwrap() != "0.2.0":
        return Failure("missing field supportedVersions")
    return Success(tuple(name or "" for name in names) or ("0.1.0", "0.2.0"))


def invalid(network: Network, objections: tuple[str, ...]) -> Diagnostic:
    """A network whose plugins do not do is passed over."""
    return Diagnostic(Level.WARNING, f"Error validating CNI config file {network.file}: {listed(objections)}")


def found(network: Network, *, known: bool) -> tuple[Diagnostic, ...]:
    """What is said of a valid network; ``known``: an earlier file has one of that name."""
    what = f"CNI network {network.shown_name} (type={network.plugins[0]}) at {network.file}"
    lines = (Diagnostic(Level.INFO, f"Found {what}"),)
    return (*lines, Diagnostic(Level.INFO, f"Ignored {what} because already exists")) if known else lines


def default_name(configured: str, names: tuple[str, ...]) -> Diagnostic:
    """What is said of the default network's name at the end of the scan; it may well be one that was not found."""
    if configured:
        return Diagnostic(Level.DEBUG, f"Default CNI network name {configured} is unchangeable")
    return Diagnostic(Level.INFO, f"Updated default CNI network name to {names[0] if names else ''}")
