"""Whether systemd can be asked to manage cgroups (podman's ``CheckCgroupsAndAdjustConfig``)."""

from __future__ import annotations

from typing import Final

from pypod.pure.facts import Diagnostic, Level
from pypod.pure.surroundings.facts import Surroundings

FALLBACK: Final = "cgroupfs"
_PREFIX: Final = "unix:path="


def needs_session(around: Surroundings, manager: str) -> bool:
    """Whether the manager only works within a user session: systemd's, rootless."""
    return around.unshared and manager == "systemd"


def session_socket(address: str) -> str | None:
    """The socket that a bus address names: the first part, between commas, of the form ``unix:path=``.  ``None`` where
    there is none, and the session then counts as there.
    """
    return next((part.removeprefix(_PREFIX) for part in address.split(",") if part.startswith(_PREFIX)), None)


def fallback_said(uid: int) -> tuple[Diagnostic, ...]:
    """What is said where there is no session and cgroupfs is used instead."""
    return tuple(
        Diagnostic(Level.WARNING, text)
        for text in (
            "The cgroupv2 manager is set to systemd but there is no systemd user session available",
            "For using systemd, you may need to login using an user session",
            f"Alternatively, you can enable lingering with: `loginctl enable-linger {uid}` (possibly as root)",
            "Falling back to --cgroup-manager=cgroupfs",
        )
    )
