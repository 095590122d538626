"""What a configuration may not say (containers/common ``Config.Validate``): the first failure is the text.

What must exist on the host is looked at beforehand (:func:`paths_to_look_at`) and given as answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from errno import ENOENT
from typing import Final

from returns.result import Failure, Result, Success

from pypod.pure.configuration import keys
from pypod.pure.configuration.defaults import CNI_PLUGIN_DIRS, ROOT_NETWORK_CONFIG_DIR
from pypod.pure.facts import FileStatus
from pypod.pure.failure import HostError
from pypod.pure.gotext import joined, quoted
from pypod.pure.settings import Settings

Seen = Mapping[str, Result[FileStatus, HostError]]
"""What ``stat`` answered, by path."""

_ZONES: Final = ("/usr/share/zoneinfo", "/etc/zoneinfo")
_ULIMITS: Final = frozenset(
    [
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ]
)
_PULL_POLICIES: Final = frozenset(("always", "missing", "ifnotpresent", "", "newer", "ifnewer", "never"))
_LEAST_LOG: Final = 8192
_LONGEST_UMASK: Final = 4
_INT64: Final = 1 << 63


def paths_to_look_at(settings: Settings, home: str, *, rootless: bool) -> tuple[str, ...]:
    """What :func:`wrong_with` needs to have been looked at (``stat``): time zones, network directories."""
    directory = settings.get(keys.NETWORK_CONFIG_DIR)
    wanted = list(_zones(settings.get(keys.TZ)))
    if directory != _expected_network_dir(home, rootless=rootless):
        wanted.append(_expanded(directory, home))
    if not _are_builtin_plugin_dirs(settings):
        wanted.extend(_expanded(path, home) for path in settings.get(keys.CNI_PLUGIN_DIRS))
    return tuple(wanted)


def wrong_with(settings: Settings, seen: Seen, home: str, *, rootless: bool) -> str:
    """The text of the first thing that is wrong with a configuration; empty where nothing is.

    ``home`` is the user's home, for ``~``; ``rootless`` as containers/storage's ``pkg/unshare`` sees it.
    """
    for wrapping, findings in (
        ("validating containers config", _containers(settings, seen)),
        ("validating engine configs", _engine(settings)),
        ("validating network configs", _network(settings, seen, home, rootless=rootless)),
    ):
        for wrong in findings:
            if wrong:
                return f"{wrapping}: {wrong}"
    return ""


def _containers(settings: Settings, seen: Seen) -> Iterator[str]:
    yield from (_ulimit(entry) for entry in settings.get(keys.DEFAULT_ULIMITS))
    yield from (_device(entry) for entry in settings.get(keys.DEVICES))
    yield _time_zone(settings.get(keys.TZ), seen)
    yield _umask(settings.get(keys.UMASK))
    yield _log_size(settings.get(keys.LOG_SIZE_MAX))
    yield _shm_size(settings.get(keys.SHM_SIZE))


def _engine(settings: Settings) -> Iterator[str]:
    for key, name in (
        (keys.STATIC_DIR, "static directory"),
        (keys.TMP_DIR, "temporary directory"),
        (keys.VOLUME_PATH, "volume path"),
    ):
        path = settings.get(key)
        if path and not path.startswith("/"):
            yield f"{name} must be an absolute path - instead got {quoted(path)}"
    policy = settings.get(keys.PULL_POLICY)
    if policy.lower() not in _PULL_POLICIES:
        yield f"invalid pull type from containers.conf {quoted(policy)}: unsupported pull policy {quoted(policy.lower())}"


def _network(settings: Settings, seen: Seen, home: str, *, rootless: bool) -> Iterator[str]:
    directory = settings.get(keys.NETWORK_CONFIG_DIR)
    if directory != _expected_network_dir(home, rootless=rootless):
        yield _network_dir(directory, _expanded(directory, home), seen)
    plugins = settings.get(keys.CNI_PLUGIN_DIRS)
    if not _are_builtin_plugin_dirs(settings) and not any(
        _is_directory(_expanded(path, home), seen) for path in plugins
    ):
        yield f"invalid cni_plugin_dirs: {','.join(plugins)}"


def _expected_network_dir(home: str, *, rootless: bool) -> str:
    """The directory that is not checked; a rootless user's default never equals it, for ``.config`` is missing."""
    return joined(home, "cni/net.d") if rootless else ROOT_NETWORK_CONFIG_DIR


def _network_dir(given: str, path: str, seen: Seen) -> str:
    status = seen[path]
    if isinstance(status, Failure):
        error = status.failure()
        return "" if error.errno == ENOENT else f"invalid network_config_dir: {given}: {error.message}"
    if status.unwrap().is_directory:
        return ""
    return f"invalid network_config_dir: {given}: stat {path}: not a directory"


