"""Whether and how a process becomes root of a user namespace (podman's ``pkg/rootless``, storage's ``pkg/idtools``)."""

from __future__ import annotations

import errno
from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from returns.result import Failure, Result, Success

from pypod.pure.facts import Diagnostic, Level, Stream
from pypod.pure.failure import HostError, InvalidArgument, Problem, Refused
from pypod.pure.gotext import errno_text, joined, quoted
from pypod.pure.userns.facts import IdMappings, IdRange

SUBUID: Final = "/etc/subuid"
SUBGID: Final = "/etc/subgid"
_SWITCHES: Final = ("/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/unprivileged_userns_clone")
"""Where the kernel tells whether there may be user namespaces; the second one is Debian's."""
CONFIGURED: Final = "_CONTAINERS_USERNS_CONFIGURED"
SINGLE_MAPPING: Final = (
    "using rootless single mapping into the namespace. This might break some images. "
    "Check /etc/subuid and /etc/subgid for adding sub*ids"
)
INVALID_SESSION: Final = "Invalid systemd user session for current user"
_LARGEST: Final = 9223372036854775807


class SubordinateRange(Struct, frozen=True):
    """A line of /etc/subuid or /etc/subgid: ``length`` ids from ``start`` on."""

    start: int
    length: int


class SubordinateIds(Struct, frozen=True):
    """The subordinate ids of a user, sorted by start; both empty where there are none, and what is said about that."""

    uids: tuple[SubordinateRange, ...] = ()
    gids: tuple[SubordinateRange, ...] = ()
    said: tuple[Diagnostic, ...] = ()


class Tool(Struct, frozen=True):
    """Which ids one of the two mapping tools maps, and where they are configured."""

    name: str
    file: str
    what: str


NEWUIDMAP: Final = Tool("newuidmap", SUBUID, "UID")
NEWGIDMAP: Final = Tool("newgidmap", SUBGID, "GID")


def pause_path(tmp_dir: str) -> Result[str, Problem]:
    """Where the pause process's id is."""
    if tmp_dir:
        return Success(joined(tmp_dir, "pause.pid"))
    text = "must provide non-empty temporary directory"
    return Failure(InvalidArgument(text, "engine.tmp_dir").wrapped("could not get pause process pid file path"))


def conmon_pid(content: bytes) -> int | None:
    """The process id that conmon wrote, of which no more than 32 bytes are read."""
    return parse_pid(content[:32])


def wants_namespace(error: HostError) -> bool:
    """Whether a file that cannot be read might be, by the root of a user namespace with all of the user's ids."""
    return error.errno in {errno.EACCES, errno.EPERM}


def unlisted(problem: Problem) -> Problem:
    """The running containers cannot be told: Podman's command says why in its log alone, and ends with status 1."""
    return replace(problem, exit_status=1)


def becomes(configured: str | None) -> bool:
    """Whether the process is re-executed: not if one before it was, which its environment says."""
    return not configured


def user_name(variable: str | None, entry_name: str) -> str:
    """Whose subordinate ids count: ``$USER``, else the user database's name."""
    return variable or entry_name


def _integer(text: str, path: str) -> Result[int, str]:
    """``strconv.Atoi``, in the words of storage's parser."""
    why = "invalid syntax"
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if digits.isascii() and digits.isdigit():
        if len(digits.lstrip("0")) <= 19 and int(text) <= _LARGEST:
            return Success(int(text))
        why = "value out of range"
    parsing = f"strconv.Atoi: parsing {quoted(text)}: {why}"
    return Failure(f"String to int conversion failed during subuid/gid parsing of {path}: {parsing}")


def parse_subordinate(
    content: bytes, path: str, user: str, uid: int | None
) -> Result[tuple[SubordinateRange, ...], str]:
    """A user's ranges in a file, in the file's order: lines by name or by the user's numeric id.

    A line that is not three parts spoils the whole file.
    """
    ranges: tuple[SubordinateRange, ...] = ()
    for line in content.decode("utf-8", "surrogateescape").split("\n"):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        parts = text.split(":")
        if len(parts) != 3:
            return Failure(f"Cannot parse subuid/gid information: Format not correct for {path} file")
        if parts[0] != user and parts[0] != str(uid) and user != "ALL":
            continue
        start, length = _integer(parts[1], path), _integer(parts[2], path)
        for number in (start, length):
            if isinstance(number, Failure):
                return Failure(number.failure())
        ranges = (*ranges, SubordinateRange(start.unwrap(), length.unwrap()))
    return Success(ranges)


