"""Which podman a host has, told without changing it.

``podman --version`` makes directories where it takes itself for rootless (``$XDG_RUNTIME_DIR/libpod``, or
``/tmp/podman-run-UID`` and ``/tmp/containers-user-UID``), so that it is run for a full root alone.  A package's own
changelog tells the version without running anything; it counts for the podman that packages install, no other.
"""

from __future__ import annotations

import zlib
from typing import Final

from returns.result import Failure, Result

from pypod.pure.facts import Identity, ProgramOutput
from pypod.pure.failure import HostError, Problem, Refused

PACKAGED: Final = "/usr/bin/podman"
CHANGELOG: Final = "/usr/share/doc/podman/changelog.Debian.gz"

LINE: Final = "3.4."
"""How the versions of Podman begin whose rules are followed."""

_GZIP: Final = 31
_FIRST_LINE: Final = 4096


def version_in_changelog(packed: Result[bytes, HostError]) -> str:
    """The upstream version of a Debian changelog's first entry: ``libpod (4.3.1+ds1-8+deb12u1) ...`` is 4.3.1.

    Empty where there is none or it is no changelog.
    """
    if isinstance(packed, Failure):
        return ""
    try:
        text = zlib.decompressobj(_GZIP).decompress(packed.unwrap(), _FIRST_LINE)
    except zlib.error:
        return ""
    line = text.partition(b"\n")[0].decode("utf-8", "replace")
    return upstream(line.partition("(")[2].partition(")")[0])


def upstream(version: str) -> str:
    """A package's version without epoch, repackaging and revision: ``1:4.3.1+ds1-8`` is 4.3.1."""
    return version.rpartition(":")[2].partition("-")[0].partition("+")[0].replace("~", "-")


def may_be_run(identity: Identity) -> bool:
    """Whether podman, asked for its version by this user, makes nothing."""
    return identity.euid == 0 and identity.has_sys_admin


def version_printed(output: Result[ProgramOutput, HostError]) -> str:
    """The version in ``podman version 4.3.1``; empty where podman printed no such line."""
    if isinstance(output, Failure):
        return ""
    words = output.unwrap().stdout.decode("utf-8", "replace").split()
    return words[2] if words[:2] == ["podman", "version"] and len(words) > 2 else ""


def another_line(installed: str, *, any_podman: bool) -> Problem | None:
    """Why a host is not changed: its Podman follows other rules.  ``installed`` is empty where it has none."""
    if not installed or installed.startswith(LINE) or any_podman:
        return None
    text = f"the installed Podman is {installed}, not of the {LINE}x line whose rules are followed"
    return Refused(text, hint="--any-podman goes on all the same")