def _is_directory(path: str, seen: Seen) -> bool:
    return seen[path].map(lambda status: status.is_directory).value_or(False)


def _expanded(path: str, home: str) -> str:
    """``~`` as the whole first component is the home."""
    return joined(home, path[1:]) if path == "~" or path.startswith("~/") else path


def _are_builtin_plugin_dirs(settings: Settings) -> bool:
    """Whether the plugin directories pass for the built-in ones, unchecked.

    A list of just as many entries passes whatever it says: the library decodes into the memory of the built-in list,
    which the given one is then compared with.  A longer list in a lower layer has moved it elsewhere.
    """
    setting = settings.entries[keys.CNI_PLUGIN_DIRS.name]
    if setting.claim.value == CNI_PLUGIN_DIRS:
        return True
    longest = max(len(claim.value) for claim in (setting.claim, *setting.overrode))
    return len(setting.claim.value) == len(CNI_PLUGIN_DIRS) == longest


def _ulimit(entry: str) -> str:
    wrong = _ulimit_inner(entry)
    return f"unrecognized ulimit {entry}: {wrong}" if wrong else ""


def _ulimit_inner(entry: str) -> str:
    name, equals, limits = entry.partition("=")
    if not equals:
        return f"invalid ulimit argument: {entry}"
    if name not in _ULIMITS:
        return f"invalid ulimit type: {name}"
    values = limits.split(":")
    if len(values) > 2:
        return f"too many limit value arguments - {limits}, can only have up to two, `soft[:hard]`"
    parsed = [_int64(value) for value in reversed(values)]
    failed = next((value.failure() for value in parsed if isinstance(value, Failure)), "")
    return failed or _ulimit_order(parsed[-1].unwrap(), parsed[0].unwrap())


def _ulimit_order(soft: int, hard: int) -> str:
    if hard == -1:
        return ""
    text = "ulimit soft limit must be less than or equal to hard limit"
    if soft == -1:
        return f"{text}: soft: -1 (unlimited), hard: {hard}"
    return f"{text}: {soft} > {hard}" if soft > hard else ""


def _int64(text: str) -> Result[int, str]:
    """``strconv.ParseInt(text, 10, 64)``."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        return Failure(f"strconv.ParseInt: parsing {quoted(text)}: invalid syntax")
    number = int(text)
    if not -_INT64 <= number < _INT64:
        return Failure(f"strconv.ParseInt: parsing {quoted(text)}: value out of range")
    return Success(number)


def _is_mode(text: str) -> bool:
    return bool(text) and set(text) <= set("rwm") and len(set(text)) == len(text)


def _device(entry: str) -> str:
    parts = entry.split(":")
    if len(parts) > 3:
        return f"invalid device specification: {entry}"
    checks: Iterable[tuple[int, Callable[[str], bool]]] = (
        (2, _is_mode),
        (1, lambda part: _is_mode(part) or part.startswith("/")),
        (0, lambda part: part.startswith("/dev/")),
    )
    wrong = next((index for index, fits in checks if index < len(parts) and not fits(parts[index])), None)
    return "" if wrong is None else f"invalid device mode: {parts[wrong]}"


def _zones(zone: str) -> tuple[str, ...]:
    return () if zone in ("", "local") else tuple(joined(directory, zone) for directory in _ZONES)


def _time_zone(zone: str, seen: Seen) -> str:
    paths = _zones(zone)
    if not paths or any(not isinstance(seen[path], Failure) for path in paths):
        return ""
    return f"find timezone {zone} in paths: {', '.join(_ZONES)}"


def _umask(umask: str) -> str:
    fits = 1 <= len(umask) <= _LONGEST_UMASK and set(umask) <= set("01234567")
    return "" if fits else f"not a valid umask {umask}"


def _log_size(size: int) -> str:
    return "log size max should be negative or >= 8192" if 0 <= size < _LEAST_LOG else ""


def _shm_size(size: str) -> str:
    wrong = _size(size)
    return f"invalid --shm-size {size}, {quoted(wrong)}" if wrong else ""


def _size(size: str) -> str:
    """What ``units.RAMInBytes`` has against a size: digits and dots, a blank, one of kmgtp, ``i``, ``b``."""
    digits = size[: len(size) - len(size.lstrip("0123456789."))]
    unit = size[len(digits) :].removeprefix(" ").lower()
    for allowed in ("b", "i"):
        unit = unit.removesuffix(allowed)
    numbers = digits.split(".")
    if unit not in ("", "k", "m", "g", "t", "p") or not all(numbers):
        return f"invalid size: '{size}'"
    return f"strconv.ParseFloat: parsing {quoted(digits)}: invalid syntax" if len(numbers) > 2 else ""