def subordinate_ids(user: str, uid: int | None, subuid: Result[bytes, HostError],
                    subgid: Result[bytes, HostError]) -> SubordinateIds:  # fmt: skip
    """The ids that a user may map; anything that is wrong means none at all, for both kinds."""
    found: list[tuple[SubordinateRange, ...]] = []
    for path, content in ((SUBUID, subuid), (SUBGID, subgid)):
        if isinstance(content, Failure):
            error: HostError = content.failure()
            return _without(user, error.message)
        ranges = parse_subordinate(content.unwrap(), path, user, uid)
        if isinstance(ranges, Failure):
            return _without(user, ranges.failure())
        found.append(tuple(sorted(ranges.unwrap(), key=lambda one: one.start)))
    uids, gids = found
    if not uids:
        return _without(user, f"No subuid ranges found for user {quoted(user)} in {SUBUID}")
    if not gids:
        return _without(user, f"No subgid ranges found for group {quoted(user)} in {SUBGID}")
    return SubordinateIds(uids, gids)


def _without(user: str, why: str) -> SubordinateIds:
    text = f"cannot find UID/GID for user {user}: {why} - check rootless mode in man pages."
    return SubordinateIds(said=(Diagnostic(Level.ERROR, text),))


def mapping(own: int, ranges: tuple[SubordinateRange, ...]) -> tuple[IdRange, ...]:
    """The map of a new namespace: the process's own id is root, the subordinate ones run on from 1."""
    mapped: tuple[IdRange, ...] = (IdRange(0, own, 1),)
    inside = 1
    for one in ranges:
        mapped = (*mapped, IdRange(inside, one.start, one.length))
        inside += one.length
    return mapped


def with_tool(tool: Tool, path: str | None, own: int, ranges: tuple[SubordinateRange, ...]) -> Result[str, Problem]:
    """The mapping tool's path, if the ranges can be mapped with it: it is there, and none of them holds the own id."""
    if path is None:
        text = f'command required for rootless mode with multiple IDs: exec: "{tool.name}": executable file not found in $PATH'
        return Failure(Refused(text, tool.name).hinting(f"install {tool.name} (shadow-utils, uidmap), set-uid root"))
    for one in ranges:
        if one.start <= own < one.start + one.length:
            text = f"invalid configuration: the specified mapping {one.start}:{one.length} in {quoted(tool.file)} includes the user {tool.what}"
            return Failure(InvalidArgument(text, tool.file))
    return Success(path)


def mappings(euid: int, egid: int, ids: SubordinateIds, newuidmap: str, newgidmap: str) -> IdMappings:
    """The maps that are written: with the tools where there are subordinate ids."""
    return IdMappings(mapping(euid, ids.uids), mapping(egid, ids.gids), newuidmap, newgidmap)


def single_mapping(ids: SubordinateIds) -> tuple[Diagnostic, ...]:
    """What is said when only the own id is mapped."""
    if ids.uids:
        return ()
    return (
        Diagnostic(Level.WARNING, SINGLE_MAPPING),
        Diagnostic(Level.DEBUG, "write setgroups file exited with 0"),
        Diagnostic(Level.DEBUG, "write uid_map exited with 0"),
    )


def unshared_root(mountinfo: Result[bytes, HostError]) -> tuple[Diagnostic, ...]:
    """The warning about a root mount that does not propagate; nothing where the mounts cannot be read."""
    for line in mountinfo.value_or(b"").decode("utf-8", "surrogateescape").splitlines():
        fields = line.split(" ")
        if len(fields) > 6 and fields[4] == "/":
            if fields[6].startswith("shared:"):
                return ()
            text = '"/" is not a shared mount, this could cause issues or missing mounts with rootless containers'
            return (Diagnostic(Level.WARNING, text),)
    return ()


def not_reexecuted(error: HostError) -> Problem:
    """The process could not be re-executed: what podman says depends on how far that came."""
    problem = Refused(_not_reexecuted(error), error.subject, cause=error)
    if error.call == "clone" and error.errno in {errno.ENOSPC, errno.EPERM, errno.EINVAL}:
        return problem.hinting("user namespaces must be enabled: look at user.max_user_namespaces")
    return problem


