"""The ``host`` part of what ``podman info`` shows (``libpod/info.go``)."""

from __future__ import annotations

from typing import Any, Final

from pyrsistent import PMap, pmap
from returns.result import Failure, Result, Success

from pypod.pure.conmon.decide import exit_text
from pypod.pure.facts import FileStatus, ProgramOutput
from pypod.pure.failure import HostError

Shown = PMap[str, Any]
BUILDAH_VERSION: Final = "1.23.1"
"""The buildah that podman 3.4.7 is built with."""
SECCOMP_PROFILES: Final = ("/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json")
OS_RELEASE: Final = "/etc/os-release"
UNKNOWN: Final = "Unknown"

_ARCHITECTURES: Final = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv6l": "arm",
    "armv7l": "arm",
    "i386": "386",
    "i686": "386",
}


def go_architecture(machine: str) -> str:
    """Go's name of a machine; where the kernel's is no other, that one."""
    return _ARCHITECTURES.get(machine, machine)


def package_queries(path: str) -> tuple[tuple[str, ...], ...]:
    """The commands that are asked which package a program is from, in turn."""
    return (
        ("/usr/bin/rpm", "-q", "-f", path),
        ("/usr/bin/dpkg", "-S", path),
        ("/usr/bin/pacman", "-Qo", path),
        ("/usr/bin/qfile", "-qv", path),
        ("/usr/bin/equery", "b", path),
    )


def package_named(answer: Result[ProgramOutput, HostError]) -> str:
    """The package that a query named; empty where it did not."""
    text = _output(answer).value_or("").strip("\n")
    return "" if text == UNKNOWN else text


def _output(answer: Result[ProgramOutput, HostError]) -> Result[str, str]:
    if isinstance(answer, Failure):
        error: HostError = answer.failure()
        return Failure(error.message)
    output = answer.unwrap()
    ended = exit_text(output)
    if ended:
        return Failure(ended)
    return Success(output.stdout.decode("utf-8", "replace"))


def program_version(path: str, answer: Result[ProgramOutput, HostError]) -> Result[str, str]:
    """What ``--version`` printed, without its last newline; the failure in the words of podman's ``ExecCmd``."""
    said = answer.map(lambda output: (output.stderr + b" " + output.stdout).decode("utf-8", "replace")).value_or(" ")
    shown = _output(answer).map(lambda text: text.removesuffix("\n"))
    return shown.alt(lambda why: f"`{path} --version` failed: {said} ({why})")


def no_runtime_info(name: str, why: str) -> str:
    """What is said when the runtime does not tell its version; conmon is not shown either then."""
    return f"Error getting info on OCI runtime {name}: error getting version of OCI runtime {name}: {why}"


def program(**shown: str) -> Shown:
    """A program as it is shown."""
    return pmap(shown)


def distribution(content: Result[bytes, HostError]) -> Shown:
    """The distribution by ``/etc/os-release``; the last line of a kind counts."""
    if isinstance(content, Failure):
        return pmap({"distribution": "unknown", "version": "unknown"})
    found: dict[str, Any] = {"distribution": "", "version": ""}
    for line in content.unwrap().decode("utf-8", "replace").splitlines():
        key, equals, value = line.partition("=")
        if key == "ID" and equals:
            found["distribution"] = value
        named = {"VARIANT_ID": "variant", "VERSION_ID": "version", "VERSION_CODENAME": "codename"}.get(key)
        if named and equals:
            found[named] = value.strip('"')
    return pmap(found)


def id_map(content: bytes) -> tuple[Shown, ...]:
    """A file such as ``/proc/self/uid_map``."""
    rows = (line.split() for line in content.decode("utf-8", "replace").splitlines())
    names = ("container_id", "host_id", "size")
    return tuple(
        pmap({name: int(number) for name, number in zip(names, row, strict=True)})
        for row in rows
        if len(row) == len(names) and all(number.isdecimal() for number in row)
    )


def seccomp_profile(configured: str, present: tuple[Result[FileStatus, HostError], ...]) -> str:
    """The seccomp profile: the configured one, else the first file that there is."""
    if configured:
        return configured
    there = (path for path, status in zip(SECCOMP_PROFILES, present, strict=True) if isinstance(status, Success))
    return next(there, "")


def remote_socket(runtime_dir: str) -> str:
    """Where the API's socket would be."""
    return f"{runtime_dir or '/run'}/podman/podman.sock"


def counted(states: tuple[int, ...]) -> Shown:
    """Containers by state: what neither runs nor is paused counts as stopped."""
    running, paused = states.count(3), states.count(5)
    stopped = len(states) - running - paused
    return pmap({"number": len(states), "paused": paused, "running": running, "stopped": stopped})


def graph_option(text: str) -> tuple[str, str]:
    """A driver option's key and value."""
    key, _, value = text.partition("=")
    return key, value


def is_mount_program(key: str) -> bool:
    """Whether an option names a program, which is shown with its version."""
    return key.endswith("mount_program")