def status_invalid(problem: Problem) -> Problem:
    """The same as Podman's command tells it, in its log, once the runtime is there; it ends with status 1."""
    text = 'invalid internal status, try resetting the pause process with "podman system migrate"'
    return replace(problem.wrapped(text), exit_status=1)


def _not_reexecuted(error: HostError) -> str:
    match error.call:
        case "" | "socketpair":
            return error.reason
        case "getwd":
            return f"error getting current working directory: {c_text(error.errno)}"
        case "newuidmap" | "newgidmap":
            return f"cannot setup namespace using {error.call}: {error.reason}"
        case "setup":
            # Without a cause podman takes it for a success, and goes on unprivileged.
            return f"error setting up the process{error.text and ': '}{error.text}"
        case "wait":
            return "error waiting for the re-exec process"
        case _:
            return _not_mapped(error)


def _not_mapped(error: HostError) -> str:
    if error.subject.endswith("/setgroups"):
        return f"cannot write setgroups file: {error.message}"
    if error.subject.endswith(("/uid_map", "/gid_map")):
        return f"cannot write {error.subject[-len('uid_map') :]}: {error.message}"
    return "cannot re-exec process"


def telling_switches(problem: Problem) -> tuple[str, ...]:
    """The files of the kernel that tell why there is no namespace: none where it failed for something else."""
    return _SWITCHES if problem.cause and problem.cause.call == "clone" else ()


def not_cloned(problem: Problem, switches: tuple[tuple[str, bytes], ...]) -> tuple[Diagnostic, ...]:
    """What podman prints where no namespace could be made: the errno, and which of the kernel's switches are off.

    ``switches`` are paths and contents, which are empty where there is no such file.
    """
    if not problem.cause or not switches:
        return ()
    off = (f"user namespaces are not enabled in {path}" for path, content in switches if _is_off(content))
    lines = (f"cannot clone: {c_text(problem.cause.errno)}", *off)
    return tuple(Diagnostic(Level.ERROR, line, Stream.STDERR) for line in lines)


def _is_off(content: bytes) -> bool:
    return bool(content) and not leading_number(content.decode("ascii", "replace"))


def c_text(number: int) -> str:
    """C's text of an errno: Go's with its first letter upper case."""
    text = errno_text(number)
    return text[:1].upper() + text[1:]


def leading_number(text: str) -> int:
    """``strtol``: as many digits as there are; 0 without any."""
    stripped = text.lstrip()
    digits = stripped[1:] if stripped[:1] in {"+", "-"} else stripped
    count = next((place for place, one in enumerate(digits) if not "0" <= one <= "9"), len(digits))
    number = int(digits[: min(count, 19)] or "0")
    return -number if stripped[:1] == "-" else number


def parse_pid(content: bytes) -> int | None:
    """The process id in a file of podman's: decimal digits and nothing else, not even a newline."""
    text = content.decode("utf-8", "replace")
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10:
        return None
    return int(text)


_STAY_OUTSIDE: Final = frozenset(("mount", "machine", "search"))


def takes_short_cut(euid: int, runtime_dir: str, words: tuple[str, ...]) -> bool:
    """Whether podman joins a live pause process before anything else; ``words`` are the command's own.

    The test is on any word that is no flag, as in podman's start-up code.
    """
    plain = tuple(word for word in words if not word.startswith("-"))
    if euid == 0 or not runtime_dir or _STAY_OUTSIDE & set(plain):
        return False
    pairs = set(pairwise(plain))
    if pairs & {("container", "mount"), ("image", "mount")}:
        return False
    return not any(first == "system" and second != "service" for first, second in pairs)


def stays_outside(command: str) -> bool:
    """Whether a command makes no new namespace: the one that ends the pause process (podman's ``noMoveProcess``)."""
    return command == "system migrate"


def short_cut_pause_path(runtime_dir: str) -> str:
    """Where the short cut looks for the pause process, whatever the tmp dir is."""
    return f"{runtime_dir}/libpod/tmp/pause.pid"


def namespaces_of(pid: int) -> tuple[str, str]:
    """The files of a process's namespaces that are joined."""
    return (f"/proc/{pid}/ns/user", f"/proc/{pid}/ns/mnt")
